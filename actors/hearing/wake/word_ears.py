"""Wake words in the sound of one microphone, as long as they are not the robot's own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from actors.hearing.wake.detector import WakeWords, read_models
from actors.hearing.wake.options import WakeOptions
from actors.hearing.wake.own_voice import OwnVoice
from actors.lib.audio.pcm import SPEECH_RATE_HZ
from pipeline.frames import Audio

JUMP_SAMPLES = SPEECH_RATE_HZ
"""After a longer hole a word does not go on."""
OWN_CUTOFF = 0.8
"""Share of a cutoff from which the robot's own voice may have said a word: better deaf for a moment
than woken by itself."""


class WordEars:
    """Loads the models when they are first needed, and hears with them."""

    def __init__(self, options: WakeOptions, config_dir: Path, counters: Counter[str]) -> None:
        self._options = options
        self._config_dir = config_dir
        self._counters = counters
        self._words: WakeWords | None = None
        self._own_voice: OwnVoice | None = None
        self._end = 0

    @property
    def words(self) -> list[str]:
        """As they are said; empty before they are loaded."""
        return [] if self._words is None else self._words.words

    def load(self, *, hears_itself: bool) -> None:
        """Load the models, unless that was done.

        Args:
            hears_itself: What the loudspeaker plays is told of.

        Raises:
            ConfigError: one is not there.
        """
        if self._words is not None:
            return
        options = self._options
        models = read_models(options.words, self._config_dir, options.cutoff)
        words = WakeWords(models)
        if hears_itself:
            self._own_voice = OwnVoice(WakeWords(models, OWN_CUTOFF))
        self._words = words

    def hear(self, frame: Audio) -> str | None:
        """Return the word that somebody has said by the end of this block, if one did."""
        if self._words is None:
            return None
        if frame.position - self._end > JUMP_SAMPLES:
            self._words.begin_anew()
        self._end = frame.position + frame.samples
        word = self._words.hear(frame.pcm)
        if word is None:
            return None
        is_own = self._own_voice is not None and self._own_voice.said_it(frame.origin_ns)
        self._counters["own_words" if is_own else "words"] += 1
        return None if is_own else word

    def hear_own(self, frame: Audio) -> None:
        """Take what the loudspeaker plays."""
        if self._own_voice is not None:
            self._own_voice.hear(frame)
