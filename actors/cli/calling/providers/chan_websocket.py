"""Asterisk's chan_websocket, with control messages in JSON: only these have the variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actors.cli.calling.json_words import read_object, require_bare, written
from actors.cli.calling.line_form import BLOCK_S, Coding
from actors.cli.calling.orders import (
    ClearLine,
    EndCall,
    Order,
    PauseLine,
    PlaySound,
    ReportDrained,
    ReportStatus,
    SetMark,
    WrongMessage,
    WrongMessageError,
)
from actors.cli.calling.provider_words import LineStatus, MarksAfterClear, ProviderWords, Words

QUEUE_BLOCKS, PAUSE_BLOCKS, RESUME_BLOCKS = 1_000, 900, 800
"""QUEUE_LENGTH_MAX, _XOFF_LEVEL and _XON_LEVEL of its source."""
MOST_TEXT_BYTES = 128
"""Of a command: MAX_TEXT_MESSAGE_LEN of its source; a longer one is ignored."""


class ChanWebsocketWords(ProviderWords):
    """Sound is binary in multiples of a frame, or of any size between two commands."""

    name = "chan_websocket"
    subprotocol = "media"
    rates_hz = (8_000, 16_000)
    narrow_coding = Coding.MULAW
    queue_s = QUEUE_BLOCKS * BLOCK_S
    most_bytes = 65_500
    """Its documentation."""
    after_clear = MarksAfterClear.NEVER
    _buffering = False
    _rest = b""

    @property
    def flow_levels(self) -> tuple[int, int]:
        """Blocks in the queue at which a pause is asked for, and under which it ends."""
        return PAUSE_BLOCKS, RESUME_BLOCKS

    def begin(self) -> list[Words]:
        """Say that the line is up."""
        facts = self.facts
        return [
            written(
                {
                    "event": "MEDIA_START",
                    "connection_id": "greenroom",
                    "channel": f"WebSocket/greenroom/{facts.stream_id}",
                    "channel_id": facts.call_id,
                    "format": "ulaw" if self.form.coding is Coding.MULAW else "slin16",
                    "optimal_frame_size": self.form.block_bytes,
                    "ptime": round(BLOCK_S * 1000),
                    "channel_variables": {
                        "CALLERID(num)": facts.caller,
                        **facts.parameters,
                    },
                }
            )
        ]

    def key(self, key: str, at_ms: int) -> list[Words]:
        """Say that the person pressed a key."""
        del at_ms
        return self._event("DTMF_END", digit=key)

    def marked(self, mark: SetMark, *, cleared: bool) -> list[Words]:
        """Say that a mark, or the end of what was buffered, was reached."""
        del cleared
        return self._event(mark.payload, **({"correlation_id": mark.name} if mark.name else {}))

    def flow(self, paused: bool) -> list[Words]:
        """Say that the queue is nearly full, or has room again."""
        return self._event("MEDIA_XOFF" if paused else "MEDIA_XON")

    def drained(self) -> list[Words]:
        """Say that nothing waits any more."""
        return self._event("QUEUE_DRAINED")

    def status(self, status: LineStatus) -> list[Words]:
        """Say how much waits."""
        return self._event(
            "STATUS",
            queue_length=status.waiting_blocks,
            xon_level=RESUME_BLOCKS,
            xoff_level=PAUSE_BLOCKS,
            queue_full=status.full,
            bulk_media=self._buffering,
            media_paused=status.paused,
        )

    def _read(self, message: Words) -> list[Order]:
        return self._sound(message) if isinstance(message, bytes) else self._command(message)

    def _sound(self, payload: bytes) -> list[Order]:
        require_bare(payload)
        frame = self.form.block_bytes
        payload = self._rest + payload
        whole = len(payload) // frame * frame
        self._rest = payload[whole:] if self._buffering else b""
        orders: list[Order] = []
        if whole:
            orders.append(PlaySound(self.form.decode(payload[:whole])))
        if whole < len(payload) and not self._buffering:
            orders.append(
                WrongMessage(
                    f"{len(payload) - whole} bytes beyond whole frames of {frame} are dropped: "
                    "send multiples, or START_MEDIA_BUFFERING before"
                )
            )
        return orders

    def _command(self, message: str) -> list[Order]:
        if len(message.encode()) > MOST_TEXT_BYTES:
            raise WrongMessageError(
                f"a command of {len(message.encode())} bytes is ignored: {MOST_TEXT_BYTES} at most"
            )
        read = read_object(message)
        command = str(read.get("command"))
        orders = self._orders(command, read)
        if orders is None:
            raise WrongMessageError(f"the command {command!r} means nothing to Asterisk")
        return orders

    def _orders(self, command: str, read: Mapping[str, Any]) -> list[Order] | None:
        name = str(read.get("correlation_id", ""))
        match command:
            case "ANSWER":
                return []
            case "HANGUP":
                return [EndCall()]
            case "MARK_MEDIA":
                return [SetMark(name, "MEDIA_MARK_PROCESSED")]
            case "START_MEDIA_BUFFERING":
                self._buffering = True
                return []
            case "STOP_MEDIA_BUFFERING":
                return [*self._end_buffering(), SetMark(name, "MEDIA_BUFFERING_COMPLETED")]
            case "FLUSH_MEDIA":
                self._buffering, self._rest = False, b""
                return [ClearLine()]
            case "PAUSE_MEDIA" | "CONTINUE_MEDIA":
                return [PauseLine(command == "PAUSE_MEDIA")]
            case "REPORT_QUEUE_DRAINED":
                return [ReportDrained()]
            case "GET_STATUS":
                return [ReportStatus()]
        return None

    def _end_buffering(self) -> list[Order]:
        """Return what is left, filled up with silence to a frame."""
        rest, self._rest, self._buffering = self._rest, b"", False
        if not rest:
            return []
        missing = self.form.block_bytes - len(rest)
        filling = b"\xff" if self.form.coding is Coding.MULAW else b"\0"
        return [PlaySound(self.form.decode(rest + filling * missing))]

    def _event(self, event: str, **content: Any) -> list[Words]:
        return [written({"event": event, "channel_id": self.facts.call_id, **content})]
