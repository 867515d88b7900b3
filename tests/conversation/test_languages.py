"""A conversation that is not in English, from Live to http to the device."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import soxr
import yaml
from helpers import write_config

from actors.lib.languages.phrases import table_of
from actors.lib.speech.voices import spoken_in
from pipeline.frames import Status
from pipeline.testing import running

ASKED = ["مرحبا، كيف الطقس اليوم؟", "هل ستمطر غدا؟", "كم الساعة الآن؟"]
ANSWERS = ["الطقس مشمس اليوم، والحرارة ٣١ درجة.", "نعم، احتمال المطر 70% في Alexandria."]
SILENCE_S = 1.2


def speak(path: Path, text: str) -> None:
    spoken = np.frombuffer(spoken_in(text, "ar"), "<i2").astype(np.float32)
    samples = soxr.resample(spoken, 24_000, 16_000) * 0.6
    silence = np.zeros(int(SILENCE_S * 16_000), np.float32)
    sound = np.concatenate([silence, samples, silence]).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(sound.tobytes())


def scenario(path: Path) -> None:
    """Live answers, then its quota is used up; http answers once, then its quota is, too."""
    quota_when_heard = {"when": {"heard": ASKED[1]}, "times": 1, "do": ["quota"]}
    answer = f"<heard>{ASKED[1]}</heard> {ANSWERS[1]}"
    rules = [
        {"when": {"turn": 1}, "do": [{"say": ANSWERS[0]}]},
        quota_when_heard,
        {"when": {"http": "words"}, "times": 1, "do": [{"say": answer}]},
        {"when": {"http": "words"}, "skip": 1, "do": ["http_quota"]},
    ]
    path.write_text(yaml.safe_dump({"rules": rules}, allow_unicode=True), encoding="utf-8")


def three_answers(status: Status) -> bool:
    return status.turns_closed.get("answered") == 3


def test_arabic_by_live_then_http_then_the_device(tmp_path: Path) -> None:
    for number, text in enumerate(ASKED):
        speak(tmp_path / f"{number}.wav", text)
    scenario(tmp_path / "scenario.yaml")
    simulator = {
        "stt": "script",
        "hears": [ASKED[0], ASKED[1], ASKED[1]],
        "tts": "voices",
        "scenario": "scenario.yaml",
    }
    files = [{"path": f"{number}.wav", "start": "after_answer"} for number in range(3)]
    config = write_config(
        tmp_path,
        {
            "language": "ar-EG",
            "route": {"first_sound_s": 30, "standby_first_sound_s": 30, "stall_s": 30},
            "actors": {
                "microphone": {"options": {"files": files}},
                "simulator": {"options": simulator},
            },
        },
    )
    with running(config, cwd=tmp_path) as pipeline:
        pipeline.until(three_answers, "three answers", patience_s=120)
        assert pipeline.wait() == 0
    lines = [
        line for line in pipeline.output.splitlines() if line.startswith(("you: ", "gemini: "))
    ]
    assert lines == [
        f"you: {ASKED[0]}",
        f"gemini: {ANSWERS[0]}",
        f"you: {ASKED[1]}",
        f"gemini: {ANSWERS[1]}",
        f"gemini: {table_of('ar').say('no_ears').written}",
    ]
    with wave.open(str(tmp_path / "out" / "answer.wav")) as file:
        sound = np.frombuffer(file.readframes(-1), "<i2").astype(float)
    loud = np.abs(sound) > 1000
    assert loud.sum() > 24_000, "three answers were said aloud"
