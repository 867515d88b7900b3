"""How a call is made, and what the network may do to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from actors.cli.calling.bad_network import Weather
from actors.cli.calling.provider_words import ProviderWords


class Severed(Enum):
    """What the network did to a connection."""

    NOT = auto()
    CUT = auto()
    FROZEN = auto()
    """It is open and nothing comes through; whoever froze it ends it."""


@dataclass
class Call:
    """How a call is made.

    Attributes:
        url: Of the server.
        words: Of the provider.
        headers: Of the handshake.
        weather: Of the network.
        longest_s: So long after the start the person hangs up, whatever is; None: never.
        moves: It goes on over another connection, where the provider's words permit that.
    """

    url: str
    words: ProviderWords
    headers: Mapping[str, str] = field(default_factory=dict)
    weather: Weather = field(default_factory=Weather)
    longest_s: float | None = None
    moves: bool = False

    @property
    def comes_back(self) -> bool:
        """Whether a connection that is lost is not the end of it."""
        return self.moves and self.words.counts_sound
