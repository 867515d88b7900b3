"""A supervisor that is killed and started anew, and tools that hang or are not wanted any more."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from helpers import counter, journal, playing, read_journal, verdict, words, write_config

from actors.backends.realtime.context_seed import HANDLE
from pipeline.frames import Outcome, Playback, Status, ToolStatus
from pipeline.testing import RunningPipeline, running
from pipeline.testing.together import PATIENCE_S

GREENROOM = Path(sys.executable).parent / "greenroom"

TOOL = '''
"""A robot whose wheels are stuck."""
import threading


def move(direction: str, distance_m: float) -> None:
    """Move the robot.

    Args:
        direction: forward, back, left or right.
        distance_m: How far, in metres.
    """
    with open({log!r}, "a") as file:
        file.write("moving\\n")
    threading.Event().wait()
'''


@contextmanager
def gemini() -> Iterator[tuple[str, str]]:
    """A simulator that belongs to no pipeline: its certificate file and its address."""
    with subprocess.Popen([GREENROOM, "simulate"], stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            ca_file, base_url = (
                serving.stdout.readline().split("=", 1)[1].strip() for _ in range(2)
            )
            yield ca_file, base_url
        finally:
            serving.terminate()


def killed_and_started_anew(
    folder: Path,
    server: tuple[str, str],
    live: dict[str, Any],
    until: Callable[[RunningPipeline], object],
) -> None:
    """Two runs with a question each; the first is killed then."""
    ca_file, base_url = server
    env = {"GEMINI_API_KEY": "any-key-will-do", "XDG_STATE_HOME": str(folder / "state")}
    options = {"server_file": None, "ca_file": ca_file, "base_url": base_url}

    def config(recording: str) -> Path:
        actors = {
            "simulator": None,
            "microphone": playing(recording, tail_s=600),
            "live": {"after": [], "options": {**options, **live}},
            "http": {"after": [], "options": options},
        }
        return write_config(folder, {"actors": actors})

    with running(config("cards-001.wav"), env=env, cwd=folder) as pipeline:
        until(pipeline)
        family = pipeline.processes()
        os.kill(pipeline.process.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(family, timeout=10)
        assert not alive
    with running(config("cards-003.wav"), env=env, cwd=folder) as pipeline:
        second = verdict(pipeline, 0)
    assert (second.by, words(second.said)) == ("live", "seven of clubs"), pipeline.output


def answered(pipeline: RunningPipeline) -> None:
    """Wait for the end of the first turn."""
    first = verdict(pipeline, 0)
    assert (first.by, words(first.said)) == ("live", "ten of clubs"), pipeline.output


def answering(pipeline: RunningPipeline) -> None:
    """Wait until the first answer is heard."""
    pipeline.frame("speaker", "playback", lambda frame: isinstance(frame, Playback))


def kept_by_live(folder: Path, key: str) -> Any:
    """What `live` has on the disk of its session under this key; None: nothing."""
    (path,) = folder.glob("state/**/live.sqlite3")
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute("SELECT value FROM rows WHERE key = ?", (key,)).fetchall()
    return json.loads(rows[0][0]) if rows else None


def test_a_run_after_the_supervisor_was_killed_resumes_the_services_session_f19(
    tmp_path: Path,
) -> None:
    def handle_of_after_the_answer(pipeline: RunningPipeline) -> None:
        answered(pipeline)
        deadline_s = time.monotonic() + PATIENCE_S
        while kept_by_live(tmp_path, HANDLE) is None:
            assert time.monotonic() < deadline_s, "the service gave no handle"
            time.sleep(0.01)

    with gemini() as server:
        killed_and_started_anew(tmp_path, server, {}, handle_of_after_the_answer)
        before, after = read_journal(*server)["sessions"]
    assert after["resumed_from"] in before["handles"]


TALK = [("user", "ten of clubs"), ("model", "you said ten of clubs")]


@pytest.mark.parametrize(("until", "least"), [(answered, TALK), (answering, TALK[:1])])
def test_a_run_after_the_supervisor_was_killed_knows_what_was_said_without_a_handle_f19(
    tmp_path: Path, until: Callable[[RunningPipeline], object], least: list[tuple[str, str]]
) -> None:
    with gemini() as server:
        killed_and_started_anew(tmp_path, server, {"resumption": False}, until)
        _, after = read_journal(*server)["sessions"]
    assert not after["resumed_from"]
    told = [(each["role"], words(each["text"])) for each in after["history"]]
    assert told[: len(least)] == least


def stuck(folder: Path, *recordings: Any, live: dict[str, Any], **options: Any) -> Path:
    """The demo with a tool that never returns."""
    (folder / "stuck.py").write_text(TOOL.format(log=str(folder / "moved.log")))
    actors = {
        "microphone": playing("goforward.wav", *recordings, gap_s=3.0, tail_s=600),
        "simulator": {"options": {"scenario": "f15_tool_call_pending"}},
        "tools": {"options": {"functions": ["stuck.py:move"], **options}},
        "live": {"options": live},
    }
    return write_config(folder, {"actors": actors})


def results(pipeline: RunningPipeline) -> dict[str, int]:
    """Results that the tools have given, by status, once there is one."""
    status = pipeline.until(lambda s: any(_results(s).values()), "a result")
    return _results(status)


def _results(status: Status) -> dict[str, int]:
    found = {each: counter(status, "tools", f"results.{each}") for each in ToolStatus}
    return {str(each): count for each, count in found.items() if count}


def test_a_tool_that_hangs_is_answered_for_once_and_the_person_hears_of_it_f15(
    tmp_path: Path,
) -> None:
    config = stuck(tmp_path, live={}, timeout_s=1.0)
    with running(config, cwd=tmp_path) as pipeline:
        closed = verdict(pipeline, 0)
        found = results(pipeline)
        calls = journal(pipeline)["sessions"][0]["tool_calls"]
    assert (closed.outcome, closed.by) == (Outcome.ANSWERED, "live"), pipeline.output
    assert found == {"timeout": 1}
    assert [each["outcome"] for each in calls] == ["answered"]
    assert (tmp_path / "moved.log").read_text() == "moving\n"


def test_a_call_that_the_user_speaks_over_is_cancelled_once_and_the_next_turn_answered_f15(
    tmp_path: Path,
) -> None:
    config = stuck(
        tmp_path, "cards-003.wav", live={"tool_behavior": "non_blocking"}, timeout_s=60.0
    )
    with running(config, cwd=tmp_path) as pipeline:
        first, second = verdict(pipeline, 0), verdict(pipeline, 1)
        found = results(pipeline)
        calls = journal(pipeline)["sessions"][0]["tool_calls"]
    assert [first.outcome, second.outcome] == [Outcome.INTERRUPTED, Outcome.ANSWERED]
    assert words(second.said) == "seven of clubs"
    assert found == {"cancelled": 1}
    assert [each["outcome"] for each in calls] == ["cancelled"]
    assert (tmp_path / "moved.log").read_text() == "moving\n"


def test_words_that_come_after_the_answer_stand_before_it_f16(tmp_path: Path) -> None:
    second = {"path": "cards-001.wav", "start": "after_answer", "delay_s": 0.5}
    actors = {
        "microphone": playing("cards-003.wav", second, tail_s=6),
        "simulator": {"options": {"scenario": "f16_late_transcript"}},
    }
    with running(write_config(tmp_path, {"actors": actors}), cwd=tmp_path) as pipeline:
        assert pipeline.wait() == 0
    printed = re.findall(r"^(you|gemini): (.*)$", pipeline.output, re.MULTILINE)
    assert [(side, words(text)) for side, text in printed] == [
        ("you", "seven of clubs"),
        ("gemini", "you said seven of clubs"),
        ("you", "ten of clubs"),
        ("gemini", "you said ten of clubs"),
    ]
