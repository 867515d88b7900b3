"""A function whose result comes when the one that asked for it has been killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from helpers import counter, journal, playing, verdict, write_config

from pipeline.frames import Frame, Outcome, TurnClosed, is_unasked
from pipeline.testing import running

TOOL = '''
"""A robot whose wheels turn when they are let."""


def move(direction: str, distance_m: float) -> dict[str, float]:
    """Move the robot.

    Args:
        direction: forward, back, left or right.
        distance_m: How far, in metres.
    """
    with open({path!r}) as way:
        return {{"moved_m": float(way.read())}}
'''


def is_told(frame: Frame) -> bool:
    return isinstance(frame, TurnClosed) and is_unasked(frame.turn)


def test_f29_result_that_comes_after_live_was_killed_is_told_once(tmp_path: Path) -> None:
    path, module = tmp_path / "way", tmp_path / "wheels.py"
    os.mkfifo(path)
    module.write_text(TOOL.format(path=str(path)))
    actors = {
        "microphone": playing("goforward.wav", "cards-001.wav", gap_s=6.0, tail_s=60.0),
        "simulator": {"options": {"playback_speed": 20.0}},
        "live": {"options": {"tool_behavior": "non_blocking"}},
        "tools": {"options": {"functions": [f"{module}:move"], "timeout_s": 60.0}},
    }
    with running(write_config(tmp_path, {"actors": actors}), cwd=tmp_path) as pipeline:
        first, second = verdict(pipeline, 0), verdict(pipeline, 1)
        pid = pipeline.kill("live", signal.SIGKILL)
        pipeline.until(
            lambda s: any(
                a.actor == "live" and a.phase == "running" and a.pid != pid for a in s.actors
            ),
            "its return",
        )
        path.write_text("10")
        told = pipeline.frame("supervisor", "turns", is_told)
        pipeline.until(lambda s: counter(s, "tools", "results.ok") == 1, "word of the tools")
        asked = [text for session in journal(pipeline)["sessions"] for text in session["texts"]]
    assert [first.outcome, second.outcome] == [Outcome.INTERRUPTED, Outcome.ANSWERED]
    assert isinstance(told, TurnClosed)
    assert (told.outcome, told.by) == (Outcome.ANSWERED, "live"), pipeline.output
    (text,) = asked
    assert '"moved_m": 10.0' in text
