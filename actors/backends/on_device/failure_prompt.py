"""The failure prompt for when nothing else can answer, made beforehand.

`failure_prompt.wav` beside this file is the output of
`python -m actors.backends.on_device.failure_prompt`: hibari-tts 0.2.1 (Apache-2.0, voice
"heart"), seed 0, silence at both ends cut to 50 ms.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

PROMPT = "I am sorry, I cannot answer right now. Please try again in a moment."
PROMPT_FILE = Path(__file__).with_name("failure_prompt.wav")
SILENCE = 0.01
"""Share of the peak (-40 dB) below which a sample is taken for silence."""
MARGIN_S = 0.05


def make_prompt(text: str, path: Path) -> None:
    """Speak `text` into a WAV file, 24 kHz mono 16 bit; blocks for about a second."""
    from actors.lib.speech.synthesizer import VOICE_RATE_HZ, synthesize

    samples = np.frombuffer(synthesize(text), "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > SILENCE * np.abs(samples).max())
    margin = int(MARGIN_S * VOICE_RATE_HZ)
    kept = samples[max(0, loud[0] - margin) : loud[-1] + margin]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(VOICE_RATE_HZ)
        file.writeframes(kept.tobytes())


if __name__ == "__main__":
    make_prompt(PROMPT, PROMPT_FILE)
