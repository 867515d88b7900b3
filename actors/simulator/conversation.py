"""The conversation that a session resumption handle stands for."""

import secrets
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal

# A handle stays valid for two hours after the session ended.
HANDLE_LIFE_S = 2 * 3600.0
# Handles remembered, the oldest go first: a hundred busy sessions need so many in a quarter of an
# hour.
KEPT_HANDLES = 10_000


@dataclass(frozen=True, slots=True)
class ConversationEntry:
    """One thing that was said, or that the model knows from a function."""

    role: Literal["user", "model", "function"]
    text: str


@dataclass(frozen=True)
class SlidingWindow:
    """Above `trigger` tokens the oldest turns are dropped until at most `target` are left."""

    trigger: int
    target: int


@dataclass(frozen=True, slots=True)
class TurnSize:
    """A turn that is over: how many entries there were at its end, and what it cost in tokens."""

    entries: int
    tokens: Counter[str]


@dataclass(slots=True)
class ConversationRecord:
    """What was said, what it cost in tokens by modality, and how many pictures came.

    Entries and turns are added and never changed or taken away: handles point at them. What the
    context window has slid past stays, before `start` and `first_turn`.
    """

    entries: list[ConversationEntry] = field(default_factory=list)
    tokens: Counter[str] = field(default_factory=Counter)
    pictures: int = 0
    picture_size: tuple[int, int] = (0, 0)
    """Of the newest picture, in pixels."""
    begun_s: float = field(default_factory=time.monotonic)
    turns: list[TurnSize] = field(default_factory=list)
    first_turn: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    """Tokens of instruction and tools, and of the turns that were closed."""

    @property
    def age_s(self) -> float:
        """Since the session was begun, on whatever connection."""
        return time.monotonic() - self.begun_s

    @property
    def start(self) -> int:
        """The first entry that is still in the context window."""
        return self.turns[self.first_turn - 1].entries if self.first_turn else 0

    def add(self, role: Literal["user", "model", "function"], text: str) -> None:
        """Appends an entry; an empty text is nothing said."""
        if text.strip():
            self.entries.append(ConversationEntry(role, text.strip()))

    def close_turn(self, window: SlidingWindow | None) -> None:
        """A turn is over: the oldest ones leave if the window slides."""
        size = Counter(self.tokens)
        size.subtract(self.counted)
        self.turns.append(TurnSize(len(self.entries), size))
        if window is not None and self.tokens.total() > window.trigger:
            # What was said last is never dropped.
            while self.tokens.total() > window.target and self.first_turn < len(self.turns) - 1:
                self.tokens.subtract(self.turns[self.first_turn].tokens)
                self.first_turn += 1
        self.counted = Counter(self.tokens)


@dataclass(frozen=True, slots=True)
class _Saved:
    """A conversation as it was: entries and turns are only ever added, so their number is enough.

    A copy for each turn would take memory that grows with the square of the turns.
    """

    conversation: ConversationRecord
    entry_count: int
    turn_count: int
    session: int
    model: str
    saved_s: float


class Handles:
    """Issued resumption handles. A handle is refused while the session that got it is open."""

    def __init__(self) -> None:
        self._saved: dict[str, _Saved] = {}
        self._open: set[int] = set()

    def opened(self, session: int) -> None:
        """A session with this number has begun."""
        self._open.add(session)

    def closed(self, session: int) -> None:
        """The session's socket is closed."""
        self._open.discard(session)

    def issue(self, session: int, conversation: ConversationRecord, model: str = "") -> str:
        """A new handle for the conversation as it is now; the session's older ones stay valid."""
        self._forget_old(room_for=1)
        handle = secrets.token_urlsafe(24)
        tokens = Counter(conversation.tokens)
        self._saved[handle] = _Saved(
            conversation=replace(conversation, tokens=tokens, counted=tokens),
            entry_count=len(conversation.entries),
            turn_count=len(conversation.turns),
            session=session,
            model=model,
            saved_s=time.monotonic(),
        )
        return handle

    def find(self, handle: str) -> ConversationRecord | None:
        """The conversation behind a handle, or None if it was never issued or is too old."""
        self._forget_old()
        saved = self._saved.get(handle)
        if saved is None:
            return None
        was = saved.conversation
        return replace(
            was,
            entries=was.entries[: saved.entry_count],
            tokens=Counter(was.tokens),
            turns=was.turns[: saved.turn_count],
            counted=Counter(was.tokens),
        )

    def model(self, handle: str) -> str:
        """The model of the session that was given this handle; a handle resumes no other's."""
        saved = self._saved.get(handle)
        return saved.model if saved is not None else ""

    def in_use(self, handle: str) -> bool:
        """Whether the session that was given this handle is still open."""
        saved = self._saved.get(handle)
        return saved is not None and saved.session in self._open

    def _forget_old(self, room_for: int = 0) -> None:
        oldest_s = time.monotonic() - HANDLE_LIFE_S
        while self._saved:
            first = next(iter(self._saved))
            fits = len(self._saved) + room_for <= KEPT_HANDLES
            if fits and self._saved[first].saved_s > oldest_s:
                break
            del self._saved[first]
