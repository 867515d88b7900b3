"""What is played when no backend can answer: sound made beforehand, so that it never fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from actors.lib.audio.decode import decode
from actors.lib.audio.pcm import Samples, to_pcm
from actors.lib.languages.tags import base_of
from actors.outputs.playout.gate import FOREVER
from pipeline.errors import ConfigError, DeviceError
from pipeline.frames import AnswerAudio, AnswerEnd, AnswerEnded, TurnClosed
from pipeline.languages import languages_of

PACKAGED = Path(__file__).parents[2] / "backends" / "on_device" / "failure_prompts"
"""A sound file a language; how they are made: `actors/backends/on_device/failure_prompt.py`."""
BACKEND = "failure_prompt"
"""In place of a backend's name; of these answers nothing is reported."""


def packaged_prompt(language: str | None) -> Path:
    """Return the sound file in the first of a session's languages; English where there is none."""
    named = languages_of(language)
    path = PACKAGED / f"{base_of(named[0])}.wav" if named else PACKAGED
    return path if path.is_file() else PACKAGED / "en.wav"


def load_failure_prompt(path: Path, rate_hz: int) -> Samples:
    """Return the samples of a sound file.

    Args:
        path: Anything FFmpeg reads; a 16-bit mono WAV file of that rate needs no FFmpeg.
        rate_hz: Rate of the samples.

    Raises:
        ConfigError: it cannot be read, or there is nothing in it.
    """
    advice = "name a sound file, or null for none"
    try:
        samples = np.concatenate(list(decode(path, rate_hz)))
    except DeviceError as error:
        raise ConfigError(f"failure_prompt: {error}; {advice}") from error
    if not samples.any():
        raise ConfigError(f"failure_prompt: {path} holds no sound; {advice}")
    return samples


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
