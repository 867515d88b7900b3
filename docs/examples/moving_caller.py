"""Ask with a WAV file (16 kHz, 16 bits, mono) over a connection that may be lost at any moment.

python moving_caller.py question.wav ws://127.0.0.1:3000/ws/live-audio
"""

import asyncio
import json
import random
import sys
import uuid
import wave
from collections.abc import Callable
from typing import Any

import websockets

KEPT_BYTES = 10 * 32_000  # Ten seconds.
SILENT_S = 3.0  # Without a word for so long the gateway, or the network, is gone.
RETRY_S = (0.02, 0.25, 0.5, 1.0, 2.0, 4.0)


class MovingCaller:
    """A caller who comes back by itself, to any room, and loses nothing that was said."""

    def __init__(
        self, url: str, take: Callable[[dict[str, Any] | bytes], None], **session: Any
    ) -> None:
        self.url = f"{url}?audio=binary"
        self.take = take
        self.session = {"session_id": uuid.uuid4().hex, **session}
        self.kept = b""
        self.next = 0  # Samples that were ever said.
        self.done = {"sound": 0, "position": 0}  # The gateway needs nothing before it.
        self.sent = 0
        self.stirred = asyncio.Event()
        self.socket: websockets.ClientConnection | None = None

    def say(self, pcm: bytes) -> None:
        """Say samples at 16 kHz; they are sent as soon as there is a gateway."""
        self.kept = (self.kept + pcm)[-KEPT_BYTES:]
        self.next += len(pcm) // 2
        self.stirred.set()

    def move(self) -> None:
        """Break the connection, as a network that is gone does; `run` makes another one."""
        if self.socket is not None:
            self.socket.transport.abort()

    async def run(self) -> None:
        """Hold the conversation until it has ended, or is cancelled."""
        failures = 0
        while True:
            try:
                async with websockets.connect(
                    self.url, open_timeout=SILENT_S, close_timeout=0.1, ping_interval=None
                ) as socket:
                    self.socket = socket
                    async with asyncio.TaskGroup() as tasks:
                        tasks.create_task(self.ping(socket))
                        writing = None
                        while True:
                            async with asyncio.timeout(SILENT_S):
                                data = await socket.recv()
                            message = json.loads(data) if isinstance(data, str) else data
                            kind = "audio" if isinstance(data, bytes) else message["type"]
                            if kind == "session_started":
                                failures, self.sent = 0, message["sound"]
                                writing = writing or tasks.create_task(self.write(socket))
                            elif kind == "sound_done":
                                self.done = message
                            self.take(message)
                            if kind == "session_ended":
                                return
                            if kind == "going_away" and message.get("moves"):
                                raise TimeoutError
            except* (OSError, TimeoutError, websockets.WebSocketException):
                pass
            wait_s = RETRY_S[min(failures, len(RETRY_S) - 1)]
            failures += 1
            await asyncio.sleep(wait_s * random.uniform(1.0, 1.5))

    async def ping(self, socket: websockets.ClientConnection) -> None:
        """Come back to the session, and then ask once a second whether somebody is there."""
        begin = max(self.next - len(self.kept) // 2, self.done["sound"])
        position = self.done["position"] + begin - self.done["sound"]
        sound = {"from": begin, "next": self.next, "position": position}
        await socket.send(json.dumps({"type": "start_session", **self.session, "sound": sound}))
        while True:
            await asyncio.sleep(1.0)
            await socket.send('{"type": "ping"}')

    async def write(self, socket: websockets.ClientConnection) -> None:
        """Send what was said and has not gone over this connection."""
        while True:
            self.stirred.clear()
            if self.next > self.sent:
                await socket.send(self.kept[2 * (self.sent - self.next) :])
                self.sent = self.next
            await self.stirred.wait()


async def main(question: str, url: str) -> None:
    """Say the file at its pace, and then silence until the answer is complete."""
    answered = asyncio.Event()

    def take(message: dict[str, Any] | bytes) -> None:
        if isinstance(message, dict):
            print(message)
            if message["type"] == "turn_complete":
                answered.set()

    caller = MovingCaller(url, take)
    holding = asyncio.create_task(caller.run())
    with wave.open(question) as file:
        pcm = file.readframes(-1)
    at = 0
    while not answered.is_set():
        caller.say(pcm[at : at + 640].ljust(640, b"\0"))
        at += 640
        await asyncio.sleep(0.02)
    holding.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
