"""F13 with real processes: a cough during the answer, and then a person who means it."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from room import SPEECH, recording

from actors.lib.audio.pcm import to_pcm
from pipeline.frames import Playback, PlaybackState, Status
from pipeline.testing import running

DEMO = Path(__file__).parents[3] / "configs" / "demo.yaml"
ANSWER = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."


def cough(path: Path) -> Path:
    """A quarter of a second of voice."""
    voice = recording("austen-0890.wav")
    loudest = int(np.argmax(np.convolve(np.abs(voice.astype(float)), np.ones(4_000), "valid")))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(to_pcm(voice[loudest : loudest + 4_000]))
    return path


def write_config(folder: Path, *over_the_answer: dict[str, Any]) -> Path:
    """The demo, with what the robot does about coughs."""
    scenario = folder / "scenario.yaml"
    rules = [{"when": "activity_end", "do": [{"say": ANSWER}]}]
    scenario.write_text(yaml.safe_dump({"rules": rules}))
    files = [str(SPEECH / "goforward.wav"), *over_the_answer]
    actors = {
        "tools": None,
        "http": None,
        "device": None,
        "budget": None,
        "microphone": {"options": {"files": files, "tail_s": 8}},
        "simulator": {"options": {"scenario": str(scenario), "ears": "none"}},
        "vad": {"inputs": {"playback": "speaker.playback"}},
        "live": {"inputs": {"offer": None, "results": None, "transcript": None}},
        "speaker": {
            "inputs": {"audio": "live.audio", "answer": "live.answer", "voice": "vad.voice"},
            "options": {"path": str(folder / "answer.wav")},
        },
    }
    path = folder / "test.yaml"
    tree = {"extends": str(DEMO), "name": "test", "actors": actors}
    path.write_text(yaml.safe_dump({**tree, "route": {"backends": ["live"]}}))
    return path


def counters(status: Status, actor: str) -> dict[str, int]:
    health = next(each.health for each in status.actors if each.actor == actor)
    assert health is not None
    return health.counters


def is_closed(count: int) -> Any:
    return lambda status: sum(status.turns_closed.values()) == count


def test_a_cough_holds_the_answer_which_is_then_heard_to_its_end_f13(tmp_path: Path) -> None:
    sound = {"path": str(cough(tmp_path / "cough.wav")), "start": "during_answer", "delay_s": 1.0}
    with running(write_config(tmp_path, sound), cwd=tmp_path) as pipeline:
        status = pipeline.until(is_closed(1), "the end of the answer")
        ended = pipeline.frame(
            "speaker",
            "playback",
            lambda f: isinstance(f, Playback) and f.state is PlaybackState.FINISHED,
        )
        speaker = pipeline.actor("speaker").health
    assert status.turns_closed == {"answered": 1}
    assert (status.turns_open, counters(status, "vad")["turns"]) == (0, 1)
    assert counters(status, "vad")["voices_dismissed"] == 1
    assert speaker is not None
    assert (speaker.counters["pauses"], speaker.counters["resumed"]) == (1, 1)
    assert isinstance(ended, Playback)
    with wave.open(str(tmp_path / "answer.wav")) as file:
        assert file.getnframes() >= ended.played_samples


def test_a_person_who_means_it_interrupts_f13(tmp_path: Path) -> None:
    sound = {"path": str(SPEECH / "cards-003.wav"), "start": "during_answer", "delay_s": 1.0}
    with running(write_config(tmp_path, sound), cwd=tmp_path) as pipeline:
        status = pipeline.until(is_closed(2), "both turns")
    assert status.turns_closed == {"interrupted": 1, "answered": 1}
    assert counters(status, "vad")["voices_doubted"] == 1
