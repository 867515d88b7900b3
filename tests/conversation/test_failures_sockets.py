"""Listeners that never read, listeners that are late, and garbage, in a whole conversation."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import cv2
import msgpack
import numpy as np
import psutil
import pytest
import zmq
from helpers import Microphone, counter, playing, said, verdict, words, write_config

from pipeline.bus import ipc_address
from pipeline.frames import Outcome, Status
from pipeline.testing import RunningPipeline, running

PICTURES = 80
"""Sent while nobody reads: some 13 MB."""
GROWTH_LIMIT_BYTES = 8_000_000
"""A producer keeps 8 pictures of 100 to 200 KB for a listener, and Python's heap is uneven."""


@pytest.fixture
def camera(tmp_path: Path) -> dict[str, Any]:
    """A camera with something new in every picture, as fast as it goes."""
    noise = np.random.default_rng(1)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(10):
        picture = noise.integers(0, 255, (480, 640, 3), np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), picture)
    options = {"source": str(folder), "rate_hz": 5.0, "max_bytes_per_s": 10_000_000, "loop": True}
    return {"use": "camera", "options": options}


class Deaf:
    """Subscribes to streams and never reads."""

    def __init__(self, pipeline: RunningPipeline, *streams: str) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.sockets = []
        for stream in streams:
            actor, _, port = stream.partition(".")
            socket = self._context.socket(zmq.SUB)
            socket.setsockopt(zmq.RCVHWM, 1)
            socket.setsockopt(zmq.SUBSCRIBE, port.encode())
            socket.connect(ipc_address(pipeline.runtime_dir, actor))
            self.sockets.append(socket)

    def __enter__(self) -> Deaf:
        for socket in self.sockets:
            assert socket.poll(60_000), "nothing comes"
        return self

    def __exit__(self, *_exc: object) -> None:
        self._context.destroy(linger=0)


@pytest.mark.cold
def test_a_listener_that_never_reads_costs_its_producers_no_memory_and_nobody_a_frame_f21(
    tmp_path: Path, camera: dict[str, Any]
) -> None:
    second = {"path": "cards-001.wav", "start": "after_answer", "delay_s": 1.0}
    actors = {
        "microphone": playing("cards-003.wav", second, tail_s=600),
        "camera": camera,
        "live": {"inputs": {"video": "camera.video"}},
    }
    config = write_config(tmp_path, {"actors": actors})
    with running(config, cwd=tmp_path) as pipeline:
        pipeline.until(lambda s: s.ready, "readiness")
        producers = ("microphone", "camera")
        with Deaf(pipeline, "microphone.audio", "camera.video"):
            before = {name: psutil.Process(pipeline.pid(name)) for name in producers}
            bytes_before = {name: each.memory_full_info().uss for name, each in before.items()}
            sent = counter(pipeline.status(), "camera", "taken")
            closed = [verdict(pipeline, 0), verdict(pipeline, 1)]
            status = pipeline.until(
                lambda s: counter(s, "camera", "taken") >= sent + PICTURES, "the pictures"
            )
            grown = {
                name: each.memory_full_info().uss - bytes_before[name]
                for name, each in before.items()
            }
    assert [each.outcome for each in closed] == [Outcome.ANSWERED] * 2, pipeline.output
    assert [words(each.said) for each in closed] == ["seven of clubs", "ten of clubs"]
    assert all(value < GROWTH_LIMIT_BYTES for value in grown.values()), grown
    assert counter(status, "live", "audio.lost") == 0
    assert all(each.restarts == 0 for each in status.actors)


def test_a_listener_that_stood_still_gets_only_the_newest_picture_f21(
    tmp_path: Path, camera: dict[str, Any]
) -> None:
    actors = {
        "microphone": playing("cards-003.wav", tail_s=600),
        "camera": camera,
        # Nobody takes it for hung: this is about what waits for it meanwhile.
        "live": {"inputs": {"video": "camera.video"}, "heartbeat_timeout_s": 120},
    }
    # What is counted comes with heartbeats: often, so that it is known what was counted when.
    supervision = {"heartbeat_s": 0.05}
    config = write_config(tmp_path, {"actors": actors, "supervision": supervision})
    with running(config, cwd=tmp_path) as pipeline:
        verdict(pipeline, 0)
        pipeline.until(lambda s: counter(s, "live", "video_frames") > 0, "a picture")
        pipeline.kill("live", signal.SIGSTOP)
        sent = counter(pipeline.status(), "camera", "taken")
        stopped = pipeline.until(lambda s: counter(s, "camera", "taken") >= sent + 20, "pictures")
        pipeline.kill("live", signal.SIGCONT)

        def grown(status: Status, *names: str) -> int:
            return sum(counter(status, "live", n) - counter(stopped, "live", n) for n in names)

        # Of the twenty that waited nearly all are passed over, and counted as what became of
        # them; heartbeats are late by a few, so that a few may have been seen before the stop.
        pipeline.until(
            lambda s: (
                grown(s, "video.superseded", "video.expired", "video.lost") >= 15
                and grown(s, "video.superseded") > 0
                and grown(s, "video_frames") > 0
            ),
            "the newest, and it alone",
        )


def test_garbage_in_the_sound_is_counted_and_what_is_said_next_is_answered_f22(
    tmp_path: Path,
) -> None:
    garbage = [
        (b"audio", b"\xc1"),
        (b"audio", os.urandom(2000)),
        (b"audio", msgpack.packb({"v": 2, "type": "audio", "position": 0, "pcm": b""})),
        (b"audio", msgpack.packb({"v": 1, "type": "audio", "position": -1, "pcm": "x"})),
        (b"audio",),
        (b"audio", bytes(9 * 1024 * 1024)),
    ]
    listeners = ("vad", "live", "http", "device")
    with (
        running(write_config(tmp_path, {}), "--external", "microphone", cwd=tmp_path) as pipeline,
        Microphone(pipeline) as microphone,
    ):
        for parts in garbage * 20:
            microphone.socket.send_multipart(parts)
        microphone.send(said("cards-001.wav"), 0)
        closed = verdict(pipeline, 0)
        status = pipeline.until(
            lambda s: all(counter(s, name, "garbage") == 120 for name in listeners), "counters"
        )
    assert (closed.outcome, words(closed.said)) == (Outcome.ANSWERED, "ten of clubs")
    assert all(each.restarts == 0 for each in status.actors)
    assert pipeline.output.count("dropped what is no frame of this schema") == len(listeners)
