"""Input timing of a reproduction: by the clock, but no effect before its cause."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from pipeline.frames import (
    AnswerAudio,
    AnswerEnded,
    Frame,
    Playback,
    SessionEnded,
    SpeechStarted,
    ToolCall,
    ToolResult,
    TurnClosed,
    UserText,
)

PATIENCE_S = 5.0
"""For an output that the recorded run had. Longer than a busy machine takes to load speech models
or to recognise a turn; an actor that was changed may never give it."""

Cause = tuple[str, str]


class Fed(NamedTuple):
    """A frame on its way in."""

    sent_ns: int
    port: str
    frame: Frame


class AnswerProgress(NamedTuple):
    """How much an actor has answered: bytes of sound, and answers that have ended."""

    sound_bytes: int = 0
    ended: int = 0

    def after(self, frame: Frame) -> AnswerProgress:
        """Return the progress with another frame given."""
        match frame:
            case AnswerAudio(pcm=pcm):
                return self._replace(sound_bytes=self.sound_bytes + len(pcm))
            case AnswerEnded():
                return self._replace(ended=self.ended + 1)
        return self

    def reached(self, other: AnswerProgress) -> bool:
        """Whether it is as far as the other."""
        return self.sound_bytes >= other.sound_bytes and self.ended >= other.ended


class Feeder:
    """Holds a frame back until the actor has given what brought it about.

    The result of a call, the report that an answer is heard, and the verdict on a turn come from
    what the actor said; now it may say it a little later. A user who speaks over an answer does so
    where it was then, and who speaks after one does not speak over it. The same goes for who hangs
    up, which also waits until all else of the session is delivered. What comes of a session on the
    same port waits behind.

    Args:
        name: The actor.
        recorded: What it gave in the recorded run: nothing else is waited for.
        deliver: Takes the frames.
    """

    def __init__(
        self, name: str, recorded: Iterable[Frame], deliver: Callable[[str, Frame], None]
    ) -> None:
        self._name = name
        self._expected: set[Cause] = set()
        self._progress = [(0, AnswerProgress())]
        for frame in sorted(recorded, key=lambda each: each.sent_ns):
            if cause := _given(frame):
                self._expected.add(cause)
            if isinstance(frame, (AnswerAudio, AnswerEnded)):
                self._progress.append((frame.sent_ns, self._progress[-1][1].after(frame)))
        self._given: Counter[Cause] = Counter()
        self._now = AnswerProgress()
        self._deliver = deliver
        self._held: defaultdict[tuple[str, str], deque[tuple[float, Frame]]] = defaultdict(deque)
        """By port and session: sessions do not wait for each other."""

    def feed(self, port: str, frame: Frame, now_s: float) -> None:
        """Deliver a frame, now or later."""
        self._held[port, frame.session].append((now_s + PATIENCE_S, frame))
        self.flush(now_s)

    def gave(self, frame: Frame) -> None:
        """The actor has given a frame; `flush` delivers what that brings about."""
        if cause := _given(frame):
            self._given[cause] += 1
        self._now = self._now.after(frame)

    def flush(self, now_s: float) -> None:
        """Deliver what has not to wait any more."""
        for (port, _), waiting in self._held.items():
            while waiting and self._due(*waiting[0], now_s):
                self._deliver(port, waiting.popleft()[1])

    def _due(self, patience_s: float, frame: Frame, now_s: float) -> bool:
        if now_s >= patience_s:
            return True
        if isinstance(frame, SessionEnded) and self._holds(frame.session):
            return False
        if isinstance(frame, (SpeechStarted, UserText, SessionEnded)):
            before = bisect_left(self._progress, frame.sent_ns, key=lambda each: each[0]) - 1
            return self._now.reached(self._progress[max(0, before)][1])
        cause = self._cause(frame)
        return cause not in self._expected or self._given[cause] > 0

    def _holds(self, session: str) -> bool:
        """Whether anything of a session waits, but for its end."""
        return any(
            not isinstance(frame, SessionEnded)
            for (_, name), waiting in self._held.items()
            for _, frame in waiting
            if name == session
        )

    def _cause(self, frame: Frame) -> Cause:
        match frame:
            case ToolResult(call_id=call_id):
                return "call", call_id
            case Playback(turn=turn, backend=backend) if backend == self._name:
                return "sound", turn
            case TurnClosed(turn=turn, by=by) if by == self._name:
                return "end", turn
        return "", ""


def _given(frame: Frame) -> Cause | None:
    match frame:
        case ToolCall(call_id=call_id):
            return "call", call_id
        case AnswerAudio(turn=turn):
            return "sound", turn
        case AnswerEnded(turn=turn):
            return "end", turn
    return None
