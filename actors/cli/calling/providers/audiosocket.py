"""Asterisk's AudioSocket: packets over TCP."""

from __future__ import annotations

import struct
import uuid

from actors.cli.calling.json_words import played, require_bare
from actors.cli.calling.orders import EndCall, Order, WrongMessage, WrongMessageError
from actors.cli.calling.provider_words import (
    CallFacts,
    MarksAfterClear,
    ProviderWords,
    Words,
)
from pipeline.errors import ConfigError

HEADER = struct.Struct(">BH")
"""Kind and length."""
HANG_UP, CALL, KEY, ERROR = 0x00, 0x01, 0x03, 0xFF
SOUND = {8_000: 0x10, 12_000: 0x11, 16_000: 0x12, 24_000: 0x13, 32_000: 0x14, 48_000: 0x16}
JITTER_BUFFER_S = 0.2
"""There is no queue. What comes too early is lost in the buffer of the telephone: `jbmaxsize` of
Asterisk has this default."""
PREFILL_S = 0.06
"""Three packets, with which jitter buffers of telephones begin."""
SILENT_END_S = 2.0
"""MAX_WAIT_TIMEOUT_MSEC of app_audiosocket."""


class AudioSocketWords(ProviderWords):
    """A call is nothing but a UUID; sound has to be paced by the server."""

    name = "audiosocket"
    rates_hz = (8_000, 12_000, 16_000, 24_000, 32_000, 48_000)
    queue_s = JITTER_BUFFER_S
    prefill_s = PREFILL_S
    after_clear = MarksAfterClear.NEVER
    silent_end_s = SILENT_END_S

    def __init__(self, facts: CallFacts, rate_hz: int | None = None) -> None:
        super().__init__(facts, rate_hz)
        try:
            self._call = uuid.UUID(facts.call_id)
        except ValueError:
            raise ConfigError(
                f"a call of audiosocket is named by a UUID, not {facts.call_id!r}"
            ) from None

    def begin(self) -> list[Words]:
        """Say which call it is."""
        return [packet(CALL, self._call.bytes)]

    def sound(self, payload: bytes, number: int, at_ms: int) -> list[Words]:
        """Say what the person says."""
        del number, at_ms
        return [packet(SOUND[self.form.rate_hz], payload)]

    def key(self, key: str, at_ms: int) -> list[Words]:
        """Say that the person pressed a key."""
        del at_ms
        return [packet(KEY, key.encode("ascii"))]

    def _read(self, message: Words) -> list[Order]:
        if isinstance(message, str):
            raise WrongMessageError("a text: packets are bytes")
        kind, payload = message[0], message[HEADER.size :]
        if kind == HANG_UP:
            return [EndCall()]
        if kind == ERROR:
            return [WrongMessage(f"the server reports an error: {payload.hex()}", ends=True)]
        if kind != SOUND[self.form.rate_hz]:
            raise WrongMessageError(
                f"a packet of kind 0x{kind:02x}: sound of this line is "
                f"0x{SOUND[self.form.rate_hz]:02x}, hanging up 0x00"
            )
        require_bare(payload)
        return played(self.form, payload)


def packet(kind: int, payload: bytes = b"") -> bytes:
    """Return a packet."""
    return HEADER.pack(kind, len(payload)) + payload
