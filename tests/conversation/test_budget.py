"""A budget is used up in the middle of a conversation, and the conversation goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from helpers import Microphone, journal, playing, said, verdict, write_config

from pipeline.cli.running import listening
from pipeline.frames import Outcome, Status, Usage
from pipeline.frames.wire import decode
from pipeline.testing import RunningPipeline, running

SECOND = {"path": "cards-001.wav", "start": "after_answer", "delay_s": 1.0}
TINY: dict[str, Any] = {"limits": [{"per": "day", "money": 0.0001, "backends": ["live"]}]}
"""Less than any answer costs."""


def config(folder: Path, *recordings: object, **options: Any) -> Path:
    actors = {"microphone": playing(*recordings), "budget": {"options": options}}
    return write_config(folder, {"state_dir": str(folder / "state"), "actors": actors})


def answered(count: int) -> Any:
    return lambda status: status.turns_closed.get("answered") == count


def money(status: Status, *backends: str) -> float:
    """What these have cost today."""
    assert status.spending is not None
    spent = status.spending.day_backends
    return sum(spent[name].money for name in backends if name in spent)


def shown(pipeline: RunningPipeline) -> str:
    """What `greenroom status` prints."""
    command = [str(Path(sys.executable).parent / "greenroom"), "status", "--pipeline"]
    done = subprocess.run(
        [*command, str(pipeline.runtime_dir)], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_budget_used_up_hands_the_next_turn_on_and_lasts_for_the_day_f24(tmp_path: Path) -> None:
    with running(config(tmp_path, "goforward.wav", SECOND, **TINY), cwd=tmp_path) as pipeline:
        first = verdict(pipeline, 0)
        status = pipeline.until(lambda s: money(s, "http") > 0, "the cost of the second answer")
        line = shown(pipeline)
        second = verdict(pipeline, 1)
        assert pipeline.wait() == 0
    output = pipeline.output
    assert (first.outcome, first.by) == (Outcome.ANSWERED, "live"), output
    assert (second.outcome, second.by) == (Outcome.ANSWERED, "http"), output
    assert status.spending is not None
    (use,) = status.spending.limits
    assert use.used == money(status, "live") > use.limit
    assert status.route is not None
    assert status.route.reason.startswith("live: budget of the day used up: 0.0")
    assert "of 0.0001 USD a day" in " ".join(line.split())
    assert "http answers from now on" in output
    assert "cost: 0.0" in output, "also at the end of the run"
    assert "error" not in output

    # The same day, and a pipeline that has just been started.
    with running(config(tmp_path, "goforward.wav", SECOND, **TINY), cwd=tmp_path) as pipeline:
        again = pipeline.until(answered(1), "an answer")
        pipeline.until(answered(2), "another")
        sessions = journal(pipeline)["sessions"]
        verdicts = [verdict(pipeline, index) for index in range(2)]
    assert {each.by for each in verdicts} <= {"http", "device"}, pipeline.output
    assert sum(len(session["turns"]) for session in sessions) == 0, "Live was asked nothing"
    assert sum(session["audio_ms"] for session in sessions) == 0, "Live was told nothing"
    assert again.spending is not None
    assert money(again, "live") == money(status, "live"), "the day's count is that of before"
    assert "live" not in again.spending.session_backends


def reports(pipeline: RunningPipeline) -> dict[int, Usage]:
    """What Live has reported of its use in the last 30 s, by number."""
    found = {}
    with listening(pipeline.runtime_dir, "live", "usage") as listener:
        while not listener.has_all("live", "usage"):
            for taken in listener.receive():
                frame = decode(taken.payload)
                assert isinstance(frame, Usage)
                found[frame.seq] = frame
    return found


def test_a_budget_killed_in_the_middle_counts_every_answer_once_f24(tmp_path: Path) -> None:
    never = {"path": "cards-003.wav", "start": "after_answer", "delay_s": 600.0}
    with running(config(tmp_path, "goforward.wav", SECOND, never), cwd=tmp_path) as pipeline:
        pipeline.until(answered(1), "an answer")
        used = reports(pipeline)
        pid = pipeline.kill("budget", signal.SIGKILL)
        pipeline.until(
            lambda s: all(a.phase == "running" and a.pid != pid for a in s.actors), "its return"
        )
        pipeline.until(answered(2), "another answer")
        used.update(reports(pipeline))
        assert sorted(used) == list(range(len(used)))
        tokens = sum(frame.total_tokens for frame in used.values())

        def is_counted(status: Status) -> bool:
            spending = status.spending
            return spending is not None and spending.session_total.tokens >= tokens

        status = pipeline.until(is_counted, "every token")
    assert status.spending is not None
    assert status.spending.session_total.tokens == tokens
    assert status.spending.session_total == status.spending.day_total


def test_a_caller_who_has_used_up_a_budget_is_answered_and_let_go_and_the_next_is_served(
    tmp_path: Path,
) -> None:
    limits = [{"per": "caller", "money": 0.0000001}]
    with (
        running(
            config(tmp_path, "goforward.wav", limits=limits), "--external", "microphone"
        ) as pipeline,
        Microphone(pipeline) as microphone,
    ):
        for number, caller in enumerate(("anna", "bert"), 1):
            microphone.send(said("cards-001.wav"), 0, caller)
            pipeline.until(
                lambda s, n=number: s.sessions == 1 and s.turns_closed == {"answered": n},
                f"an answer to {caller}, and the end",
            )
        status = pipeline.status()
    for caller in ("anna", "bert"):
        why = "ended, budget: budget of the caller used up"
        assert f"{caller} session: {why}" in pipeline.output
    assert status.session_counts["opened"] == 2
    assert status.route is not None
    assert status.route.owner == "live", "nobody else is sent to another backend for it"
