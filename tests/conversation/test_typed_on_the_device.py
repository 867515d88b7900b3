"""What is typed is answered by the device alone: no network, no ears, no other backend."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from helpers import SPEECH, verdict

from actors.lib.languages.phrases import table_of
from actors.lib.speech.sentences import sentences
from benchmarks.language_talk import ALIKE, heard_of
from pipeline.frames import Status
from pipeline.testing import running

ACTORS = {
    "microphone": {"use": "recording", "options": {"files": [str(SPEECH / "goforward.wav")]}},
    "vad": {"use": "vad", "inputs": {"audio": "microphone.audio"}},
    "console": {"use": "console"},
    "device": {
        "use": "device",
        "inputs": {
            "audio": "microphone.audio",
            "speech": "vad.speech",
            "text": "console.text",
            "playback": "speaker.playback",
            "route": "supervisor.route",
            "turns": "supervisor.turns",
        },
    },
    "speaker": {
        "use": "wav_sink",
        "inputs": {
            "audio": "device.audio",
            "answer": "device.answer",
            "route": "supervisor.route",
            "turns": "supervisor.turns",
        },
        "options": {"path": "answer.wav"},
    },
}


OUTSIDE = ("--external", "console", "--external", "microphone")
"""Nobody speaks."""


def is_there(status: Status) -> bool:
    return all(each.phase in ("running", "external") for each in status.actors)


@pytest.mark.parametrize(
    ("language", "asked"),
    [
        ("de-DE", "Wer bist du?"),
        pytest.param("ja", "あなたは誰ですか", marks=pytest.mark.slow),
    ],
)
def test_what_is_injected_is_answered_in_its_language_and_aloud(
    tmp_path: Path, language: str, asked: str
) -> None:
    typed, config = tmp_path / "typed.txt", tmp_path / "typed.yaml"
    typed.write_text(f"{asked}\n", encoding="utf-8")
    tree = {"language": language, "route": {"backends": ["device"]}, "actors": ACTORS}
    config.write_text(yaml.safe_dump({"name": "typed", **tree}))
    with running(config, *OUTSIDE, cwd=tmp_path) as pipeline:
        pipeline.until(is_there, "the device")
        command = [sys.executable, "-m", "actors.cli", "inject", "console.text", str(typed)]
        subprocess.run([*command, "-p", str(pipeline.runtime_dir)], check=True, timeout=60)
        turn = verdict(pipeline, 0)
    answer = table_of(language).say("who")
    assert (turn.outcome, turn.by) == ("answered", "device")
    assert f"gemini: {answer.written}" in pipeline.output
    heard = heard_of(sentences(answer.spoken, language), language, tmp_path / "answer.wav")
    assert min(heard.values()) > ALIKE
