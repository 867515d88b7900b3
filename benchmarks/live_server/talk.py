"""One speaker: what is heard is looked up in what was spoken, and answered in real time."""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import math
import time
from dataclasses import dataclass, field
from typing import Any

from actors.backends.gemini.wire import decode_base64
from actors.simulator.errors import close_preset
from benchmarks.live_server.socket import LiveSocket

RATE_HZ = 16_000
ANSWER_RATE_HZ = 24_000
PIECE_MS = 100
AHEAD = 3.0
"""How much faster than real time the pieces of an answer come: as seen from the service."""
QUOTA = close_preset("quota")
PAUSE_S = 0.5
"""Of silence, after which a server that finds the turns itself answers: the service's default is
in this order."""


@dataclass(frozen=True)
class Behaviour:
    """What the server does.

    Attributes:
        key: Before the number of the session, in the API keys of those whose quota may end.
        model: That it offers.
        sound: WAV file that is spoken to it: what comes is looked up there.
        answer_ms: Length of each answer.
        turn_ends: Samples at which a turn ends, for sessions that leave this to the server.
        quota_at: Sample whose arrival uses up the quota of the first service; None if it lasts.
    """

    key: str
    model: str
    sound: str
    answer_ms: int
    turn_ends: list[int] = field(default_factory=list)
    quota_at: int | None = None


@dataclass
class SessionRecord:
    """What one session saw; times in monotonic ns, positions in samples of the sound.

    Attributes:
        arrivals: Of each message with sound: time, first sample, end; -1, -1 if it is none of it.
        starts: When the client said that speech begins.
        ends: When it said that it ends.
        answers: When the first piece of each answer was handed to the socket.
        exhausted_ns: When it was closed for quota; 0 if it was not.
    """

    key: str
    arrivals: list[tuple[int, int, int]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    exhausted_ns: int = 0


class TalkSession:
    """Hears what a client says, and answers."""

    def __init__(
        self,
        socket: LiveSocket,
        behaviour: Behaviour,
        sound: bytes,
        record: SessionRecord,
        *,
        limited: bool,
        exhausted: bool,
    ) -> None:
        """`limited` ones have a quota; it may be `exhausted` before they begin."""
        self._socket = socket
        self._behaviour = behaviour
        # A session may go on from the end to the beginning.
        self._sound = 2 * sound
        self._length = len(sound)
        self._record = record
        self._quota_at = behaviour.quota_at if limited else None
        self._exhausted = exhausted
        self._end: int | None = None
        self._turn_ends: list[int] = []
        self._answering: asyncio.Task[None] | None = None

    def lost(self) -> None:
        """Stop answering."""
        if self._answering is not None:
            self._answering.cancel()

    def on_message(self, message: bytes, at_ns: int) -> None:
        """Take a message of the client."""
        given = json.loads(message)
        if "setup" in given:
            self._set_up(given["setup"])
            return
        told = given.get("realtime_input") or given.get("realtimeInput") or {}
        if "audio" in told:
            self._hear(told["audio"]["data"], at_ns)
        elif "activityStart" in told or "activity_start" in told:
            self._record.starts.append(at_ns)
            self._interrupt()
        elif "activityEnd" in told or "activity_end" in told:
            self._record.ends.append(at_ns)
            self._answer()

    def _set_up(self, setup: dict[str, Any]) -> None:
        if self._exhausted:
            self._exhaust()
            return
        if not _client_turns(setup):
            self._turn_ends = list(self._behaviour.turn_ends)
        self._send({"setupComplete": {}})

    def _exhaust(self) -> None:
        self._record.exhausted_ns = time.monotonic_ns()
        self._socket.close(QUOTA.code, QUOTA.reason)
        self.lost()

    def _hear(self, data: str, at_ns: int) -> None:
        if self._record.exhausted_ns:
            return
        pcm = decode_base64(data)
        start = self._find(pcm)
        end = start + len(pcm) // 2 if start >= 0 else -1
        self._record.arrivals.append((at_ns, start, end))
        if self._quota_at is not None and end >= self._quota_at:
            self._exhaust()
        elif self._turn_ends and end >= self._turn_ends[0] + PAUSE_S * RATE_HZ:
            self._turn_ends.pop(0)
            self._answer()

    def _find(self, pcm: bytes) -> int:
        """Return the position of these samples: where they are due, or else further on."""
        due = 0
        if self._end is not None:
            due = self._end % self._length
            if self._sound.startswith(pcm, due):
                self._end = due + len(pcm)
                return due // 2
        at = self._sound.find(pcm, due)
        if at < 0:
            at = self._sound.find(pcm)
        if at < 0 or at % 2:
            return -1
        self._end = at + len(pcm)
        return at // 2

    def _answer(self) -> None:
        self.lost()
        self._answering = asyncio.create_task(self._speak())

    def _interrupt(self) -> None:
        if self._answering is not None and not self._answering.done():
            self._answering.cancel()
            self._send({"serverContent": {"interrupted": True}})
            self._send({"serverContent": {"turnComplete": True}})

    async def _speak(self) -> None:
        left_ms = self._behaviour.answer_ms
        self._send({"serverContent": {"inputTranscription": {"text": "a question"}}})
        first = True
        while left_ms > 0:
            piece_ms = min(PIECE_MS, left_ms)
            left_ms -= piece_ms
            blob = {"mimeType": f"audio/pcm;rate={ANSWER_RATE_HZ}", "data": _tone(piece_ms)}
            content = {"modelTurn": {"role": "model", "parts": [{"inlineData": blob}]}}
            message = json.dumps({"serverContent": content}).encode()
            if first:
                self._record.answers.append(time.monotonic_ns())
            self._socket.send(message)
            if first:
                self._send({"serverContent": {"outputTranscription": {"text": "an answer"}}})
            first = False
            await asyncio.sleep(piece_ms / 1000 / AHEAD)
        self._send({"serverContent": {"generationComplete": True}})
        usage = {"promptTokenCount": 1, "responseTokenCount": 1, "totalTokenCount": 2}
        self._send({"serverContent": {"turnComplete": True}, "usageMetadata": usage})

    def _send(self, message: dict[str, Any]) -> None:
        self._socket.send(json.dumps(message).encode())


def _client_turns(setup: dict[str, Any]) -> bool:
    """Whether the client finds the turns itself."""
    given = setup.get("realtimeInputConfig") or setup.get("realtime_input_config") or {}
    automatic = given.get("automaticActivityDetection") or given.get("automatic_activity_detection")
    return bool((automatic or {}).get("disabled"))


@functools.lru_cache
def _tone(duration_ms: int) -> str:
    """Return a hum: a client may leave out silence."""
    count = ANSWER_RATE_HZ * duration_ms // 1000
    wave = (int(8000 * math.sin(2 * math.pi * 200 * n / ANSWER_RATE_HZ)) for n in range(count))
    pcm = b"".join(sample.to_bytes(2, "little", signed=True) for sample in wave)
    return base64.b64encode(pcm).decode("ascii")
