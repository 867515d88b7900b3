"""What was heard of the sound that a line was sent: by its marks, or by our clock."""

from __future__ import annotations

from collections import deque

from actors.outputs.metronome import BLOCK_NS
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import Playback, PlaybackState

CATCH_UP_NS = 100_000_000
"""A clock that was so late makes no gap in what is said: what was due is sent at once."""
ENDS = (PlaybackState.FINISHED, PlaybackState.INTERRUPTED)
MARKS_LOST_NS = 3_000_000_000
"""A mark that is so late will not come: the round trip to another continent takes 0.3 s."""


class HeardLine:
    """The time line of what is sent: when each piece is due to be heard, and what was.

    Its times are monotonic, in ns. Between two marks the clock tells; the next mark is never
    passed before it comes.

    Args:
        marks: The line says when sound was played; if not, the clock does.
    """

    def __init__(self, *, marks: bool) -> None:
        self._marks = marks
        self._until_ns = 0
        """When all that was sent will have been heard."""
        self._outstanding: deque[tuple[str, int]] = deque()
        """Marks that did not come back, and when what is before them is due to be heard."""
        self._known_ns = 0
        """So much was heard for certain, ..."""
        self._known_at_ns = 0
        """... when that became known."""
        self._cut_ns: int | None = None
        """Where the sound was cut, until more is sent."""
        self._suspended_ns: int | None = None
        """Where the sound was cut that may go on."""
        self._names = 0
        self._held: deque[Playback] = deque()
        self._comes_back = False
        """Any mark came back by now."""
        self.marks_lost = 0

    @property
    def waits(self) -> bool:
        """Whether something is not known to have been heard."""
        return bool(self._held) or bool(self._outstanding)

    @property
    def is_suspended(self) -> bool:
        """Whether what was sent last was thrown away for a while."""
        return self._suspended_ns is not None

    def left_ns(self, now_ns: int) -> int:
        """Return how much of what was sent is to be heard still, by the clock."""
        return max(0, self._until_ns - now_ns)

    def next_ns(self, now_ns: int) -> int:
        """Return when the next piece is heard if it is sent now."""
        return self._until_ns if now_ns - self._until_ns < CATCH_UP_NS else now_ns

    def sent(self, now_ns: int) -> None:
        """A block was sent."""
        begin_ns = self.next_ns(now_ns)
        if begin_ns > self._until_ns and not self._outstanding:
            self._known_ns, self._known_at_ns = begin_ns, now_ns
        self._until_ns = begin_ns + BLOCK_NS
        self._cut_ns = None

    def mark(self) -> str:
        """Return the name of a mark behind all that was sent."""
        self._names += 1
        name = f"m{self._names}"
        if self._marks:
            self._outstanding.append((name, self._until_ns))
        return name

    def reached(self, name: str, now_ns: int) -> bool:
        """A mark came back; return whether it was waited for."""
        if all(name != each for each, _ in self._outstanding):
            return False
        self._comes_back = True
        reached = ""
        while reached != name:
            reached, at_ns = self._outstanding.popleft()
            # Nobody hears anything before its time.
            self._known_ns = min(at_ns, now_ns)
        self._known_at_ns = now_ns
        return True

    def heard_ns(self, now_ns: int) -> int:
        """Return up to where on the time line it was heard; the silence behind it was, too."""
        if self._suspended_ns is not None:
            return self._suspended_ns
        if not self._marks or (not self._outstanding and now_ns >= self._until_ns):
            return now_ns
        passed_ns = self._known_ns + now_ns - self._known_at_ns
        most_ns = self._outstanding[0][1] - 1 if self._outstanding else now_ns
        return min(passed_ns, most_ns, now_ns)

    def cut(self, now_ns: int) -> None:
        """What waits to be heard was thrown away; marks that come back for it say nothing."""
        self._cut_ns = self.heard_ns(now_ns)
        self._held = deque(self._cut_short(each) for each in self._held)
        self._begin_anew(now_ns)

    def suspend(self, now_ns: int) -> int:
        """What waits to be heard was thrown away, and may be sent again; return from where on."""
        self._suspended_ns = heard_ns = self.heard_ns(now_ns)
        self._outstanding.clear()
        self._until_ns = now_ns
        return heard_ns

    def resume(self, from_ns: int, now_ns: int) -> None:
        """What was thrown away is sent again, from a place of the time line on, so much later."""
        late_ns = now_ns - from_ns
        self._held = deque(
            each.model_copy(update={"at_ns": each.at_ns + late_ns})
            if each.at_ns > self.heard_ns(now_ns)
            else each
            for each in self._held
        )
        self._begin_anew(now_ns)

    def _begin_anew(self, now_ns: int) -> None:
        self._suspended_ns = None
        self._outstanding.clear()
        self._until_ns = self._known_ns = self._known_at_ns = now_ns

    def account(self, frame: Playback, now_ns: int) -> list[Playback]:
        """Take what was sent of an answer; return what is known by now to have been heard."""
        self._held.append(self._cut_short(frame))
        return self.due(now_ns)

    def due(self, now_ns: int) -> list[Playback]:
        """Return what is known by now to have been heard, and was not known before."""
        self._give_up_marks(now_ns)
        heard_ns = self.heard_ns(now_ns)
        told = []
        while self._held and self._is_heard(self._held[0], heard_ns):
            told.append(self._held.popleft())
        return told

    def unheard(self, now_ns: int) -> list[str]:
        """Return turns whose answers were sent whole, and are not heard to their end."""
        heard_ns = self.heard_ns(now_ns)
        return [
            each.turn
            for each in self._held
            if each.state in ENDS and not self._is_heard(each, heard_ns)
        ]

    def _is_heard(self, frame: Playback, heard_ns: int) -> bool:
        if frame.state is PlaybackState.STARTED:
            return True
        # That an answer is over, its last mark says and no clock.
        by_mark = frame.state is PlaybackState.FINISHED and self._outstanding
        return frame.at_ns <= (self._known_ns if by_mark else heard_ns)

    def _cut_short(self, frame: Playback) -> Playback:
        if self._cut_ns is None or frame.at_ns <= self._cut_ns:
            return frame
        lost = (frame.at_ns - self._cut_ns) * RATE_HZ // 1_000_000_000
        state = frame.state
        return frame.model_copy(
            update={
                "state": PlaybackState.INTERRUPTED if state is PlaybackState.FINISHED else state,
                "played_samples": max(0, frame.played_samples - lost),
                "at_ns": self._cut_ns,
            }
        )

    def _give_up_marks(self, now_ns: int) -> None:
        if self._outstanding and now_ns - self._outstanding[0][1] > MARKS_LOST_NS:
            self.marks_lost += len(self._outstanding)
            self._outstanding.clear()
            self._known_ns, self._known_at_ns = self._until_ns, now_ns
            # Of a line that gave none back no answer is to wait for one again.
            self._marks = self._comes_back
