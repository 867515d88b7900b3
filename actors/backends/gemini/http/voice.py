"""Whether the sound of a sentence is all there, and what of a second rendering is new."""

from __future__ import annotations

from actors.backends.turnwise.request import Sound

SHORTEST_S = 0.02
"""Of a letter or digit: the fastest talkers reach 25 a second, which is twice as long, so what is
shorter is not the sentence."""
WHOLE = ("", "STOP", "FINISH_REASON_UNSPECIFIED")
"""How a response ends whose sound is what was asked for; services say nothing at times."""


class WholeSound:
    """The sound of one sentence, rendered as often as it takes.

    Args:
        text: The sentence.
    """

    def __init__(self, text: str) -> None:
        self.finish = ""
        """Why the newest rendering ended, as the service says."""
        self._shortest_s = SHORTEST_S * sum(map(str.isalnum, text))
        self._given = 0
        self._samples = 0
        self._rate_hz = 1

    @property
    def is_there(self) -> bool:
        """Whether the newest rendering is one of the whole sentence."""
        seconds = self._samples / self._rate_hz
        return self.finish in WHOLE and seconds > 0 and self._shortest_s <= seconds

    @property
    def problem(self) -> str:
        """What is wrong with the newest rendering."""
        ended = f" (finishReason {self.finish})" if self.finish not in WHOLE else ""
        if not self._samples:
            return f"the voice gave no sound{ended}"
        return f"the voice broke off after {self._samples / self._rate_hz:.1f} s{ended}"

    def begin(self) -> None:
        """The sentence is rendered, perhaps once more."""
        self.finish = ""
        self._samples = 0

    def add(self, sound: Sound) -> Sound | None:
        """Return what of a block was not given before; renderings of one voice are of one pace."""
        count = len(sound.pcm) // 2
        fresh = max(0, min(count, self._samples + count - self._given))
        self._samples += count
        self._rate_hz = sound.rate_hz
        self._given = max(self._given, self._samples)
        return Sound(sound.pcm[(count - fresh) * 2 :], sound.rate_hz) if fresh else None
