"""Take the place of the actors that feed a speaker: a backend and a voice detector."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
import zmq

from actors.lib.audio.pcm import Samples, to_pcm
from pipeline.bus.endpoint import ipc_address
from pipeline.frames import AnswerAudio, AnswerEnd, AnswerEnded, Frame, SpeechStarted
from pipeline.frames.wire import encode

PATIENCE_MS = 60_000
CHUNK_SAMPLES = 960
"""40 ms at 24 kHz."""
STAND_IN = f"{Path(__file__).parent / 'stand_in.py'}:StandIn"
PORTS = ("audio", "answer")


def both_devices(folder: Path, speaker: dict[str, Any], microphone: dict[str, Any]) -> Path:
    """Write the config of a pipeline with both and an external `stand_in`, with these options."""
    actors = {
        "stand_in": {"use": STAND_IN},
        "speaker": {
            "use": "speaker",
            "inputs": {port: f"stand_in.{port}" for port in PORTS},
            "options": speaker,
        },
        "microphone": {"use": "microphone", "options": microphone},
    }
    config = folder / "sound.yaml"
    config.write_text(yaml.safe_dump({"name": "sound", "actors": actors}))
    return config


class Feeder:
    """One external actor."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._socket = socket

    def wait_for(self, *topics: str) -> None:
        """Return once all of these are subscribed to."""
        missing = {b"\x01" + topic.encode() for topic in topics}
        while missing:
            assert self._socket.poll(PATIENCE_MS), f"nobody subscribes to {missing}"
            missing.discard(self._socket.recv())

    def send(self, port: str, frame: Frame) -> None:
        self._socket.send_multipart(
            [port.encode(), encode(frame, seq=0, boot=0, sent_ns=time.monotonic_ns())]
        )

    def answer(self, samples: Samples, turn: str = "local:100", *, end: bool = True) -> None:
        """Send a whole answer at once, as Live does: much faster than it is heard."""
        common = {"session": "local", "turn": turn, "epoch": 1, "backend": "live"}
        for at in range(0, len(samples), CHUNK_SAMPLES):
            pcm = to_pcm(samples[at : at + CHUNK_SAMPLES])
            self.send("audio", AnswerAudio(**common, position=at, pcm=pcm))
        if end:
            ended = AnswerEnded(**common, end=AnswerEnd.COMPLETE, samples=len(samples))
            self.send("answer", ended)

    def user_speaks(self, position: int) -> None:
        now_ns = time.monotonic_ns()
        turn = f"local:{position}"
        self.send(
            "speech", SpeechStarted(session="local", turn=turn, position=position, at_ns=now_ns)
        )


@contextmanager
def feeder(runtime_dir: Path, actor: str) -> Iterator[Feeder]:
    """Bind the endpoint of an external actor."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.XPUB)
    # Without limit: an answer is a thousand blocks and more, and what does not fit is dropped.
    socket.setsockopt(zmq.SNDHWM, 0)
    try:
        socket.bind(ipc_address(runtime_dir, actor))
        yield Feeder(socket)
    finally:
        socket.close(linger=0)
        context.destroy(linger=0)
