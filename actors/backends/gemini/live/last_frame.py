"""The last frame that came, as it came: google-genai drops what it does not understand."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pipeline.frames.values import whole_text

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""What stands for half a surrogate pair in JSON, also where the other half follows."""
MOST_DIGITS = 400
"""Of an integer: more is beyond any number that a program reckons with (a double has 308), and
Python reads none of 4300."""


class LastFrame:
    """Stands in for the socket of a session, and keeps what `recv` returned last.

    google-genai raises TypeError on `{"error": ...}` as on a frame with nothing but new fields,
    and says in neither case what was in it.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._raw = b""
        self._waiting: bytes | None = None
        """What `recv` returns next; None: what comes next."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    async def wait(self) -> bytes:
        """Return the next frame once it is there; `recv` returns it again, unless it is taken.

        Half a surrogate pair comes as U+FFFD: it can neither be stored nor sent on.
        """
        if self._waiting is None:
            raw = self._raw = await self._socket.recv(decode=False)
            # Sound is base64 and has neither.
            if (b"\\u" in raw or b"\xed" in raw) and HALF_PAIR.search(raw):
                raw = _mended(raw) or raw
            self._waiting = raw
        return self._waiting

    def take(self) -> None:
        """Let the frame that waits be done with."""
        self._waiting = None

    async def recv(self, *_arguments: Any, **_options: Any) -> bytes:
        """Receive as the socket does: the frame that waits, or was mended, or the next one."""
        raw = await self.wait()
        self.take()
        return raw

    def mend(self) -> bool:
        """Have the last frame come again, without integers too long to be read.

        Returns:
            Whether there were any.
        """
        raw = self._raw
        if not re.search(rb"\d{%d}" % MOST_DIGITS, raw):
            return False
        self._raw = b""
        self._waiting = _mended(raw)
        return self._waiting is not None

    def parsed(self) -> dict[str, Any] | None:
        """Return the JSON object that came last; None: it is none."""
        try:
            content = json.loads(self._raw)
        except (ValueError, RecursionError):
            return None
        return content if isinstance(content, dict) else None


def _mended(raw: bytes) -> bytes | None:
    """The frame with whole text and integers that can be read; None: it is no JSON."""
    try:
        return json.dumps(whole_text(json.loads(raw, parse_int=_integer))).encode()
    except (ValueError, RecursionError):
        return None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < MOST_DIGITS else float(digits)
