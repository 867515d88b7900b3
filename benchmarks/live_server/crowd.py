"""Many callers: what came of each is kept, and each turn is answered at once with a tone.

The command `quota` ends the quota of Live for all.
"""

from __future__ import annotations

import bisect
import json
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from actors.backends.gemini.wire import decode_base64, model_turn, sound_part
from actors.simulator.errors import close_preset
from benchmarks.live_server.pages import (
    TurnRequest,
    models_page,
    read_turn,
    speech_page,
    words_page,
)
from benchmarks.live_server.process import Kind, LiveServerProcess, live_server
from benchmarks.live_server.socket import LiveSocket, Page
from benchmarks.marks import BLOCK_BYTES, block_ends, unmark

AUDIO = re.compile(rb'"audio"\s*:\s*\{[^}]*?"data"\s*:\s*"([^"]+)"')
ANSWER_MS, ANSWER_MESSAGES = 200, 5
"""A second of sound at once, as the service sends the beginning of an answer."""
QUOTA = "quota"
QUOTA_CLOSE = close_preset("quota")


Arrival = tuple[int, int, int]
"""Monotonic time in ns, caller and block."""


class SpokenBlock(NamedTuple):
    """A block that came, in messages of any length.

    Attributes:
        at_ns: When its last sample was here.
        caller: Whose it is.
        block: Its number.
        since_ns: When word came that this caller speaks; 0: it had been told to have stopped.
    """

    at_ns: int
    caller: int
    block: int
    since_ns: int


@dataclass
class Seen:
    """What came.

    Attributes:
        arrivals: Each message that is a whole block.
        spoken: All blocks, wherever they were cut.
        requests: For answers to spoken turns over HTTP.
        exhausted_ns: When Live's quota ended; 0 if it lasted.
        answers: When the first piece of each answer was sent, and to which caller.
    """

    arrivals: list[Arrival] = field(default_factory=list)
    spoken: list[SpokenBlock] = field(default_factory=list)
    requests: list[TurnRequest] = field(default_factory=list)
    exhausted_ns: int = 0
    answers: list[tuple[int, int]] = field(default_factory=list)


def _tone() -> bytes:
    tone = 3000 * np.sin(np.arange(24 * ANSWER_MS) * 2 * np.pi * 300 / 24_000)
    return tone.astype("<i2").tobytes()


def _answer(pieces: int) -> list[bytes]:
    sound = model_turn(sound_part(_tone(), 24_000))
    ends = ({"serverContent": {name: True}} for name in ("generationComplete", "turnComplete"))
    return [json.dumps(message).encode() for message in (*[sound] * pieces, *ends)]


class Heard(NamedTuple):
    """A message of sound: when it came, over which connection, in base64, and `since_ns`."""

    at_ns: int
    connection: int
    text: bytes
    since_ns: int


class Listener:
    """One Live session: keeps the blocks of sound as they came."""

    def __init__(self, server: CrowdServer, socket: LiveSocket) -> None:
        self._server = server
        self._socket = socket
        self._since_ns = 0

    def on_message(self, message: bytes, at_ns: int) -> None:
        """Take a message."""
        sound = AUDIO.search(message)
        if sound is not None:
            self._server.heard.append(Heard(at_ns, id(self), sound[1], self._since_ns))
        elif b'"setup"' in message[:12]:
            if self._server.seen.exhausted_ns:
                self.exhaust()
            else:
                self._socket.send(b'{"setupComplete": {}}')
        elif b"activityStart" in message or b"activity_start" in message:
            self._since_ns = at_ns
        elif b"activityEnd" in message or b"activity_end" in message:
            self._since_ns = 0
            self._server.answered.append((time.monotonic_ns(), id(self)))
            for each in self._server.answer:
                self._socket.send(each)

    def exhaust(self) -> None:
        """Close it for want of quota."""
        self._socket.close(QUOTA_CLOSE.code, QUOTA_CLOSE.reason)

    def lost(self) -> None:
        """Forget it."""
        self._server.listeners.discard(self)


class CrowdServer:
    """All sessions, and what came."""

    key = "bench"

    def __init__(self, pieces: int) -> None:
        self.seen = Seen()
        self.answer = _answer(pieces)
        self.answered: list[tuple[int, int]] = []
        """When, and over which connection."""
        self.heard: list[Heard] = []
        self.listeners: set[Listener] = set()
        self.all: list[Listener] = []
        """Those of before too: each has an identity of its own as long as it is here."""
        self._pages = (models_page(), words_page(), speech_page(_tone()))

    def connection(self) -> LiveSocket:
        """Return what serves a new connection."""
        return LiveSocket(self._converse, self._respond)

    def command(self, line: str) -> None:
        """End the quota, if that is what is asked for."""
        if line == QUOTA:
            self.exhaust()

    def exhaust(self) -> None:
        """End the quota of Live, for all at once."""
        self.seen.exhausted_ns = time.monotonic_ns()
        for each in list(self.listeners):
            each.exhaust()

    def journal(self) -> dict[str, Any]:
        """Tell the blocks apart; return the fields of `Seen`."""
        messages: defaultdict[int, list[tuple[Heard, bytes]]] = defaultdict(list)
        for heard in self.heard:
            pcm = decode_base64(heard.text.decode())
            messages[heard.connection].append((heard, pcm))
            mark = unmark(pcm) if len(pcm) == BLOCK_BYTES else None
            if mark is not None:
                self.seen.arrivals.append((heard.at_ns, *mark))
        whose_is: dict[int, int] = {}
        for connection, those in messages.items():
            whose, ends = block_ends(b"".join(pcm for _, pcm in those))
            whose_is[connection] = whose
            until = list(accumulate(len(pcm) for _, pcm in those))
            for block, end in ends:
                last = those[bisect.bisect_left(until, end)][0]
                self.seen.spoken.append(SpokenBlock(last.at_ns, whose, block, last.since_ns))
        self.seen.answers = [(at_ns, whose_is.get(each, -1)) for at_ns, each in self.answered]
        return asdict(self.seen)

    def _converse(self, socket: LiveSocket, _fields: dict[str, str]) -> Listener:
        listener = Listener(self, socket)
        self.all.append(listener)
        self.listeners.add(listener)
        return listener

    def _respond(self, path: str, body: bytes) -> Page:
        models, words, speech = self._pages
        if "Content" not in path:
            return models
        if "-tts" in path:
            return speech
        self.seen.requests.append(read_turn(body, time.monotonic_ns()))
        return words


@contextmanager
def crowd_server(folder: Path, pieces: int = ANSWER_MESSAGES) -> Iterator[Crowd]:
    """Run it in a process of its own; an answer has so many pieces of 200 ms."""
    with live_server(Kind.CROWD, folder, pieces) as process:
        yield Crowd(process)


class Crowd:
    """The process; what it saw can be asked once, at its end."""

    def __init__(self, process: LiveServerProcess) -> None:
        self._process = process
        self.pid = process.process.pid

    def exhaust(self) -> None:
        """End the quota of Live for all."""
        self._process.process.command(QUOTA)

    def seen(self) -> Seen:
        """End it; return what came."""
        found = self._process.journal()
        requests = [TurnRequest(**each) for each in found["requests"]]
        arrivals = [(at_ns, caller, block) for at_ns, caller, block in found["arrivals"]]
        spoken = [SpokenBlock(*each) for each in found["spoken"]]
        answers = [(at_ns, caller) for at_ns, caller in found["answers"]]
        return Seen(arrivals, spoken, requests, found["exhausted_ns"], answers)
