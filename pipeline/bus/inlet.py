"""One stream on its way into one input port: which of its frames are handed on, and when. Pure."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.bus.replay import SliceEnd
    from pipeline.frames import Frame
    from pipeline.ports import In

HELD_FRAMES = 30_000
"""Live frames held until the end of a replay: six seconds of 100 sessions of 20 ms blocks, three
times what the replay of their last 15 s takes (benchmarks/README.md, "Replay")."""


class InletState(Enum):
    """How far the stream is connected."""

    AWAITED = auto()
    """What the producer retained has not come completely; live frames are held."""
    ANSWERED = auto()
    """All that was retained has come, of a producer of which there was no frame yet."""
    LIVE = auto()


@dataclass
class Inlet:
    """Puts replayed and live frames in order, and drops what has come already.

    What is missing and what is doubled is counted in `counters`, as `<port>.lost` and
    `<port>.duplicate`. A boot of 0 marks a producer that does not count its frames.

    Attributes:
        port: The input port.
        spec: Of the port.
        answers_replay: The producer answers a replay subscription.
    """

    port: str
    spec: In
    answers_replay: bool = True
    counters: Counter[str] = field(default_factory=Counter)
    stage: InletState = InletState.AWAITED
    boot: int = 0
    next_seq: int = 0
    newest: dict[str, Frame] = field(default_factory=dict)
    _held: deque[Frame] = field(default_factory=deque)
    _replayed: int = 0
    _token: str = ""
    _answered_boot: int = 0

    def is_next(self, frame: Frame) -> bool:
        """Take note of a frame if it is the one that follows, as nearly all are."""
        if self.stage is InletState.LIVE and frame.seq == self.next_seq and frame.boot == self.boot:
            self.next_seq += 1
            return True
        return False

    def precedes_replay(self, frame: Frame) -> bool:
        """Return whether what was retained is still to come, also from a restarted producer."""
        if not self.spec.replay:
            return False
        if self.stage is not InletState.AWAITED and self.answers_replay and frame.boot > self.boot:
            answered = not self._answered_boot or frame.boot <= self._answered_boot
            if self.stage is InletState.ANSWERED and answered:
                self.stage = InletState.LIVE
            else:
                self.stage = InletState.AWAITED
                self._replayed = 0
        return self.stage is InletState.AWAITED

    def hold(self, frame: Frame) -> list[Frame]:
        """Keep a live frame until the end of the replay; return what to hand on."""
        # Of a producer that was restarted: the replay of the one before will never end.
        released = self._release() if self._held and frame.boot > self._held[-1].boot else []
        if len(self._held) >= HELD_FRAMES:
            self._held.popleft()
            self.counters[f"{self.port}.lost"] += 1
        self._held.append(frame)
        return released

    def on_replayed(self, frame: Frame) -> list[Frame]:
        """Return what to hand on now that this retained frame has come."""
        if not self.spec.replay:
            return []
        released: list[Frame] = []
        if self.stage is not InletState.AWAITED:
            if (frame.boot, frame.seq) >= (self.boot, self.next_seq):
                self.stage = InletState.AWAITED
                self._replayed = 0
        elif self._held and frame.boot > self._held[-1].boot:
            released = self._release()
        self._replayed += 1
        if self.is_new(frame, complete=False):
            released.append(frame)
        return released

    def on_slice_end(self, said: SliceEnd) -> tuple[list[Frame], bool]:
        """Take note of the end of a slice.

        Returns:
            What to hand on, and whether the producer waits to be asked for more.
        """
        is_first = said.token != self._token
        self._token = said.token
        if not said.is_last and self.spec.replay:
            return [], True
        if not is_first and self.stage is not InletState.AWAITED:
            return [], True  # It was said again.
        if self.spec.replay:
            missing = said.total - self._replayed
            if missing > 0:
                self.counters[f"{self.port}.lost"] += missing
            if self._replayed and self.boot == said.boot:
                self.next_seq = max(self.next_seq, said.next_seq)
        return self._complete(said.boot), not (is_first and said.is_last)

    def on_replay_end(self) -> list[Frame]:
        """Return what to hand on now that a producer that knows no slices has sent all."""
        return [] if self._token else self._complete(0)

    def is_new(self, frame: Frame, *, complete: bool = True) -> bool:
        """Take note of a frame; return whether it is the first time.

        Args:
            frame: That has come.
            complete: Whether all since the last frame should have come.
        """
        if frame.boot == 0:
            return True
        if frame.boot == self.boot:
            gap = frame.seq - self.next_seq
            if gap < 0:
                self.counters[f"{self.port}.duplicate"] += 1
                return False
            if gap and complete:
                self.counters[f"{self.port}.lost"] += gap
        elif frame.boot < self.boot:
            self.counters[f"{self.port}.duplicate"] += 1
            return False
        else:
            self.boot = frame.boot
        self.next_seq = frame.seq + 1
        return True

    def _complete(self, boot: int) -> list[Frame]:
        self.stage = InletState.LIVE if self._replayed or self._held else InletState.ANSWERED
        self._answered_boot = boot
        return self._release()

    def _release(self) -> list[Frame]:
        held, self._held = self._held, deque()
        self._replayed = 0
        return [frame for frame in held if self.is_new(frame)]
