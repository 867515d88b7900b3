"""Messages of AudioSocket in what comes by TCP."""

from __future__ import annotations

import struct

HEAD = struct.Struct(">BH")
"""Kind and length of the payload."""


class AudioSocketSplitter:
    """Cuts what comes by TCP into whole messages; at most 64 kB wait."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, received: bytes) -> list[bytes]:
        """Return the messages that are whole by now, each with its head."""
        self._waiting += received
        messages, at = [], 0
        while len(self._waiting) - at >= HEAD.size:
            end = at + HEAD.size + HEAD.unpack_from(self._waiting, at)[1]
            if end > len(self._waiting):
                break
            messages.append(bytes(self._waiting[at:end]))
            at = end
        del self._waiting[:at]
        return messages
