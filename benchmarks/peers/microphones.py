"""Many microphones in one process, in the place of the actor of that name.

`python -m benchmarks.peers.microphones RUNTIME_DIR WAV COUNT` prints, as JSON, when sample 0 of
each session was captured, and speaks the sound once into each, from where the peers begin.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import msgpack
import zmq

from benchmarks.peers.feeder import CHUNK_NS, CHUNK_SAMPLES, Feeder
from benchmarks.peers.task import KEY, rotation
from benchmarks.sound import read_wav
from pipeline.bus.endpoint import ipc_address

ACTOR = "microphone"
LISTENERS = {b"\x01@vad:audio", b"\x01@live:audio", b"\x01@supervisor:sessions"}
"""Nothing is said before they have subscribed, so that nobody misses the beginning."""


class Microphones:
    """Publishes the blocks of all sessions on one stream."""

    def __init__(self, runtime_dir: Path, sessions: int) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.SNDHWM, 0)
        self._socket.bind(ipc_address(runtime_dir, ACTOR))
        self._sessions = sessions
        self._zeros_ns = [0] * sessions

    def wait_for_listeners(self) -> None:
        """Return when all have subscribed, and know of the sessions."""
        missing = set(LISTENERS)
        while missing:
            missing.discard(self._socket.recv())
        for index in range(self._sessions):
            opened = {"v": 1, "type": "session_opened", "session": f"{KEY}{index}", "plays": False}
            self._socket.send_multipart((b"sessions", msgpack.packb(opened)))

    async def speak(self, pcm: bytes) -> None:
        """Speak into all sessions, in real time."""
        starts = [
            2 * rotation(index, self._sessions, len(pcm) // 2, CHUNK_SAMPLES)
            for index in range(self._sessions)
        ]
        sounds = [pcm[start:] + pcm[:start] for start in starts]
        await Feeder().feed(sounds, [self._ear(index) for index in range(len(sounds))], self._begun)

    def close(self) -> None:
        """Unbind."""
        self._context.destroy(linger=0)

    def _begun(self, zeros_ns: list[int]) -> None:
        self._zeros_ns = zeros_ns
        print(json.dumps(zeros_ns), flush=True)

    def _ear(self, index: int) -> Callable[[bytes], None]:
        blocks = count()

        def publish(pcm: bytes) -> None:
            block = next(blocks)
            frame = {
                "v": 1,
                "type": "audio",
                "session": f"{KEY}{index}",
                "origin_ns": self._zeros_ns[index] + (block + 1) * CHUNK_NS,
                "position": block * CHUNK_SAMPLES,
                "pcm": pcm,
            }
            self._socket.send_multipart((b"audio", msgpack.packb(frame)))

        return publish


def main() -> None:
    """Entry point."""
    runtime_dir, sound, sessions = sys.argv[1:]
    microphones = Microphones(Path(runtime_dir), int(sessions))
    microphones.wait_for_listeners()
    asyncio.run(microphones.speak(read_wav(Path(sound)).tobytes()))
    microphones.close()


if __name__ == "__main__":
    main()
