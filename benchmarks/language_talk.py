"""Conversations that are not in English: what is asked and answered, and a pipeline for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import yaml
from numpy.typing import NDArray

from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples, to_samples
from actors.lib.languages.line import Line
from actors.lib.languages.phrases import table_of
from actors.lib.speech.sentences import sentences
from actors.lib.speech.synthesizer import VOICE_RATE_HZ
from actors.lib.speech.voices import spoken_in
from benchmarks.sound import ROOT, read_wav, write_wav

SILENCE_S = 1.2
"""Before and after a question: twice what ends a turn."""
LOUDNESS = 0.6
"""Of a question; espeak-ng speaks as loud as 16 bits permit."""
PATIENCE_S = 30
"""The simulator's voice is made on the same machine, which may be busy."""
ALIKE = 0.65
"""espeak-ng never says a sentence twice with the same samples: its bands are 0.77 to 0.98 alike in
the sentences of `TALKS`, those of a sentence of another language 0.45 at most."""
WINDOW = VOICE_RATE_HZ // 100
EDGES = (1, 4, 8, 14, 22, 34, 50, 80)
"""Of bands, in units of 100 Hz: narrow where vowels differ, wide where consonants hiss."""
FLOOR = 1e4
"""Power below which nothing is heard: an amplitude of some 6 of 32,768."""

Bands = NDArray[np.float64]


@dataclass(frozen=True)
class Talk:
    """Three questions: Live answers, its quota is used up and http answers, and so is http's.

    Attributes:
        language: Of the pipeline, BCP 47.
        asked: What the person says.
        answers: What Live says, and what http says.
    """

    language: str
    asked: tuple[str, str, str]
    answers: tuple[str, str]

    @property
    def last(self) -> Line:
        """What the device says: it has no ears for the language."""
        return table_of(self.language).say("no_ears")

    @property
    def aloud(self) -> list[str]:
        """The sentences that are said, as a voice is given them."""
        said = (*self.answers, self.last.spoken)
        return [each for text in said for each in sentences(text, self.language)]


TALKS = {
    "ar": Talk(
        "ar-EG",
        ("مرحبا، كيف الطقس اليوم؟", "هل ستمطر غدا؟", "كم الساعة الآن؟"),
        ("الطقس مشمس اليوم، والحرارة ٣١ درجة.", "نعم، احتمال المطر 70% في Alexandria."),
    ),
    "de": Talk(
        "de-DE",
        ("Guten Tag, wie wird das Wetter heute?", "Wird es morgen regnen?", "Wie spät ist es?"),
        (
            "Heute scheint in Köln die Sonne, bei bis zu 31 Grad.",
            "Ja, zu 70 %, und in München gibt es vermutlich größere Regengüsse.",
        ),
    ),
    "hi": Talk(
        "hi-IN",
        ("नमस्ते, आज मौसम कैसा है?", "क्या कल बारिश होगी?", "अभी कितने बजे हैं?"),
        ("आज धूप है, और तापमान ३१ डिग्री है।", "हाँ, Delhi में बारिश की संभावना 70% है।"),
    ),
    "ja": Talk(
        "ja-JP",
        ("こんにちは、きょうのてんきはどうですか。", "明日は雨が降りますか。", "今何時ですか。"),
        ("今日は晴れで、気温は31度です。", "はい、Osakaの降水確率は70%です。"),
    ),
}


def write_talk(folder: Path, talk: Talk, *, stays_s: int = 0) -> Path:
    """Write the config of a demo in which this is said, and for so long nothing more."""
    for number, text in enumerate(talk.asked):
        write_wav(folder / f"{number}.wav", question(text, talk.language))
    (folder / "scenario.yaml").write_text(
        yaml.safe_dump(_scenario(talk), allow_unicode=True), encoding="utf-8"
    )
    simulator = {
        "stt": "script",
        "hears": [talk.asked[0], talk.asked[1], talk.asked[1]],
        "tts": "voices",
        "language": talk.language,
        "scenario": "scenario.yaml",
    }
    write_wav(folder / "stay.wav", np.zeros(stays_s * SPEECH_RATE_HZ, np.int16))
    names = [*(f"{number}.wav" for number in range(3)), *["stay.wav"] * bool(stays_s)]
    files = [{"path": name, "start": "after_answer"} for name in names]
    route = {"first_sound_s": PATIENCE_S, "standby_first_sound_s": PATIENCE_S}
    tree = {
        "extends": str(ROOT / "configs" / "demo.yaml"),
        "name": "talk",
        "language": talk.language,
        "route": {**route, "stall_s": PATIENCE_S},
        "actors": {
            "microphone": {"options": {"files": files}},
            "simulator": {"options": simulator},
        },
    }
    path = folder / "talk.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def question(text: str, language: str) -> Samples:
    """Return it spoken at 16 kHz, between silences."""
    spoken = to_samples(spoken_in(text, language)).astype(np.float32)
    sound = soxr.resample(spoken, VOICE_RATE_HZ, SPEECH_RATE_HZ) * LOUDNESS
    silence = np.zeros(int(SILENCE_S * SPEECH_RATE_HZ), np.float32)
    return np.concatenate([silence, sound, silence]).astype(np.int16)


def heard_aloud(talk: Talk, answer: Path) -> dict[str, float]:
    """Return how like its voice each sentence of a talk is in what a speaker played."""
    return heard_of(talk.aloud, talk.language, answer)


def heard_of(said: Sequence[str], language: str, answer: Path) -> dict[str, float]:
    """Return how like its voice each sentence is in what a speaker played, 1 being the same."""
    heard = _bands(read_wav(answer))
    return {each: _likeness(_bands(to_samples(spoken_in(each, language))), heard) for each in said}


def _bands(sound: Samples) -> Bands:
    """Return how loud a sound is, in bels, by `WINDOW` and by the bands of `EDGES`."""
    windows = sound[: len(sound) // WINDOW * WINDOW].reshape(-1, WINDOW) * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(windows)) ** 2
    return np.asarray(np.log10(np.add.reduceat(power, EDGES, axis=1) + FLOOR))


def _likeness(said: Bands, heard: Bands) -> float:
    """Return how alike the two are where they are most so."""
    said = said - said.mean(0)
    best = 0.0
    for at in range(len(heard) - len(said) + 1):
        there = heard[at : at + len(said)]
        there = there - there.mean(0)
        norm = np.sqrt(np.sum(said**2) * np.sum(there**2))
        best = max(best, float(np.sum(said * there) / norm) if norm else 0.0)
    return best


def _scenario(talk: Talk) -> dict[str, Any]:
    """Live answers, then its quota is used up; http answers once, then its quota is, too."""
    heard = talk.asked[1]
    answer = f"<heard>{heard}</heard> {talk.answers[1]}"
    return {
        "rules": [
            {"when": {"turn": 1}, "do": [{"say": talk.answers[0]}]},
            {"when": {"heard": heard}, "times": 1, "do": ["quota"]},
            {"when": {"http": "words"}, "times": 1, "do": [{"say": answer}]},
            {"when": {"http": "words"}, "skip": 1, "do": ["http_quota"]},
        ]
    }
