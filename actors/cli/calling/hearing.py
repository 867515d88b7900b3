"""What a person on the telephone hears: when answers begin, where they have gaps, when they end."""

from __future__ import annotations

from enum import Enum, auto

import numpy as np

from actors.cli.calling.happening import Happening, Tell, Value, What
from actors.cli.calling.line_form import BLOCK_S
from actors.cli.calling.line_queue import Stretch
from actors.lib.audio.pcm import Samples, level_dbfs

WINDOW_S = 0.01
"""Half a block: to this grain it is known when sound begins."""
LOUD_DBFS = -50.0
"""Speech on telephone lines is at -40 to -10 dBFS, their noise at -65 (ITU-T G.712: at most -65
dBm0p, which is about -68 dBFS)."""
PAUSE_S = 0.3
"""Silence within words is shorter: the longest closure of a consonant is 0.2 s."""
LONGEST_GAP_S = 5.0
"""Sound after a longer silence is not the rest of an answer."""


class Conversing(Enum):
    """Where the person is in the conversation."""

    LISTENING = auto()
    """Nothing was said since the last answer began."""
    ASKING = auto()
    """Something was said, or nothing yet, and no answer to it was heard."""
    INTERRUPTING = auto()
    """As ASKING; and an answer to what was before is heard all the same."""


class Hearing:
    """Told what is said and heard, tells what is to be made of it. Times begin with the line.

    Args:
        rate_hz: Of what is heard.
        tell: Told when answers begin, have gaps, and fall silent because the person speaks.
    """

    def __init__(self, rate_hz: int, tell: Tell) -> None:
        self._rate_hz = rate_hz
        self._window = round(rate_hz * WINDOW_S)
        self._tell = tell
        self._heard = 0
        """Samples that were looked at."""
        self._rest: Samples = np.zeros(0, np.int16)
        self.conversing = Conversing.ASKING
        self.said_s: float | None = None
        """When the person's last word ended."""
        self.loud_s: float | None = None
        """When something was heard last."""
        self.answer_s: float | None = None
        """When the last answer began."""
        self._interrupted_s = 0.0
        self._sound_end_s: float | None = None
        """Where the last sound of this answer ended, silence in it too; None: there was none."""

    @property
    def answered(self) -> bool:
        """Whether an answer to what was said last is heard, or was."""
        return self.conversing is Conversing.LISTENING

    def quiet_s(self, now_s: float) -> float:
        """How long nothing has been said or heard."""
        return now_s - max(self.said_s or 0.0, self.loud_s or 0.0)

    def said(self, samples: Samples, now_s: float) -> None:
        """The person said a block of 20 ms, which begins now."""
        if level_dbfs(samples) <= LOUD_DBFS:
            return
        if self.conversing is Conversing.LISTENING:
            self._sound_end_s = None
            hears = self.loud_s is not None and now_s - self.loud_s < PAUSE_S
            self.conversing = Conversing.INTERRUPTING if hears else Conversing.ASKING
            self._interrupted_s = now_s
        self.said_s = now_s + BLOCK_S

    def pressed(self, now_s: float) -> None:
        """The person pressed a key, which may be answered as what is said."""
        self._sound_end_s = None
        self.conversing = Conversing.ASKING
        self.said_s = now_s

    def cleared(self) -> None:
        """What waited was thrown away: silence that follows is no gap, and sound is another answer.

        All that was heard before is known.
        """
        self._sound_end_s = None
        if self.conversing is Conversing.INTERRUPTING:
            self._cut(self._heard / self._rate_hz)

    def hear(self, stretch: Stretch) -> None:
        """Hear what went over the line."""
        begun_s = (self._heard + len(self._rest) + stretch.held) / self._rate_hz
        if stretch.sound:
            self._go_on(stretch, begun_s)
        if stretch.ends_answer:
            self._sound_end_s = None
        samples = np.concatenate([self._rest, stretch.samples])
        whole = len(samples) // self._window * self._window
        for at in range(0, whole, self._window):
            self._heard += self._window
            self._look(samples[at : at + self._window])
        self._rest = samples[whole:]

    def _go_on(self, stretch: Stretch, begun_s: float) -> None:
        """Silence that was sent is a part of an answer if it comes soon: later it says no more than
        that somebody is there."""
        sound = stretch.samples[stretch.held : stretch.held + stretch.sound]
        is_silent = level_dbfs(sound) <= LOUD_DBFS
        behind_s = begun_s - (self._sound_end_s or 0.0)
        if is_silent and behind_s > PAUSE_S:
            return
        self._end_gap(begun_s)
        self._sound_end_s = begun_s + stretch.sound / self._rate_hz

    def _end_gap(self, now_s: float) -> None:
        if self._sound_end_s is None or self.conversing is not Conversing.LISTENING:
            return
        gap_s = now_s - self._sound_end_s
        if 1 / self._rate_hz < gap_s <= LONGEST_GAP_S:
            self._happened(self._sound_end_s, What.GAP, ms=gap_s * 1000)

    def _look(self, window: Samples) -> None:
        end_s = self._heard / self._rate_hz
        silent_s = end_s - self.loud_s if self.loud_s is not None else end_s
        if self.conversing is Conversing.INTERRUPTING and silent_s >= PAUSE_S:
            self._cut(end_s)
        if level_dbfs(window) <= LOUD_DBFS:
            return
        if self.conversing is Conversing.ASKING:
            self._answered(end_s - WINDOW_S)
        self.loud_s = end_s

    def _cut(self, at_s: float) -> None:
        self.conversing = Conversing.ASKING
        after_ms = max(0.0, ((self.loud_s or 0.0) - self._interrupted_s) * 1000)
        self._happened(at_s, What.CUT, after_ms=after_ms)

    def _answered(self, at_s: float) -> None:
        if self.said_s is None:
            self._happened(at_s, What.ANSWER)
        elif at_s < self.said_s - WINDOW_S / 2:
            # It is spoken into what the person still says: not the answer to all of it.
            return
        else:
            self._happened(at_s, What.ANSWER, latency_ms=(at_s - self.said_s) * 1000)
        self.conversing = Conversing.LISTENING
        self.answer_s = at_s

    def _happened(self, at_s: float, what: What, **values: Value) -> None:
        self._tell(Happening(at_s, what, values))
