"""One caller: what it says, over which connection, and what it was told."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.callers import LONGEST_SILENCE, SEED, caller_name, said_phrases
from benchmarks.marks import BLOCK_BYTES, mark
from benchmarks.sound import CHUNK_SAMPLES, RATE_HZ
from benchmarks.web_callers.client_socket import ClientSocket

RETRY_S = (0.25, 0.5, 1.0, 2.0)
"""As `page/caller.js` waits before it connects again."""
PATH = "/ws/live-audio?audio=binary"


@dataclass
class Talk:
    """What a caller said and was told; times are monotonic, in ns.

    Attributes:
        sent: When each block was sent, by its number; none while it was not connected.
        phrases: Numbers of the first and last block of each phrase that was said to its end.
        sounds: When each piece of an answer came.
        told: When which message came, with its turn and its outcome.
        lost: When a connection was lost.
        back: When the session was there again after that.
    """

    sent: dict[int, int] = field(default_factory=dict)
    phrases: list[tuple[int, int]] = field(default_factory=list)
    sounds: list[int] = field(default_factory=list)
    told: list[tuple[int, str, str, str]] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)


class Talker:
    """A caller.

    Args:
        number: Which.
        address: Host and port of who serves it.
        pause_s: Silence between two phrases; None: each as long as the phrase before it.
        packed: Sound goes out in JSON and base64, and is asked for so.
    """

    def __init__(
        self, number: int, address: tuple[str, int], pause_s: float | None, *, packed: bool
    ) -> None:
        self.talk = Talk()
        self._number = number
        self._address = address
        self._packed = packed
        self._socket: ClientSocket | None = None
        self._is_open = False
        self._failures = 0
        self._blocks = self._say(pause_s)
        self._block = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def connect(self) -> None:
        """Connect, and begin the session or come back to it."""
        task = asyncio.ensure_future(self._connect())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def speak(self) -> None:
        """Send the next 20 ms, if there is a connection."""
        block = mark(next(self._blocks), self._number, self._block % (1 << 16))
        if self._is_open and self._socket is not None:
            self.talk.sent[self._block] = time.monotonic_ns()
            if self._packed:
                data = base64.b64encode(block).decode()
                self._socket.send(f'{{"type":"audio_chunk","format":"pcm","data":"{data}"}}')
            else:
                self._socket.send(block)
        self._block += 1

    async def _connect(self) -> None:
        path = PATH.partition("?")[0] if self._packed else PATH
        manner = {"type": "start_session", "session_id": caller_name(self._number)}

        def make() -> ClientSocket:
            return ClientSocket(path, json.dumps(manner), self._on_message, self._on_lost)

        try:
            _, socket = await asyncio.get_running_loop().create_connection(make, *self._address)
        except OSError:
            self._on_lost()
            return
        self._socket = socket

    def _on_message(self, message: str | bytes, at_ns: int) -> None:
        if isinstance(message, bytes):
            self.talk.sounds.append(at_ns)
            return
        told: dict[str, Any] = json.loads(message)
        kind = told["type"]
        if kind == "audio":
            self.talk.sounds.append(at_ns)
            return
        if kind == "session_started":
            if self.talk.lost:
                self.talk.back.append(at_ns)
            self._is_open = True
            self._failures = 0
        said = told.get("outcome") or told.get("error") or told.get("detail") or ""
        self.talk.told.append((at_ns, kind, told.get("turn", ""), said))

    def _on_lost(self) -> None:
        if self._is_open:
            self.talk.lost.append(time.monotonic_ns())
        self._is_open, self._socket = False, None
        wait_s = RETRY_S[min(self._failures, len(RETRY_S) - 1)]
        self._failures += 1
        asyncio.get_running_loop().call_later(wait_s, self.connect)

    def _say(self, pause_s: float | None) -> Iterator[bytes]:
        silence = bytes(BLOCK_BYTES)
        chance = random.Random(SEED * 1000 + self._number)
        yield from [silence] * chance.randrange(LONGEST_SILENCE // CHUNK_SAMPLES)
        while True:
            phrase = chance.choice(said_phrases())
            begin = self._block
            yield from phrase
            self.talk.phrases.append((begin, self._block))
            pause = len(phrase) if pause_s is None else round(pause_s * RATE_HZ / CHUNK_SAMPLES)
            yield from [silence] * pause
