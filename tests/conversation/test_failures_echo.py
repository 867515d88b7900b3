"""The robot hears itself: what it says comes back through the microphone, as loud as it was."""

from __future__ import annotations

from pathlib import Path

from helpers import PATIENT_LIVE, PATIENT_ROUTE, SPEECH, counter, verdict, write_config

from pipeline.frames import Outcome
from pipeline.testing import running

ROOM = Path(__file__).parent / "echoing_room.py"


def config(folder: Path, mode: str) -> Path:
    """The demo in a room, with what the robot does about echo and about coughs."""
    heard = {"inputs": {"audio": "echo.audio"}}
    actors = {
        "microphone": {
            "use": f"{ROOM}:Room",
            "inputs": {"far_end": "speaker.far_end", "turns": None, "playback": None},
            "options": {"path": str(SPEECH / "cards-001.wav")},
        },
        "echo": {
            "use": "echo",
            "inputs": {"audio": "microphone.audio", "far_end": "speaker.far_end"},
            "options": {"mode": mode},
        },
        "simulator": {"options": {"scenario": "f14_echo_of_answer"}},
        "vad": {"inputs": {"audio": "echo.audio", "playback": "speaker.playback"}},
        "live": {**heard, "options": PATIENT_LIVE},
        "http": heard,
        "device": heard,
        "speaker": {"inputs": {"voice": "vad.voice"}},
    }
    return write_config(folder, {"actors": actors, "route": PATIENT_ROUTE})


def test_the_robot_hears_its_own_answer_and_does_not_interrupt_itself_f14(tmp_path: Path) -> None:
    with running(config(tmp_path, "aec"), cwd=tmp_path) as pipeline:
        closed = verdict(pipeline, 0)
        status = pipeline.until(lambda s: s.turns_closed == {"answered": 1}, "the account")
    assert (closed.outcome, closed.by) == (Outcome.ANSWERED, "live"), pipeline.output
    assert (status.turns_open, counter(status, "vad", "turns")) == (0, 1)


def test_without_cancellation_its_own_answer_interrupts_it_f14(tmp_path: Path) -> None:
    with running(config(tmp_path, "off"), cwd=tmp_path) as pipeline:
        assert verdict(pipeline, 0).outcome is Outcome.INTERRUPTED
