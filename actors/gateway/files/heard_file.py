"""What the pipeline heard in a file so far, turn by turn. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from actors.gateway.events import Event, Speaking, SpokenWords
from actors.lib.audio.pcm import SPEECH_RATE_HZ
from pipeline.frames import Outcome, SessionEnded, Side, TurnClosed


@dataclass
class HeardTurn:
    """A turn of the file's session.

    Attributes:
        start: Position of its first sample on the time line of the session.
        stop: One past its last one; None while it is spoken.
        words: What the user said, by backend and epoch.
        closed: How it ended; None while it is open.
        is_typed: It is the question about the file.
    """

    start: int = 0
    stop: int | None = None
    words: dict[tuple[str, int], str] = field(default_factory=dict)
    closed: TurnClosed | None = None
    is_typed: bool = False

    @property
    def text(self) -> str:
        """What was said: as the backend that answered understood it, or else any."""
        by = "" if self.closed is None else self.closed.by
        own = [text for (backend, _), text in self.words.items() if backend == by and text.strip()]
        said = "" if self.closed is None else self.closed.said
        return max([*own, said] if by else [*self.words.values(), said], key=len).strip()


@dataclass(frozen=True)
class Segment:
    """What was said in a stretch of a file.

    Attributes:
        start_s: Where it begins in the file, a moment of silence included.
        end_s: Where it ends.
        text: The words; empty if they are not known.
        reason: Why they are not, in words.
    """

    start_s: float
    end_s: float
    text: str
    reason: str = ""


class HeardFile:
    """Follows the session in which a file is heard.

    Args:
        samples: Length of the file at 16 kHz.
    """

    def __init__(self, samples: int) -> None:
        self._samples = samples
        self._turns: dict[str, HeardTurn] = {}
        self._forgotten: set[str] = set()
        """Turns that are heard again: what still comes of them does not matter."""
        self._marks: list[tuple[int, int]] = []
        self.ended: SessionEnded | None = None

    @property
    def is_spoken(self) -> bool:
        """Whether somebody speaks just where the file is heard."""
        return any(turn.stop is None and turn.closed is None for turn in self._turns.values())

    @property
    def is_settled(self) -> bool:
        """Whether nothing is open of what was heard so far."""
        return all(turn.closed is not None for turn in self._turns.values())

    @property
    def may_go_on(self) -> bool:
        """Whether more may be heard: who speaks is heard out, and then waits for its words."""
        return self.is_spoken or self.is_settled

    def mark(self, position: int, at: int) -> None:
        """What is at a position of the session is from here on what is at one of the file."""
        self._marks.append((position, at))

    def ask(self, turn: str) -> None:
        """Note that a question about the file was typed."""
        self._turns[turn] = HeardTurn(stop=0, is_typed=True)

    def on_event(self, event: Event) -> None:
        """Take what the session's caller is told."""
        match event:
            case SessionEnded():
                self.ended = event
            case Speaking(began=True) if event.turn not in self._forgotten:
                self._turns.setdefault(event.turn, HeardTurn(start=event.position))
            case Speaking() | SpokenWords() | TurnClosed() if event.turn in self._turns:
                self._on_turn(self._turns[event.turn], event)

    def answer(self, turn: str) -> TurnClosed | None:
        """Return how a turn ended, if it has."""
        return self._turns[turn].closed

    def lost(self) -> list[tuple[int, int]]:
        """Forget the turns that ended without their words; return where in the file they were.

        One that was cut off by the next, or whose backend failed, may be heard again. In one that
        was answered there are none to be understood.
        """
        names = [name for name, turn in self._turns.items() if self._is_lost(turn)]
        self._forgotten.update(names)
        return [self._stretch(self._turns.pop(name)) for name in names]

    def segments(self) -> list[Segment]:
        """Return what was said, in order, and what could not be put into words."""
        spoken = (turn for turn in self._turns.values() if not turn.is_typed)
        found = [
            Segment(
                start / SPEECH_RATE_HZ,
                stop / SPEECH_RATE_HZ,
                turn.text,
                _reason(turn.closed),
            )
            for turn in spoken
            for start, stop in (self._stretch(turn),)
        ]
        return sorted(found, key=lambda segment: segment.start_s)

    def failure(self) -> str:
        """Return why something has no words that should have some; empty if all have them."""
        lost = [turn for turn in self._turns.values() if self._is_lost(turn)]
        return _reason(lost[0].closed) if lost else ""

    def _on_turn(self, turn: HeardTurn, event: Speaking | SpokenWords | TurnClosed) -> None:
        match event:
            case Speaking(began=False):
                turn.stop = event.position
            case SpokenWords(side=Side.USER):
                source = event.backend, event.epoch
                turn.words[source] = turn.words.get(source, "") + event.text
            case TurnClosed():
                turn.closed = event

    def _is_lost(self, turn: HeardTurn) -> bool:
        closed = turn.closed
        answered = closed is None or closed.outcome is Outcome.ANSWERED
        return not (answered or turn.is_typed or turn.text)

    def _stretch(self, turn: HeardTurn) -> tuple[int, int]:
        start = self._in_file(turn.start)
        stop = self._samples if turn.stop is None else self._in_file(turn.stop)
        return start, max(start, stop)

    def _in_file(self, position: int) -> int:
        index = bisect_right(self._marks, position, key=lambda mark: mark[0]) - 1
        if index < 0:
            return 0
        begins, at = self._marks[index]
        return min(at + position - begins, self._samples)


def _reason(closed: TurnClosed | None) -> str:
    if closed is None:
        return "no words came in time"
    return closed.reason or f"{closed.by or 'nobody'} understood no words"


def joined(segments: Iterable[Segment]) -> str:
    """Return all that was said."""
    return " ".join(segment.text for segment in segments if segment.text)
