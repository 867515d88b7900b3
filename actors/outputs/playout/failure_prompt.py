"""What is played when no backend can answer: sound made beforehand, so that it never fails."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from actors.lib.audio.pcm import Samples, to_pcm, to_samples
from actors.lib.audio.resample import Resampler
from actors.outputs.playout.gate import FOREVER
from pipeline.errors import ConfigError
from pipeline.frames import AnswerAudio, AnswerEnd, AnswerEnded, TurnClosed

PACKAGED = Path(__file__).parents[2] / "backends" / "on_device" / "failure_prompt.wav"
"""How it is made stands in `actors/backends/on_device/failure_prompt.py`."""
BACKEND = "failure_prompt"
"""In place of a backend's name; of these answers nothing is reported."""


def load_failure_prompt(path: Path, rate_hz: int) -> Samples:
    """Return the samples of a WAV file.

    Args:
        path: 16-bit PCM; of several channels the first is taken.
        rate_hz: Rate of the samples.

    Raises:
        ConfigError: it cannot be read, or there is nothing in it.
    """
    advice = "name a 16-bit PCM WAV file, or null for none"
    try:
        with wave.open(str(path)) as file:
            if file.getsampwidth() != 2:
                raise ConfigError(
                    f"failure_prompt: {path} has {8 * file.getsampwidth()} bits; {advice}"
                )
            samples = to_samples(file.readframes(-1))[:: file.getnchannels()]
            from_hz = file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise ConfigError(f"failure_prompt: {path} cannot be read ({error}); {advice}") from error
    if not samples.any():
        raise ConfigError(f"failure_prompt: {path} holds no sound; {advice}")
    return Resampler(from_hz, rate_hz).process(np.ascontiguousarray(samples), last=True)


def failure_prompt(closed: TurnClosed, samples: Samples) -> tuple[AnswerAudio, AnswerEnded]:
    """Return the prompt as an answer to the turn that failed.

    Its name holds the turn's, so that it gives way to whatever the user said since; no change of
    the route makes it stale.
    """
    turn = f"{BACKEND}:{closed.turn}"
    audio = AnswerAudio(
        session=closed.session,
        turn=turn,
        epoch=FOREVER,
        backend=BACKEND,
        position=0,
        pcm=to_pcm(samples),
    )
    ended = AnswerEnded(
        session=closed.session,
        turn=turn,
        epoch=FOREVER,
        backend=BACKEND,
        end=AnswerEnd.COMPLETE,
        samples=len(samples),
    )
    return audio, ended
