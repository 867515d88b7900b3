"""Listening without an event loop: all that was retained, then what follows, each frame once."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
import zmq
from test_bus import block, publishing

from pipeline.bus import ipc_address, replay
from pipeline.bus.blocking_subscriber import BlockingSubscriber, Taken

MANY = 1000
"""Several slices."""


def heard(listener: BlockingSubscriber, last_seq: int) -> list[Taken]:
    found: list[Taken] = []
    while not found or found[-1].frame["seq"] < last_seq:
        new = listener.receive(10_000)
        assert new, "nothing came for ten seconds"
        found += new
    return found


def test_what_follows_a_slice_is_asked_for_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than the test waits for anything.
    monkeypatch.setattr(replay, "UNASKED_S", 60.0)
    monkeypatch.setattr(replay, "SLICE_FRAMES", 100)

    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address) as (publisher, _):
            for index in range(MANY):
                publisher.publish("audio", block(index, session=f"s{index}"))
            with BlockingSubscriber("tap") as listener:
                listener.connect("mic", address, ["audio"])
                old = await asyncio.to_thread(heard, listener, MANY - 1)
                assert [each.frame["seq"] for each in old] == list(range(MANY))
                assert all(each.retained for each in old)
                publisher.publish("audio", block(MANY))
                (new,) = await asyncio.to_thread(heard, listener, MANY)
                assert listener.has_all("mic", "audio")
                assert not new.retained
                assert not listener.lost

    asyncio.run(scene())


def test_who_waits_for_all_that_was_retained_does_not_wait_for_more(tmp_path: Path) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address):
            with BlockingSubscriber("tap") as listener:
                listener.connect("mic", address, ["audio"])
                began_s = time.monotonic()
                assert await asyncio.to_thread(listener.receive, 20_000) == []
                assert listener.has_all("mic", "audio")
                assert time.monotonic() - began_s < 20, "waited for a frame that never comes"

    asyncio.run(scene())


def test_another_port_of_the_same_beginning_is_not_heard_and_no_frame_is_told_from_frames(
    tmp_path: Path,
) -> None:
    with (
        zmq.Context() as context,
        context.socket(zmq.XPUB) as socket,
        BlockingSubscriber("tap") as listener,
    ):
        address = ipc_address(tmp_path, "mic")
        socket.bind(address)
        listener.connect("mic", address, ["audio"])
        for _ in range(2):
            socket.recv()
        for topic, payload in [(b"audio_levels", b"x"), (b"audio", b"no frame")]:
            socket.send_multipart((topic, payload))
        (taken,) = listener.receive(10_000)
        assert (taken.port, taken.frame, taken.payload) == ("audio", {}, b"no frame")


def test_silence_is_told_of(tmp_path: Path) -> None:
    with BlockingSubscriber("tap") as listener:
        listener.connect("mic", ipc_address(tmp_path, "mic"), ["audio"])
        with pytest.raises(TimeoutError, match="nothing came for 10 ms"):
            next(listener.frames(10))
