"""The bus over ipc and tcp: readiness, replay, expiry, counting, garbage, keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgpack
import pytest
import zmq

from pipeline.bus import EndpointLock, Publisher, ipc_address
from pipeline.bus.curve import TRUSTED_DIR, CurveClient, CurveServer, create_keys
from pipeline.errors import EndpointBusyError
from pipeline.frames import Audio, Frame, Image, Route
from pipeline.frames.wire import encode
from pipeline.ports import In, Out
from tests.helpers.recording_consumer import RecordingConsumer, until

BLOCK = b"\0" * 640
PORTS = {
    "audio": Out((Audio,), retain_s=60),
    "audio_levels": Out((Audio,)),
    "route": Out((Route,), retain_last=True),
}


def block(index: int, **fields: object) -> Audio:
    return Audio.model_validate(
        {"session": "local", "position": index * 320, "pcm": BLOCK, **fields}
    )


@asynccontextmanager
async def publishing(
    address: str, curve_dir: Path | None = None
) -> AsyncIterator[tuple[Publisher, zmq.Context[zmq.Socket[bytes]]]]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    curve = CurveServer(context, curve_dir) if curve_dir else None
    publisher = Publisher(context, address, PORTS, high_water=1000, curve=curve)
    try:
        yield publisher, context
    finally:
        publisher.close()
        if curve is not None:
            curve.close()
        context.destroy(linger=0)


def test_a_consumer_that_comes_late_gets_what_was_retained_then_what_follows_in_order(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address) as (publisher, context):
            for index in range(5):
                publisher.publish("audio", block(index))
            consumer = RecordingConsumer(context, address, {"audio": In((Audio,), replay=True)})
            await consumer.subscriber.connected()
            for index in range(5, 10):
                publisher.publish("audio", block(index))
            await until(lambda: len(consumer.positions()) == 10)
            assert consumer.positions() == list(range(10))
            assert not consumer.counters
            consumer.subscriber.close()

    asyncio.run(scene())


def test_frames_published_while_a_replay_is_under_way_are_neither_lost_nor_doubled(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address) as (publisher, context):
            for index in range(50):
                publisher.publish("audio", block(index))
            consumer = RecordingConsumer(context, address, {"audio": In((Audio,), replay=True)})
            for index in range(50, 400):
                publisher.publish("audio", block(index))
                await asyncio.sleep(0)
            await until(lambda: len(consumer.positions()) >= 400)
            assert consumer.positions() == list(range(400))
            consumer.subscriber.close()

    asyncio.run(scene())


def test_wait_for_returns_only_when_every_expected_consumer_is_there(tmp_path: Path) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address) as (publisher, context):
            waiting = asyncio.ensure_future(publisher.wait_for({"audio": {"consumer"}}))
            await asyncio.sleep(0)
            assert not waiting.done()
            consumer = RecordingConsumer(context, address, {"audio": In((Audio,))})
            await asyncio.wait_for(waiting, 10)
            assert publisher.listeners("audio") == {"consumer"}
            consumer.subscriber.close()
            await until(lambda: not publisher.listeners("audio"))

    asyncio.run(scene())


def test_only_the_newest_route_is_replayed(tmp_path: Path) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "supervisor")
        async with publishing(address) as (publisher, context):
            for epoch in range(3):
                publisher.publish(
                    "route", Route(session="local", owner="live", epoch=epoch, reason="test")
                )
            consumer = RecordingConsumer(context, address, {"route": In((Route,), replay=True)})
            await consumer.subscriber.connected()
            assert [frame.epoch for frame in consumer.heard if isinstance(frame, Route)] == [2]
            consumer.subscriber.close()

    asyncio.run(scene())


def test_stale_frames_are_dropped_by_age_and_counted(tmp_path: Path) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address) as (publisher, context):
            consumer = RecordingConsumer(context, address, {"audio": In((Audio,), max_age_ms=500)})
            await consumer.subscriber.connected()
            long_ago = time.monotonic_ns() - 2_000_000_000
            publisher.publish("audio", block(0, origin_ns=long_ago))
            publisher.publish("audio", block(1))
            await until(lambda: len(consumer.heard) == 1)
            assert consumer.positions() == [1]
            assert consumer.counters == {"audio.expired": 1}
            consumer.subscriber.close()

    asyncio.run(scene())


def test_of_waiting_pictures_only_the_newest_is_taken(tmp_path: Path) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address) as (publisher, context):
            consumer = RecordingConsumer(context, address, {"audio": In((Audio,), newest=True)})
            await consumer.subscriber.connected()
            for index in range(20):
                publisher.publish("audio", block(index))
            # Blocks this loop until all have arrived, so that they are read in one go.
            await until(lambda: bool(consumer.heard))
            await until(lambda: consumer.positions()[-1] == 19)
            assert len(consumer.heard) + consumer.counters["audio.superseded"] == 20
            consumer.subscriber.close()

    asyncio.run(scene())


def test_a_port_whose_name_begins_like_another_is_not_mixed_up_with_it(tmp_path: Path) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address) as (publisher, context):
            consumer = RecordingConsumer(context, address, {"audio": In((Audio,))})
            await consumer.subscriber.connected()
            publisher.publish("audio_levels", block(7))
            publisher.publish("audio", block(8))
            await until(lambda: bool(consumer.heard))
            assert consumer.positions() == [8]
            consumer.subscriber.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ([b"audio", b"\xc1"], "not msgpack"),
        ([b"audio", msgpack.packb([1])], "not a msgpack map"),
        ([b"audio", msgpack.packb({"v": 99, "type": "audio"})], "schema version 99"),
        ([b"audio", msgpack.packb({"v": 1, "type": "nonsense"})], "unknown frame type"),
        (
            [b"audio", msgpack.packb({"v": 1, "type": "audio", "session": "a", "pcm": b""})],
            "position",
        ),
        ([b"audio", msgpack.packb({"v": 1, "type": "audio", 5: b""})], "not msgpack"),
        (
            [b"audio", msgpack.packb({"v": 1, "type": "audio", "position": 0, "pcm": b""})],
            "session: names none",
        ),
        ([b"audio"], "1 parts instead of 2"),
        ([b"audio", b"x", b"y"], "3 parts instead of 2"),
        (
            [
                b"audio",
                msgpack.packb(
                    {"v": 1, "type": "image", "session": "a", "jpeg": b"", "width": 1, "height": 1}
                ),
            ],
            "a image does not belong on audio",
        ),
    ],
)
def test_garbage_is_counted_and_dropped_and_the_next_frame_is_heard_f22(
    tmp_path: Path, parts: list[bytes], complaint: str
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        stranger = context.socket(zmq.XPUB)
        stranger.bind(address)
        consumer = RecordingConsumer(
            context, address, {"audio": In((Audio,))}, answers_replay=False
        )
        while stranger.poll(10_000) and stranger.recv() != b"\x01audio":
            pass
        stranger.send_multipart(parts)
        good = {
            "v": 1,
            "type": "audio",
            "session": "local",
            "position": 0,
            "pcm": BLOCK,
            "origin_ns": 1,
        }
        stranger.send_multipart([b"audio", msgpack.packb(good)])
        await until(lambda: bool(consumer.heard))
        assert consumer.counters["garbage"] == 1
        assert complaint in consumer.complaints[0]
        consumer.subscriber.close()
        stranger.close(linger=0)
        context.destroy(linger=0)

    asyncio.run(scene())


def test_a_second_publisher_on_an_endpoint_is_refused_with_the_first_ones_pid_f20(
    tmp_path: Path,
) -> None:
    import os

    with (
        EndpointLock(tmp_path, "mic"),
        pytest.raises(EndpointBusyError, match=f"process {os.getpid()}"),
        EndpointLock(tmp_path, "mic"),
    ):
        pass
    with EndpointLock(tmp_path, "mic"):
        pass


def test_the_restarted_producer_is_heard_again_and_counts_from_its_new_boot(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        consumer = RecordingConsumer(context, address, {"audio": In((Audio,), replay=True)})
        async with publishing(address) as (publisher, _):
            await publisher.wait_for({"audio": {"consumer"}})
            publisher.publish("audio", block(0))
            publisher.publish("audio", block(1))
            await until(lambda: len(consumer.heard) == 2)
        async with publishing(address) as (publisher, _):
            await asyncio.wait_for(publisher.wait_for({"audio": {"consumer"}}), 10)
            publisher.publish("audio", block(2))
            await until(lambda: len(consumer.heard) == 3)
        assert consumer.positions() == [0, 1, 2]
        assert not consumer.counters
        consumer.subscriber.close()
        context.destroy(linger=0)

    asyncio.run(scene())


def test_a_slow_consumer_never_blocks_the_producer_and_its_loss_is_counted_f21(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address) as (publisher, context):
            consumer = RecordingConsumer(context, address, {"audio": In((Audio,))})
            await consumer.subscriber.connected()
            total = 20_000
            for index in range(total):
                publisher.publish("audio", block(index))
            # What fits in the queues arrives; what comes after it tells that the rest is missing.
            async with asyncio.timeout(60):
                while not consumer.heard or consumer.positions()[-1] < 20_000:
                    publisher.publish("audio", block(total))
                    total += 1
                    await asyncio.sleep(0.001)
            await until(lambda: consumer.positions()[-1] == total - 1)
            assert len(consumer.heard) + consumer.counters["audio.lost"] == total
            assert consumer.counters["audio.lost"] > 0
            consumer.subscriber.close()

    asyncio.run(scene())


def test_over_tcp_a_known_key_is_admitted(tmp_path: Path) -> None:
    async def scene() -> None:
        server, client = tmp_path / "server", tmp_path / "client"
        keys = create_keys(server)
        create_keys(client)
        (server / TRUSTED_DIR / "client.key").write_bytes((client / "greenroom.key").read_bytes())
        async with publishing("tcp://127.0.0.1:*", server) as (publisher, _):
            context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
            consumer = RecordingConsumer(
                context,
                publisher.address,
                {"audio": In((Audio,), max_age_ms=500, replay=True)},
                curve=CurveClient(client, keys.public.decode()),
            )
            await asyncio.wait_for(consumer.subscriber.connected(), 10)
            publisher.publish("audio", block(3))
            await until(lambda: consumer.positions() == [3])
            consumer.subscriber.close()
            context.destroy(linger=0)

    asyncio.run(scene())


def test_over_tcp_frames_of_a_host_that_was_suspended_are_heard_again(tmp_path: Path) -> None:
    async def scene() -> None:
        server = tmp_path / "server"
        keys = create_keys(server)
        (server / TRUSTED_DIR / "self.key").write_bytes((server / "greenroom.key").read_bytes())
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        curve = CurveServer(context, server)
        other_host = context.socket(zmq.XPUB)
        curve.protect(other_host)
        other_host.bind("tcp://127.0.0.1:*")
        consumer = RecordingConsumer(
            context,
            other_host.getsockopt_string(zmq.LAST_ENDPOINT),
            {"audio": In((Audio,), max_age_ms=500)},
            answers_replay=False,
            curve=CurveClient(server, keys.public.decode()),
        )
        await until(lambda: bool(other_host.poll(0)) and other_host.recv() == b"\x01audio")

        def say(index: int, its_clock_ns: int) -> None:
            frame = block(index, origin_ns=its_clock_ns)
            payload = encode(frame, seq=index, boot=1, sent_ns=its_clock_ns)
            other_host.send_multipart([b"audio", payload])

        say(0, 7_000_000_000)
        await until(lambda: consumer.positions() == [0])
        # Our clock has gone on for a minute, its own has stood still.
        later_ns = 60_000_000_000
        with pytest.MonkeyPatch.context() as patch:
            now = time.monotonic_ns
            patch.setattr("pipeline.bus.subscriber.time.monotonic_ns", lambda: now() + later_ns)
            say(1, 7_020_000_000)
            say(2, 7_040_000_000)
            await until(lambda: consumer.positions() == [0, 1, 2])
        assert not consumer.counters
        consumer.subscriber.close()
        other_host.close(linger=0)
        curve.close()
        context.destroy(linger=0)

    asyncio.run(scene())


def test_over_tcp_an_unknown_key_and_no_key_hear_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        server, stranger = tmp_path / "server", tmp_path / "stranger"
        keys = create_keys(server)
        create_keys(stranger)
        async with publishing("tcp://127.0.0.1:*", server) as (publisher, _):
            context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
            refused = context.socket(zmq.SUB)
            CurveClient(stranger, keys.public.decode()).protect(refused)
            monitor = refused.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
            refused.connect(publisher.address)
            refused.setsockopt(zmq.SUBSCRIBE, b"")
            plain = context.socket(zmq.SUB)
            plain.connect(publisher.address)
            plain.setsockopt(zmq.SUBSCRIBE, b"")
            await until(lambda: bool(monitor.poll(0)))
            for index in range(5):
                publisher.publish("audio", block(index))
            await asyncio.sleep(0)
            assert not refused.poll(200)
            assert not plain.poll(200)
            refused.disable_monitor()
            monitor.close(linger=0)
            refused.close(linger=0)
            plain.close(linger=0)
            context.destroy(linger=0)

    asyncio.run(scene())


def test_an_image_on_its_way_keeps_its_capture_time(tmp_path: Path) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "cam")
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        publisher = Publisher(context, address, {"video": Out((Image,))}, high_water=8)
        consumer = RecordingConsumer(context, address, {"video": In((Image,))})
        await consumer.subscriber.connected()
        publisher.publish(
            "video", Image(session="local", jpeg=b"x", width=1, height=2, origin_ns=42)
        )
        await until(lambda: bool(consumer.heard))
        assert consumer.heard[0].origin_ns == 42
        assert consumer.heard[0].sent_ns > 42
        consumer.subscriber.close()
        publisher.close()
        context.destroy(linger=0)

    asyncio.run(scene())


def test_a_consumer_that_expects_no_replay_gets_it_before_what_is_new(tmp_path: Path) -> None:
    """As of an actor that a program of ours has taken the place of, with `--external`."""

    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address) as (publisher, context):
            for index in range(3):
                publisher.publish("audio", block(index))
            consumer = RecordingConsumer(
                context, address, {"audio": In((Audio,), replay=True)}, answers_replay=False
            )
            # Subscribed before the loop comes round to it.
            while not publisher._reader._signals(0):
                time.sleep(0.0005)  # noqa: ASYNC251 - blocking is what is tested
            publisher.publish("audio", block(3))
            await until(lambda: consumer.positions()[-1:] == [3])
            assert consumer.positions() == [0, 1, 2, 3]
            assert not consumer.counters["audio.duplicate"]
            consumer.subscriber.close()

    asyncio.run(scene())


def test_a_relaxed_socket_is_read_all_at_once_when_it_is_wanted_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address) as (publisher, context):
            consumer = RecordingConsumer(context, address, {"audio": In((Audio,))})
            # Longer than the test waits for anything.
            consumer.subscriber.pace(60.0)
            prompt = RecordingConsumer(context, address, {"audio": In((Audio,))})
            await consumer.subscriber.connected()
            for index in range(100):
                publisher.publish("audio", block(index))
            await until(lambda: len(prompt.heard) == 100)
            assert not consumer.heard
            consumer.subscriber.pace(0.0)
            await until(lambda: len(consumer.heard) == 100)
            publisher.publish("audio", block(100))
            await until(lambda: len(consumer.heard) == 101)
            consumer.subscriber.pace(60.0)
            publisher.publish("audio", block(101))
            await until(lambda: len(prompt.heard) == 102)
            assert consumer.positions() == list(range(101))
            consumer.subscriber.close()
            prompt.subscriber.close()

    asyncio.run(scene())


def test_a_relaxed_socket_is_read_now_and_then(tmp_path: Path) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address) as (publisher, context):
            consumer = RecordingConsumer(context, address, {"audio": In((Audio,))})
            consumer.subscriber.pace(0.01)
            await consumer.subscriber.connected()
            for index in range(300):
                publisher.publish("audio", block(index))
            await until(lambda: len(consumer.heard) == 300)
            assert consumer.positions() == list(range(300))
            consumer.subscriber.close()

    asyncio.run(scene())


def test_another_pace_while_a_frame_is_handled_keeps_the_order(tmp_path: Path) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        async with publishing(address) as (publisher, context):
            consumer = RecordingConsumer(context, address, {"audio": In((Audio,))})
            consumer.subscriber.pace(0.01)
            done: list[int] = []

            def handle(frame: Frame) -> None:
                assert isinstance(frame, Audio)
                consumer.subscriber.pace(0.01 * (frame.position % 640 != 0))
                done.append(frame.position // 320)

            consumer.on_frame = handle
            await consumer.subscriber.connected()
            for index in range(200):
                publisher.publish("audio", block(index))
            await until(lambda: len(done) == 200)
            assert done == list(range(200))
            consumer.subscriber.close()

    asyncio.run(scene())
