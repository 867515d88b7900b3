"""F1, with real processes: Live runs out of quota in mid-sentence, the device carries it out."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path
from typing import Any

import yaml

from actors.lib.speech.numbers import words
from actors.lib.speech.recognizer import MoonshineRecognizer
from pipeline.testing import running

ROOT = Path(__file__).parents[3]


def config(folder: Path) -> Path:
    actors: dict[str, Any] = {
        "simulator": {"options": {"scenario": "f01_quota_mid_speech"}},
        "microphone": {"options": {"files": [str(ROOT / "tests" / "speech" / "goforward.wav")]}},
        "tools": {"inputs": {"calls": ["live.tool_calls", "device.tool_calls"]}},
        "device": {
            "use": "device",
            "inputs": {
                "audio": "microphone.audio",
                "speech": "vad.speech",
                "transcript": "live.transcript",
                "answers": "live.answer",
                "playback": "speaker.playback",
                "route": "supervisor.route",
                "turns": "supervisor.turns",
                "offer": "tools.offer",
                "results": "tools.results",
                "backends": ["live.status", "live.faults"],
            },
        },
        "speaker": {
            "inputs": {
                "audio": ["live.audio", "device.audio"],
                "answer": ["live.answer", "device.answer"],
            },
            "options": {"path": str(folder / "answer.wav")},
        },
    }
    path = folder / "test.yaml"
    tree = {
        "extends": str(ROOT / "configs" / "demo.yaml"),
        "name": "device_test",
        "route": {"backends": ["live", "device"]},
        "actors": actors,
    }
    path.write_text(yaml.safe_dump(tree))
    return path


async def recognise(path: Path) -> str:
    recognizer = MoonshineRecognizer()
    with wave.open(str(path)) as file:
        pcm, rate_hz = file.readframes(-1), file.getframerate()
    try:
        await recognizer.start()
        return await recognizer.hear(pcm, rate_hz)
    finally:
        await recognizer.stop()


def test_quota_in_mid_sentence_and_the_device_carries_out_that_sentence(tmp_path: Path) -> None:
    with running(config(tmp_path)) as pipeline:
        assert pipeline.wait() == 0
    assert pipeline.output.count("speech models loaded") == 1
    assert pipeline.output.count("tool called") == 1
    said = words(asyncio.run(recognise(tmp_path / "answer.wav")))
    assert said == ["done", "move", "forward", "ten", "meters"]
