"""Voices of espeak-ng, as the package espeakng-loader brings it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import soxr

from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples

SYNCHRONOUS, UTF_8 = 2, 1
"""`AUDIO_OUTPUT_SYNCHRONOUS` and `espeakCHARS_UTF8` of speak_lib.h."""
SPEED = 1
"""`espeakRATE`, in words a minute."""
BLOCK_MS = 200


class EspeakVoice:
    """The library, of which a process has one."""

    def __init__(self) -> None:
        import espeakng_loader

        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        folder = espeakng_loader.get_data_path().encode()
        self._rate_hz = self._library.espeak_Initialize(SYNCHRONOUS, BLOCK_MS, folder, 0)
        self._parts: list[Samples] = []
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
        )
        # The library calls it for as long as it lives.
        self._callback = kind(self._on_samples)
        self._library.espeak_SetSynthCallback(self._callback)

    def saying(self, voice: str, words_a_minute: int) -> Callable[[str], Samples]:
        """Return what says a sentence, at the rate of a microphone."""

        def say(sentence: str) -> Samples:
            self._parts.clear()
            if self._library.espeak_SetVoiceByName(voice.encode()):
                raise ValueError(f"espeak-ng has no voice {voice}")
            self._library.espeak_SetParameter(SPEED, words_a_minute, 0)
            text = sentence.encode() + b"\0"
            self._library.espeak_Synth(text, len(text), 0, 1, 0, UTF_8, None, None)
            self._library.espeak_Synchronize()
            said = np.concatenate(self._parts)
            return np.asarray(soxr.resample(said, self._rate_hz, SPEECH_RATE_HZ), np.int16)

        return say

    def _on_samples(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count:
            self._parts.append(np.ctypeslib.as_array(samples, (count,)).astype(np.int16))
        return 0
