"""How fast one connection may send: who is faster is read more slowly, and told so."""

from __future__ import annotations

from enum import Enum, auto

from actors.gateway.access.limit_options import LimitOptions
from actors.gateway.access.token_bucket import Rate, TokenBucket

SOUND_BURST_S = 60.0
PICTURE_BURST_S = 2.5
TEXT_BURST_S = 10.0
OTHER_BURST_S = 10.0
"""What may come at once, as a time at the full rate: at the default rates two minutes of sound in
pieces of 20 ms, ten pictures, twenty texts, 200 others."""
BYTES_BURST_S = 32.0
"""The same for bytes: two of the largest messages."""
LONGEST_WAIT_S = 5.0
"""For one message: a client that is gone is noticed after it, and one that answers pings is not
taken for gone, which takes 20 s."""


class MessageKind(Enum):
    """What a message brings."""

    SOUND = auto()
    PICTURE = auto()
    TEXT = auto()
    OTHER = auto()


class MessageMeter:
    """Measures what comes over one connection.

    Args:
        limits: How much may come.
        now_s: Any clock that does not go back.
    """

    def __init__(self, limits: LimitOptions, now_s: float) -> None:
        def bucket(per_s: float, burst_s: float) -> TokenBucket:
            return TokenBucket(Rate(per_s, max(1.0, per_s * burst_s)), now_s)

        self._bytes = bucket(limits.bytes_per_s, BYTES_BURST_S)
        self._messages = {
            MessageKind.SOUND: bucket(limits.sound_messages_per_s, SOUND_BURST_S),
            MessageKind.PICTURE: bucket(limits.pictures_per_s, PICTURE_BURST_S),
            MessageKind.TEXT: bucket(limits.texts_per_s, TEXT_BURST_S),
            MessageKind.OTHER: bucket(limits.other_messages_per_s, OTHER_BURST_S),
        }

    def wait_s(self, kind: MessageKind, size: int, now_s: float) -> float:
        """Note a message; return for how long no other is to be read, in seconds."""
        of_kind = self._messages[kind].spend(1.0, now_s)
        of_bytes = self._bytes.spend(size, now_s)
        if not of_kind and not of_bytes:
            return 0.0
        return min(LONGEST_WAIT_S, max(of_kind, of_bytes))
