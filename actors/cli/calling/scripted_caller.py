"""A person on the telephone who does what was written down before."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

import numpy as np

from actors.cli.calling.happening import Happening, Tell, What
from actors.cli.calling.hearing import Hearing
from actors.lib.audio.pcm import Samples

AFTER_S = 1.0
"""Silence after which one speaks: longer than pauses within an answer as a rule."""
PATIENCE_S = 20.0
"""For an answer; then one goes on all the same, as people do who say 'hello?'."""
KEY_S = 0.25
"""From key to key: quicker than by hand, slower than exchanges need (ITU-T Q.24: 100 ms)."""
KEYS = frozenset("0123456789*#ABCD")


class Person(Protocol):
    """Somebody on the telephone."""

    def speak(self, now_s: float, hearing: Hearing) -> Samples | None:
        """Return what is said in the next 20 ms; None: it is silent on the line all the same."""

    def press(self, now_s: float) -> str | None:
        """Return a key that is pressed now."""

    def hangs_up(self, now_s: float, hearing: Hearing) -> bool:
        """Whether the person hangs up now."""


@dataclass(frozen=True)
class ScriptLine:
    """Something to say.

    Attributes:
        name: For whoever watches.
        samples: At the rate of the line.
        keys: Pressed instead.
        after_s: So long it is silent before; of one that interrupts, so long the answer is heard.
        interrupts: It is said into the answer.
    """

    name: str
    samples: Samples | None = None
    keys: str = ""
    after_s: float = AFTER_S
    interrupts: bool = False


class Doing(Enum):
    """What the person does."""

    WAITING = auto()
    SPEAKING = auto()
    PRESSING = auto()


class ScriptedCaller:
    """Says one thing after the other, each when the answer to the one before was heard.

    Args:
        script: In order.
        block_samples: 20 ms on the line.
        tell: Told when something begins to be said.
        hang_up_s: So long it is silent at the end before the person hangs up.
        patience_s: For an answer.
        awaits: An answer is expected from the first: it was asked over a connection that is gone.
        until_s: Nothing new is said later, as if the script ended there; but its first line is.
    """

    def __init__(
        self,
        script: Sequence[ScriptLine],
        block_samples: int,
        tell: Tell,
        *,
        hang_up_s: float = 2.0,
        patience_s: float = PATIENCE_S,
        awaits: bool = False,
        until_s: float = math.inf,
    ) -> None:
        self._script = deque(script)
        self._block_samples = block_samples
        self._tell = tell
        self._hang_up_s = hang_up_s
        self._patience_s = patience_s
        self._doing = Doing.WAITING
        self._samples: Samples = np.zeros(0, np.int16)
        self._keys: deque[str] = deque()
        self._next_key_s = 0.0
        self._since_s = 0.0
        """When the last was said."""
        self._asked = awaits
        """Something was said, or pressed, to which an answer is expected."""
        self._until_s = until_s
        self._said_last: ScriptLine | None = None
        self._is_begun = awaits

    @property
    def rest(self) -> list[ScriptLine]:
        """What has not been said to its end."""
        broken_off = self._said_last if self._doing is Doing.SPEAKING else None
        return [broken_off, *self._script] if broken_off else list(self._script)

    @property
    def is_speaking(self) -> bool:
        """Whether something is being said."""
        return self._doing is Doing.SPEAKING

    def speak(self, now_s: float, hearing: Hearing) -> Samples | None:
        """Return what is said in the next 20 ms."""
        if now_s >= self._until_s and self._doing is Doing.WAITING and self._is_begun:
            self._script.clear()
        if self._doing is Doing.WAITING and self._script and self._is_time(now_s, hearing):
            self._begin(self._script.popleft(), now_s)
        if self._doing is not Doing.SPEAKING:
            return None
        block = self._samples[: self._block_samples]
        self._samples = self._samples[self._block_samples :]
        if not len(self._samples):
            self._doing = Doing.WAITING
            self._since_s, self._asked = now_s, True
        return block

    def press(self, now_s: float) -> str | None:
        """Return a key that is pressed now."""
        if self._doing is not Doing.PRESSING or now_s < self._next_key_s:
            return None
        self._next_key_s = now_s + KEY_S
        key = self._keys.popleft()
        if not self._keys:
            self._doing = Doing.WAITING
            self._since_s, self._asked = now_s, True
        return key

    def hangs_up(self, now_s: float, hearing: Hearing) -> bool:
        """Whether all was said, and the answer heard."""
        if self._script or self._doing is not Doing.WAITING:
            return False
        quiet_s = min(hearing.quiet_s(now_s), now_s - self._since_s)
        return self._may_go_on(now_s, hearing) and quiet_s >= self._hang_up_s

    def _is_time(self, now_s: float, hearing: Hearing) -> bool:
        following = self._script[0]
        if following.interrupts:
            if hearing.answered and hearing.answer_s is not None:
                return now_s - hearing.answer_s >= following.after_s
            return now_s - self._since_s >= self._patience_s
        quiet_s = min(hearing.quiet_s(now_s), now_s - self._since_s)
        return self._may_go_on(now_s, hearing) and quiet_s >= following.after_s

    def _may_go_on(self, now_s: float, hearing: Hearing) -> bool:
        waited_s = now_s - self._since_s
        return not self._asked or hearing.answered or waited_s >= self._patience_s

    def _begin(self, utterance: ScriptLine, now_s: float) -> None:
        if utterance.keys:
            self._doing = Doing.PRESSING
            self._keys.extend(utterance.keys)
            self._next_key_s = now_s
            return
        self._said_last, self._is_begun = utterance, True
        self._tell(Happening(now_s, What.SAY, {"name": utterance.name}))
        self._doing = Doing.SPEAKING
        said = np.zeros(0, np.int16) if utterance.samples is None else utterance.samples
        # The last block is whole too; one that says nothing takes a block to do it.
        rest = -len(said) % self._block_samples if len(said) else self._block_samples
        self._samples = np.concatenate([said, np.zeros(rest, np.int16)])
