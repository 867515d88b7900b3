"""A robot that waits for its name: what the service receives, before the word and after it."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

from called_robot import spoken
from helpers import (
    PATIENT_LIVE,
    PATIENT_ROUTE,
    SPEECH,
    Microphone,
    journal,
    said,
    words,
    write_config,
)

from actors.lib.audio.pcm import to_pcm
from benchmarks.wake import trimmed
from pipeline.frames import ListenPhase, ListenStatus, Playback, PlaybackState
from pipeline.testing import RunningPipeline, running

SILENCE = bytes(2 * 16_000)
CALLED = to_pcm(trimmed(spoken("Hey Jarvis!")))


def config(folder: Path) -> Path:
    heard = {"inputs": {"audio": "wake.audio"}}
    wake = {
        "use": "wake",
        "inputs": {
            "audio": "microphone.audio",
            "far_end": "speaker.far_end",
            "speech": "vad.speech",
            "playback": "speaker.playback",
            "turns": "supervisor.turns",
        },
        "options": {"follow_up_s": 1.5},
    }
    changes: dict[str, Any] = {
        "route": PATIENT_ROUTE,
        "actors": {
            "wake": wake,
            "vad": {"inputs": {"audio": "wake.audio", "listening": "wake.listening"}},
            "live": {**heard, "options": PATIENT_LIVE},
            "http": heard,
            "device": heard,
            "speaker": {"inputs": {"voice": "wake.voice", "listening": "wake.listening"}},
        },
    }
    return write_config(folder, changes)


def becomes(pipeline: RunningPipeline, *phases: ListenPhase, after: int = 0) -> int:
    """Wait until the gate is so; return the number of the frame that says it."""
    frame = pipeline.frame(
        "wake",
        "listening",
        lambda f: isinstance(f, ListenStatus) and f.phase in phases and f.seq >= after,
    )
    return frame.seq


def listen(pipeline: RunningPipeline, *what: str) -> str:
    """What `greenroom listen` prints."""
    command = [Path(sys.executable).parent / "greenroom", "listen", *what]
    return subprocess.run(
        [*command, "--pipeline", pipeline.runtime_dir], capture_output=True, text=True, check=True
    ).stdout


def seconds_of(*names: str) -> float:
    total = 0.0
    for name in names:
        with wave.open(str(SPEECH / name)) as file:
            total += file.getnframes() / file.getframerate()
    return total


def test_nothing_is_sent_before_the_word_and_all_of_the_conversation_after_it(
    tmp_path: Path,
) -> None:
    ears = {b"\x01@wake:audio"}
    with (
        running(config(tmp_path), "--external", "microphone", cwd=tmp_path) as pipeline,
        Microphone(pipeline, ears) as microphone,
    ):
        microphone.send(said("numbers.wav"), 0)
        assert listen(pipeline) == "wake_word: asleep, does not listen\n"
        microphone.send(CALLED + said("austen-0870.wav"), 0)
        pipeline.frame(
            "speaker",
            "playback",
            lambda f: isinstance(f, Playback) and f.state is PlaybackState.STARTED,
        )
        # Barge-in, without the word.
        microphone.send(said("cards-003.wav"), 0)
        pipeline.until(lambda s: sum(s.turns_closed.values()) == 2, "a second turn")
        asleep = becomes(pipeline, ListenPhase.EXPIRED, ListenPhase.ASLEEP, after=2)
        microphone.send(said("numbers.wav"), 0)
        microphone.send(SILENCE, 0)
        assert listen(pipeline, "always") == "always: open, listens\n"
        becomes(pipeline, ListenPhase.OPEN, after=asleep)
        microphone.send(said("goforward.wav"), 0)
        status = pipeline.until(lambda s: sum(s.turns_closed.values()) == 3, "a third turn")
        seen = journal(pipeline)["sessions"]
    assert status.turns_closed == {"interrupted": 1, "answered": 2}
    heard = [words(turn["heard"]) for session in seen for turn in session["turns"]]
    assert "leisure to consider" in heard[0]
    assert heard[1:] == ["seven of clubs", "go forward ten meters"]
    # Each comes at once with the 2 s of silence after it, and of the word a second at most.
    sent_s = sum(session["audio_ms"] for session in seen) / 1000
    named_s = seconds_of("austen-0870.wav", "cards-003.wav", "goforward.wav")
    assert named_s * 0.7 < sent_s < named_s + 3 * 2 + 1
