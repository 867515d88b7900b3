"""Configs for conversations with real processes, and the ears to check what was answered."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import time
import urllib.request
import wave
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgpack
import yaml
import zmq
from recognition import recognise, words

from pipeline.bus import ipc_address
from pipeline.frames import Frame, Status, TurnClosed
from pipeline.testing import RunningPipeline

__all__ = ["recognise", "words"]

ROOT = Path(__file__).parent.parent.parent
DEMO = ROOT / "configs" / "demo.yaml"
SPEECH = ROOT / "tests" / "speech"

BLOCK = 320
BLOCK_NS = 20_000_000
LISTENERS = {b"\x01@vad:audio", b"\x01@live:audio", b"\x01@http:audio", b"\x01@device:audio"}
"""What the listeners to the microphone of the demo subscribe to, first of all."""

SAID = {
    "goforward.wav": "go forward ten meters",
    "numbers.wav": "thirty three four six ninety two",
    "cards-001.wav": "ten of clubs",
    "cards-003.wav": "seven of clubs",
    "austen-0870.wav": (
        "and mister John Dashwood had then leisure to consider how much there might be prudently "
        "in his power to do for them"
    ),
    "austen-0890.wav": "unless to be rather cold hearted and rather selfish is to be ill disposed",
}
"""What tests/speech/README.md says is said in each recording."""

PATIENCE_S = 60
"""The simulator understands on the same machine, and under load takes longer than a service may."""
PATIENT_LIVE = {"first_sound_timeout_s": PATIENCE_S, "stall_timeout_s": PATIENCE_S}
"""Options, where nobody but `live` is to answer."""
PATIENT_ROUTE = {"first_sound_s": PATIENCE_S, "stall_s": PATIENCE_S, "degraded_s": PATIENCE_S}


def write_config(folder: Path, changes: dict[str, Any], base: Path = DEMO) -> Path:
    """Write a config that lies on the demo."""
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump({"extends": str(base), "name": "test", **changes}))
    return path


def playing(*files: Any, **options: Any) -> dict[str, Any]:
    """Options that let the recording actor play these recordings of tests/speech."""
    items = [
        {**item, "path": str(SPEECH / item["path"])}
        if isinstance(item, dict)
        else str(SPEECH / item)
        for item in files
    ]
    return {"options": {"files": items, **options}}


class Microphone:
    """Takes the microphone's place, with nothing but pyzmq and msgpack."""

    def __init__(self, pipeline: RunningPipeline, listeners: set[bytes] | None = None) -> None:
        pipeline.until(
            lambda s: all(a.phase in ("running", "external") for a in s.actors), "all actors"
        )
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self._context.socket(zmq.XPUB)
        self.socket.setsockopt(zmq.SNDHWM, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, 60_000)
        self.socket.bind(ipc_address(pipeline.runtime_dir, "microphone"))
        self._positions: Counter[str] = Counter()
        self._opened = {"local"}
        self._listeners = LISTENERS if listeners is None else listeners

    def __enter__(self) -> Microphone:
        # The supervisor among them: a session that it does not hear of is opened for nobody.
        missing = {*self._listeners, b"\x01@supervisor:sessions"}
        while missing:
            missing.discard(self.socket.recv())
        return self

    def __exit__(self, *_exc: object) -> None:
        self._context.destroy(linger=0)

    def publish(self, port: bytes, kind: str, session: str, **fields: Any) -> None:
        """Send a frame."""
        frame = {"v": 1, "type": kind, "session": session, **fields}
        self.socket.send_multipart([port, msgpack.packb(frame)])

    def open(self, session: str, **manner: Any) -> None:
        """Bring a caller."""
        self._opened.add(session)
        self._positions[session] = 0
        self.publish(b"sessions", "session_opened", session, **manner)

    def end(self, session: str, reason: str = "hung_up") -> None:
        """Let a caller go; one of the same name is another one."""
        self._opened.discard(session)
        self.publish(b"sessions", "session_ended", session, reason=reason)

    def send(self, pcm: bytes, age_ns: int, session: str = "local") -> None:
        """Send sound in blocks, all at once, the last of which was captured so long ago."""
        if session not in self._opened:
            self.open(session)
        count = len(pcm) // 2 // BLOCK
        newest_ns = time.monotonic_ns() - age_ns
        for index in range(count):
            frame = {
                "v": 1,
                "type": "audio",
                "session": session,
                "origin_ns": newest_ns - (count - 1 - index) * BLOCK_NS,
                "position": self._positions[session],
                "pcm": pcm[index * BLOCK * 2 : (index + 1) * BLOCK * 2],
            }
            self.socket.send_multipart([b"audio", msgpack.packb(frame)])
            self._positions[session] += BLOCK


def said(name: str) -> bytes:
    """A recording and the silence that ends the turn."""
    with wave.open(str(SPEECH / name)) as file:
        return file.readframes(-1) + bytes(2 * 16_000 * 2)


async def live_sound(name: str) -> AsyncIterator[bytes]:
    """The same at the pace of a microphone, 100 ms at once, and nothing after it."""
    pcm, size = said(name), 2 * 1600
    for at in range(0, len(pcm), size):
        yield pcm[at : at + size]
        await asyncio.sleep(0.1)


class Typist:
    """Types lines into a console, one when it is wanted; at the end the input is closed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "typed"
        os.mkfifo(self._path)
        # Open for reading too: without a writer the console would see the end of its input.
        self._fd = os.open(self._path, os.O_RDWR)

    def __enter__(self) -> Typist:
        return self

    def __exit__(self, *_exc: object) -> None:
        os.close(self._fd)

    def type(self, line: str) -> None:
        os.write(self._fd, f"{line}\n".encode())

    def actors(self, *backends: str) -> dict[str, Any]:
        """Changes to a config that let these backends read what is typed."""
        console = {
            "use": "console",
            "inputs": {"turns": "supervisor.turns", "transcript": "live.transcript"},
            "options": {"path": str(self._path), "print": False},
        }
        listening = {name: {"inputs": {"text": "console.text"}} for name in backends}
        return {"console": console, **listening}


def verdict(pipeline: RunningPipeline, index: int) -> TurnClosed:
    """The outcome of the nth turn."""
    frame = pipeline.frame("supervisor", "turns", lambda frame: frame.seq == index)
    assert isinstance(frame, TurnClosed)
    return frame


def turns_of(pipeline: RunningPipeline, session: str, count: int) -> list[TurnClosed]:
    """The first so many turns of a session."""
    found: list[TurnClosed] = []

    def is_last(frame: Frame) -> bool:
        if isinstance(frame, TurnClosed) and frame.session == session:
            found.append(frame)
        return len(found) >= count

    pipeline.frame("supervisor", "turns", is_last)
    return found


def counter(status: Status, actor: str, name: str) -> int:
    """What an actor counted, by its newest heartbeat; 0 if it has said nothing of it."""
    health = next(each.health for each in status.actors if each.actor == actor)
    return health.counters.get(name, 0) if health else 0


def collect(
    pipeline: RunningPipeline, actor: str, port: str, last: Callable[[Frame], bool]
) -> list[Frame]:
    """Frames of a stream, retained ones included, up to the first that is the last."""
    found: list[Frame] = []

    def take(frame: Frame) -> bool:
        found.append(frame)
        return last(frame)

    pipeline.frame(actor, port, take)
    return found


def journal(pipeline: RunningPipeline, arrivals: bool = False) -> dict[str, Any]:
    """What the simulator of a running pipeline saw."""
    where = json.loads((pipeline.runtime_dir / "simulator.json").read_text())
    return read_journal(where["ca_file"], where["base_url"], arrivals)


def read_journal(ca_file: str, base_url: str, arrivals: bool = False) -> dict[str, Any]:
    """What a simulator saw."""
    context = ssl.create_default_context(cafile=ca_file)
    url = f"{base_url}/simulator/journal{'?arrivals=1' if arrivals else ''}"
    with urllib.request.urlopen(url, context=context, timeout=10) as response:
        found: dict[str, Any] = json.load(response)
    return found
