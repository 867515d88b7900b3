"""The failure prompts for when nothing else can answer, made beforehand, one a language.

The files in `failure_prompts` beside this file are the output of
`python -m actors.backends.on_device.failure_prompt`, silence at both ends cut to 50 ms. English:
hibari-tts 0.2.1 (Apache-2.0, voice "heart"), seed 0. The others: espeak-ng 1.52, of whose output
its licence asks nothing.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from actors.lib.languages.phrases import table_of
from actors.lib.languages.tags import tabled

PROMPTS = Path(__file__).with_name("failure_prompts")
SILENCE = 0.01
"""Share of the peak (-40 dB) below which a sample is taken for silence."""
MARGIN_S = 0.05


def make_prompt(text: str, language: str, path: Path) -> None:
    """Speak `text` into a WAV file, 24 kHz mono 16 bit; blocks for about a second."""
    from actors.lib.speech.synthesizer import VOICE_RATE_HZ
    from actors.lib.speech.voices import spoken_in

    samples = np.frombuffer(spoken_in(text, language), "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > SILENCE * np.abs(samples).max())
    margin = int(MARGIN_S * VOICE_RATE_HZ)
    kept = samples[max(0, loud[0] - margin) : loud[-1] + margin]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(VOICE_RATE_HZ)
        file.writeframes(kept.tobytes())


def make_prompts() -> None:
    """Make the prompt of every language that has a table."""
    for language in tabled():
        phrases = table_of(language)
        make_prompt(phrases.say("notice").spoken, phrases.voice, PROMPTS / f"{language}.wav")


if __name__ == "__main__":
    make_prompts()
