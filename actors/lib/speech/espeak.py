"""The voices of espeak-ng, a hundred languages in 20 MB, from the package espeakng-loader.

espeak-ng is under the GPL, version 3: it comes with the extra `languages` alone, and nothing here
is linked with it before a session speaks another language than English.
"""

from __future__ import annotations

import ctypes
import threading
from functools import cache

import numpy as np

from actors.lib.languages.tags import base_of
from actors.lib.speech.synthesizer import VOICE_RATE_HZ
from pipeline.errors import GreenroomError

SYNCHRONOUS = 2
"""`AUDIO_OUTPUT_SYNCHRONOUS` of speak_lib.h: the sound comes before the call is over."""
DONT_EXIT = 0x8000
"""`espeakINITIALIZE_DONT_EXIT`: without its data it returns, and does not end the process."""
UTF8 = 1
OK = 0
OTHER_NAMES = {"zh": "cmn", "no": "nb"}
"""By which voices of some languages go."""

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)
_lock = threading.Lock()


class NoVoiceError(GreenroomError):
    """A language cannot be spoken; the message says what to do."""


def has_voice(language: str) -> bool:
    """Whether there is a voice for a language; blocks for some 10 ms the first time."""
    with _lock:
        return _library().choose(language)


def speak(text: str, language: str) -> bytes:
    """Return a text spoken, as PCM16 mono at VOICE_RATE_HZ; blocks for some 5 ms a sentence.

    Raises:
        NoVoiceError: there is no such voice.
    """
    import soxr

    with _lock:
        library = _library()
        if not library.choose(language):
            raise NoVoiceError(f"espeak-ng has no voice for {language!r}")
        samples = np.frombuffer(library.synthesize(text), "<i2")
    spoken = soxr.resample(samples, library.rate_hz, VOICE_RATE_HZ)
    return bytes(np.asarray(spoken, "<i2").tobytes())


class EspeakLibrary:
    """The one library of the process, which speaks with one voice at a time."""

    def __init__(self) -> None:
        """Load it.

        Raises:
            NoVoiceError: it is not installed, or cannot be loaded.
        """
        try:
            import espeakng_loader

            self._native = ctypes.CDLL(espeakng_loader.get_library_path())
            data = espeakng_loader.get_data_path()
        except (ImportError, OSError, RuntimeError) as error:
            raise NoVoiceError(
                f"other languages than English need espeak-ng ({error}): "
                "install greenroom with its extra `languages`"
            ) from error
        self._pieces: list[bytes] = []
        self._voice = ""
        self._callback = _Callback(self._take)
        self.rate_hz = self._native.espeak_Initialize(SYNCHRONOUS, 0, data.encode(), DONT_EXIT)
        if self.rate_hz <= 0:
            raise NoVoiceError(f"espeak-ng cannot read its data in {data}")
        self._native.espeak_SetSynthCallback(self._callback)

    def choose(self, language: str) -> bool:
        """Speak a language from now on; return whether there is a voice for it."""
        base = base_of(language)
        tag = language.strip().lower().replace("_", "-")
        for name in (tag, OTHER_NAMES.get(base, base)):
            if name == self._voice or self._native.espeak_SetVoiceByName(name.encode()) == OK:
                self._voice = name
                return True
        return False

    def synthesize(self, text: str) -> bytes:
        """Return the text as PCM16 mono at `rate_hz`."""
        self._pieces = []
        data = text.replace("\0", " ").encode(errors="replace") + b"\0"
        self._native.espeak_Synth(data, len(data), 0, 0, 0, UTF8, None, None)
        self._native.espeak_Synchronize()
        return b"".join(self._pieces)

    def _take(self, samples: object, count: int, _events: object) -> int:
        if samples and count:
            self._pieces.append(ctypes.string_at(samples, count * 2))  # type: ignore[arg-type]
        return 0


@cache
def _library() -> EspeakLibrary:
    return EspeakLibrary()
