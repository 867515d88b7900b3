"""Several people on one pipeline: each has answers of their own, and a route."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import yaml
from helpers import Microphone, collect, journal, said

from pipeline.frames import Frame, Route, Status, TurnClosed
from pipeline.testing import RunningPipeline, running

CALLERS = ("anna", "bert", "carl")
LISTENERS = {b"\x01@vad:audio", b"\x01@live:audio", b"\x01@http:audio"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Ears and two backends, without a player; a word of the scenario ends the quota."""
    scenario = tmp_path / "scenario.yaml"
    quota = {"when": {"heard": "seven"}, "do": [{"close": "quota"}]}
    scenario.write_text(yaml.safe_dump({"rules": [quota]}))
    audio = {"audio": "microphone.audio", "speech": "vad.speech"}
    supervisor = {"route": "supervisor.route", "turns": "supervisor.turns"}
    inputs = {**audio, **supervisor}
    options = {"server_file": "simulator.json"}
    backend = {"after": ["simulator"], "inputs": inputs, "options": options}
    actors = {
        "simulator": {"use": "simulator", "options": {"scenario": str(scenario)}},
        "microphone": {"use": "microphone"},
        "vad": {"use": "vad", "inputs": {"audio": "microphone.audio"}},
        "live": {"use": "live", **backend},
        "http": {"use": "http", **backend},
    }
    path = tmp_path / "callers.yaml"
    path.write_text(
        yaml.safe_dump(
            {"name": "callers", "route": {"backends": ["live", "http"]}, "actors": actors}
        )
    )
    return path


def closed(pipeline: RunningPipeline, count: int) -> list[TurnClosed]:
    """The first so many turns that were closed."""
    pipeline.until(lambda s: sum(s.turns_closed.values()) >= count, f"{count} turns")
    frames = collect(pipeline, "supervisor", "turns", lambda frame: frame.seq == count - 1)
    return [frame for frame in frames if isinstance(frame, TurnClosed)]


def by(turns: list[TurnClosed]) -> dict[str, str]:
    """Who answered each session."""
    return {turn.session: f"{turn.outcome} by {turn.by}" for turn in turns}


def is_back(status: Status) -> bool:
    """Live was restarted and has the connections of before: it was told by its checkpoint."""
    (live,) = (each for each in status.actors if each.actor == "live")
    connected = live.health.gauges.get("connected") if live.health else 0
    return live.restarts == 1 and connected == len(CALLERS) + 1


def test_each_caller_is_answered_over_a_crash_and_all_move_when_the_quota_is_used_up(
    config: Path,
) -> None:
    question = said("cards-001.wav")
    with (
        running(config, "--external", "microphone") as pipeline,
        Microphone(pipeline, LISTENERS) as microphone,
    ):
        for caller in CALLERS:
            microphone.send(question, 0, caller)
        first = closed(pipeline, 3)
        assert by(first) == dict.fromkeys(CALLERS, "answered by live")
        assert len(journal(pipeline)["sessions"]) == 4, "the config's own session is connected too"

        pipeline.kill("live", signal.SIGKILL)
        pipeline.until(is_back, "every connection")
        for caller in CALLERS:
            microphone.send(question, 0, caller)
        second = closed(pipeline, 6)[3:]
        assert by(second) == dict.fromkeys(CALLERS, "answered by live")

        # What one says is the end of the quota of all.
        microphone.send(said("cards-003.wav"), 0, "anna")
        third = closed(pipeline, 7)[6:]
        assert by(third) == {"anna": "answered by http"}
        for caller in CALLERS[1:]:
            microphone.send(question, 0, caller)
        others = closed(pipeline, 9)[7:]
        assert by(others) == dict.fromkeys(CALLERS[1:], "answered by http")

        def is_last(frame: Frame) -> bool:
            routes.append(frame)
            return {f.session for f in routes} >= {"local", *CALLERS}

        routes: list[Frame] = []
        collect(pipeline, "supervisor", "route", is_last)
        assert {f.owner for f in routes if isinstance(f, Route)} == {"http"}
        assert pipeline.status().turns_closed == {"answered": 9}
