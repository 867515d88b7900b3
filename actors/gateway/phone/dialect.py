"""What the telephone protocols have in common: one media loop serves them all by these words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Protocol

from actors.gateway.events import Message


class Encoding(Enum):
    """Of the sound of a line."""

    MULAW = auto()
    """ITU-T G.711 mu-law, one byte a sample."""
    ALAW = auto()
    """ITU-T G.711 A-law, one byte a sample."""
    PCM16 = auto()
    """Signed 16-bit little-endian samples."""


@dataclass(frozen=True)
class LineSound:
    """Form of the sound of a line, mono."""

    encoding: Encoding
    rate_hz: int

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample."""
        return 2 if self.encoding is Encoding.PCM16 else 1

    def bytes_of(self, milliseconds: float) -> int:
        """Bytes of so much sound."""
        return round(self.rate_hz * milliseconds / 1000) * self.sample_bytes


class PacedBy(Enum):
    """Who lets sound out at its pace."""

    PROVIDER = auto()
    """It keeps what is sent before its time in a queue."""
    OURS = auto()
    """It plays at once what it is sent, or loses it."""


class AfterClear(Enum):
    """What becomes of the marks of sound that was thrown away."""

    RETURNED = auto()
    """They come back at once, as if it had been played."""
    MARKED = auto()
    """They come back, and say that it was not."""
    DROPPED = auto()
    """They never come back."""


class HangUp(Enum):
    """How a call is ended from our side."""

    CLOSE = auto()
    """The socket is closed."""
    MESSAGE = auto()
    """By a message, then the socket is closed."""
    REST = auto()
    """By a request to the provider; without it the call goes on with what its program says next."""


@dataclass(frozen=True)
class LineTraits:
    """What a provider's lines can do.

    Attributes:
        paced_by: Who lets sound out at its pace.
        queue_s: How much the provider keeps of what is sent before its time; 0 if it keeps none.
        begins_at_ms: Of an answer nothing is played before so much of it is there.
        unit_ms: Each message of sound is exactly so long; None: of any length.
        multiple_bytes: A message of sound is a multiple of so many bytes.
        least_bytes: A message of sound has at least so many.
        most_bytes: And at most so many.
        ordered: Sound comes in order; if not, it is put in order by its number.
        clears: What waits to be played can be thrown away.
        marks: It says when sound was played.
        after_clear: What becomes of marks.
        keeps_alive_s: Without traffic from us for so long it ends the call; None: it does not.
        hang_up: How a call is ended from our side.
        keys_out: Keys can be pressed by a message; if not, their tones are played.
        subprotocols: Of the WebSocket, the first that is offered is accepted.
    """

    paced_by: PacedBy = PacedBy.PROVIDER
    queue_s: float = 0.0
    begins_at_ms: float = 0.0
    unit_ms: float | None = None
    multiple_bytes: int = 1
    least_bytes: int = 0
    most_bytes: int = 65_000
    ordered: bool = True
    clears: bool = True
    marks: bool = True
    after_clear: AfterClear = AfterClear.RETURNED
    keeps_alive_s: float | None = None
    hang_up: HangUp = HangUp.CLOSE
    keys_out: bool = False
    subprotocols: Sequence[str] = ()


@dataclass(frozen=True)
class CallStarted:
    """The line is up; the first of all events of a call.

    Attributes:
        call_id: The provider's name of the call, as in its webhooks.
        stream_id: Its name of the socket, where it has one of its own.
        sound_in: Form of the sound that comes.
        sound_out: Form of the sound that is sent.
        caller: Number or address of who calls; empty if it is not said.
        called: Of who is called.
        direction: `inbound` or `outbound`; empty if it is not said.
        parameters: What the webhook, or the exchange's dialplan, gave the call.
    """

    call_id: str
    stream_id: str
    sound_in: LineSound
    sound_out: LineSound
    caller: str = ""
    called: str = ""
    direction: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


class SoundHeard(NamedTuple):
    """Sound of the person; a tuple, as one is made of each message.

    Attributes:
        payload: In the form that was announced.
        number: Of the message, where order has to be restored.
    """

    payload: bytes
    number: int | None = None


@dataclass(frozen=True)
class KeyPressed:
    """The person pressed a key: one of `0123456789*#ABCD`."""

    key: str


@dataclass(frozen=True)
class MarkReached:
    """What was sent before this mark is played, or was thrown away."""

    name: str
    cleared: bool = False


@dataclass(frozen=True)
class FlowChanged:
    """The provider's queue is full, or has room again."""

    paused: bool


@dataclass(frozen=True)
class LineEnded:
    """The person hung up, or the provider ended the call."""

    reason: str = ""


@dataclass(frozen=True)
class LineProblem:
    """The provider says that something is wrong; or it sent what cannot be understood."""

    text: str


LineEvent = (
    CallStarted | SoundHeard | KeyPressed | MarkReached | FlowChanged | LineEnded | LineProblem
)


NO_QUERY: Mapping[str, str] = MappingProxyType({})


class PhoneDialect(Protocol):
    """One call in the words of one provider: pure, no sockets, no clocks.

    A dialect is made for each call. What it is sent that has no meaning is no event; what is broken
    is a `LineProblem`, never an exception. Before `CallStarted` nothing is sent.
    """

    name: ClassVar[str]
    """In the path: `/phone/NAME`."""
    traits: ClassVar[LineTraits]

    def __init__(self, query: Mapping[str, str] = NO_QUERY) -> None:
        """Make one for a call.

        Args:
            query: Of the path of its socket, each name with its last value.
        """

    def take(self, message: Message) -> list[LineEvent]:
        """Understand a message of the provider."""

    def held_ms(self, block_ms: float) -> float:
        """Return how much sound may wait for a message to be full while blocks come.

        Known once the line is up.
        """

    def sound(self, payload: bytes) -> list[Message]:
        """Say sound, in the form of the line and the sizes of the traits.

        What does not fill a message is held back until more comes, or `finish`.
        """

    def mark(self, name: str) -> list[Message]:
        """Ask to be told when what was sent so far is played; nothing where that cannot be.

        If the end of it is held back, the question is asked behind the message that has it.
        """

    def finish(self) -> list[Message]:
        """Say what is held back, filled up with silence: no more sound comes for now.

        After the last mark of an answer: some providers answer it only when sound follows.
        """

    def clear(self) -> list[Message]:
        """Throw away what waits to be played, and what is held back.

        Nothing is sent where the provider cannot throw away.
        """

    def press(self, keys: str) -> list[Message]:
        """Press keys, where that is a message."""

    def hang_up(self) -> list[Message]:
        """End the call, where that is a message."""
