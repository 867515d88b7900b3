"""A provider of telephony as it speaks to a server: its words alone, no sockets, no clocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import ClassVar

from actors.cli.calling.line_form import Coding, LineForm
from actors.cli.calling.orders import Order, SetMark, WrongMessage, WrongMessageError
from pipeline.errors import ConfigError

NARROW_HZ = 8_000
"""Of telephone lines since G.711."""
Words = str | bytes
"""A message of a WebSocket, or a packet of AudioSocket."""


class MarksAfterClear(Enum):
    """What becomes of the marks of sound that was thrown away."""

    RETURNED = auto()
    SAID_CLEARED = auto()
    NEVER = auto()


@dataclass(frozen=True)
class CallFacts:
    """Who calls whom.

    Attributes:
        call_id: The provider's name of the call.
        stream_id: And of the socket.
        caller: Number of who calls.
        called: Of who is called.
        direction: Of the call as the provider sees it.
        parameters: What the webhook, or the exchange's dialplan, gives the call.
    """

    call_id: str
    stream_id: str
    caller: str = "+15550100"
    called: str = "+15550199"
    direction: str = "inbound"
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LineStatus:
    """What a provider knows of its own queue.

    Attributes:
        waiting_blocks: Blocks of 20 ms that wait.
        full: It asked for a pause.
        paused: It plays silence until it is told to go on.
    """

    waiting_blocks: int
    full: bool
    paused: bool


class ProviderWords(ABC):
    """One call in the words of one provider.

    Args:
        facts: Of the call.
        rate_hz: Of the line; None: as the provider has it if nothing is asked.

    Raises:
        ConfigError: the provider has no such rate.
    """

    name: ClassVar[str]
    subprotocol: ClassVar[str | None] = None
    """Offered; a server that does not take it is refused."""
    rates_hz: ClassVar[tuple[int, ...]] = (NARROW_HZ,)
    """The first is meant where none is asked for."""
    narrow_coding: ClassVar[Coding] = Coding.PCM16
    """Of lines of 8 kHz; wider ones are PCM16."""
    heard_hz: ClassVar[int | None] = None
    """Of what is heard, where that is not the rate of what is said."""
    queue_s: ClassVar[float] = 1800.0
    """How much waits at most; no limit is known of most, and nobody speaks for half an hour."""
    prefill_s: ClassVar[float] = 0.0
    """So much waits before it is played, where the buffer is that of the person's telephone."""
    after_clear: ClassVar[MarksAfterClear] = MarksAfterClear.RETURNED
    most_bytes: ClassVar[int] = 1_048_576
    """Of a message; a megabyte is what most servers of WebSockets take."""
    silent_end_s: ClassVar[float | None] = None
    """The provider ends a call in which it hears nothing for so long."""
    numbers_lost_sound: ClassVar[bool] = False
    """Sound that is lost leaves a hole in the numbers: order is not guaranteed, nor is delivery."""
    counts_sound: ClassVar[bool] = False
    """The caller may come back over another connection in mid-word, and loses nothing."""

    def __init__(self, facts: CallFacts, rate_hz: int | None = None) -> None:
        self.facts = facts
        rate = self.rates_hz[0] if rate_hz is None else rate_hz
        if rate not in self.rates_hz:
            rates = ", ".join(map(str, self.rates_hz))
            raise ConfigError(f"{self.name} has no line of {rate} Hz: choose one of {rates}")
        self.form = LineForm(self.narrow_coding if rate == NARROW_HZ else Coding.PCM16, rate)
        """Of what is said."""
        self.heard = LineForm(Coding.PCM16, self.heard_hz) if self.heard_hz else self.form
        self.is_ready = True
        """The server takes sound; where it says so itself, not before."""

    def again(self) -> ProviderWords | None:
        """Return the words of the same caller on a new connection; None: it is a new call."""
        return None

    def dialled(self, url: str) -> str:
        """Return the URL that the provider really opens."""
        return url

    @abstractmethod
    def begin(self) -> list[Words]:
        """Say that the line is up."""

    def sound(self, payload: bytes, _number: int, _at_ms: int) -> list[Words]:
        """Say what the person says: a block of 20 ms, a binary message where nothing else is said.

        Args:
            payload: In the form of the line.
            _number: Of the block, from 1.
            _at_ms: Since the line was up.
        """
        return [payload]

    def key(self, _key: str, _at_ms: int) -> list[Words]:
        """Say that the person pressed a key; nothing where the protocol has no word for it."""
        return []

    def stop(self) -> list[Words]:
        """Say that the call is over, before the socket is closed."""
        return []

    def marked(self, _mark: SetMark, *, cleared: bool) -> list[Words]:
        """Say that a mark was reached, or its sound was thrown away."""
        del cleared
        return []

    def cleared(self) -> list[Words]:
        """Say that what waited was thrown away."""
        return []

    def flow(self, _paused: bool) -> list[Words]:
        """Say that the queue is nearly full, or has room again."""
        return []

    def drained(self) -> list[Words]:
        """Say that nothing waits any more."""
        return []

    def status(self, _status: LineStatus) -> list[Words]:
        """Say how much waits."""
        return []

    def understand(self, message: Words) -> list[Order]:
        """Return what the server orders; a `WrongMessage` for what the provider does not take."""
        try:
            return self._read(message)
        except WrongMessageError as error:
            return [WrongMessage(str(error))]

    @abstractmethod
    def _read(self, message: Words) -> list[Order]:
        """Return what the server orders.

        Raises:
            WrongMessageError: it is not as the provider wants it.
        """

    @property
    def flow_levels(self) -> tuple[int, int] | None:
        """Blocks in the queue at which a pause is asked for, and under which it ends."""
        return None
