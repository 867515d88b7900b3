"""What a producer retained reaches a consumer that was restarted: over real sockets, complete."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import zmq

from pipeline.bus import Publisher, ipc_address
from pipeline.bus.replay import SLICE_FRAMES, replay_topic
from pipeline.frames import Audio, Frame
from pipeline.frames.wire import decode
from pipeline.ports import In, Out
from tests.helpers.recording_consumer import RecordingConsumer, until

HIGH_WATER = 4000
"""As actors have it."""
BLOCKS = 750
"""15 s of 20 ms."""
PORTS = {"audio": Out((Audio,), retain_s=60), "newest": Out((Audio,), retain_last=True)}
REPLAYED = {"audio": In((Audio,), replay=True)}


def say(publisher: Publisher, sessions: int, first: int, blocks: int, port: str = "audio") -> None:
    for index in range(first, first + blocks):
        for session in range(sessions):
            publisher.publish(
                port, Audio(session=f"caller{session}", position=index * 320, pcm=bytes(640))
            )


def blocks_of(frames: list[Frame]) -> int:
    return sum(frame.samples for frame in frames if isinstance(frame, Audio)) // 320


def heard_of(frames: list[Frame]) -> dict[str, list[int]]:
    heard: dict[str, list[int]] = {}
    for frame in frames:
        assert isinstance(frame, Audio)
        blocks = range(frame.position // 320, (frame.position + frame.samples) // 320)
        heard.setdefault(frame.session, []).extend(blocks)
    return heard


@pytest.fixture
def context() -> zmq.Context[zmq.Socket[bytes]]:
    return zmq.Context()


@pytest.mark.parametrize("sessions", [25, 100])
def test_a_restarted_consumer_of_many_sessions_gets_all_while_they_go_on_speaking(
    tmp_path: Path, context: zmq.Context[zmq.Socket[bytes]], sessions: int
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        publisher = Publisher(context, address, PORTS, high_water=HIGH_WATER)
        say(publisher, sessions, 0, BLOCKS)
        consumer = RecordingConsumer(context, address, REPLAYED)
        connected = asyncio.ensure_future(consumer.subscriber.connected())
        live = 0
        async with asyncio.timeout(60):
            while not connected.done():
                say(publisher, sessions, BLOCKS + live, 1)
                live += 1
                await asyncio.sleep(0.002)
        # The loop was never held up for long: others spoke while the replay was under way.
        assert live > 1
        total = sessions * (BLOCKS + live)
        await until(lambda: blocks_of(consumer.heard) >= total)
        expected = list(range(BLOCKS + live))
        assert heard_of(consumer.heard) == {f"caller{each}": expected for each in range(sessions)}
        assert consumer.counters["audio.lost"] == 0
        consumer.subscriber.close()
        publisher.close()
        context.destroy(linger=0)

    asyncio.run(scene())


def test_a_consumer_that_is_killed_in_the_middle_of_its_replay_gets_all_in_its_next_life(
    tmp_path: Path, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        publisher = Publisher(context, address, PORTS, high_water=HIGH_WATER)
        say(publisher, 10, 0, BLOCKS)
        for _ in range(3):
            consumer = RecordingConsumer(context, address, REPLAYED)
            await until(lambda: len(consumer.heard) > SLICE_FRAMES)  # noqa: B023
            consumer.subscriber.close()
        consumer = RecordingConsumer(context, address, REPLAYED)
        await consumer.subscriber.connected()
        assert heard_of(consumer.heard) == {
            f"caller{each}": list(range(BLOCKS)) for each in range(10)
        }
        assert not consumer.counters
        consumer.subscriber.close()
        publisher.close()
        context.destroy(linger=0)

    asyncio.run(scene())


def test_a_producer_that_is_restarted_in_the_middle_of_a_replay_is_heard_from_its_first_frame(
    tmp_path: Path, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        first = Publisher(context, address, PORTS, high_water=HIGH_WATER)
        say(first, 40, 0, BLOCKS)
        consumer = RecordingConsumer(context, address, REPLAYED)
        await until(lambda: len(consumer.heard) > SLICE_FRAMES)
        assert blocks_of(consumer.heard) < 40 * BLOCKS
        first.close()
        second = Publisher(context, address, PORTS, high_water=HIGH_WATER)
        say(second, 40, 1000, BLOCKS)
        await second.wait_for({"audio": {"consumer"}})
        say(second, 40, 1000 + BLOCKS, 100)
        await until(
            lambda: bool(consumer.heard) and heard_of(consumer.heard)["caller39"][-1] == 1849
        )
        for positions in heard_of(consumer.heard).values():
            assert [each for each in positions if each >= 1000] == list(range(1000, 1850))
        await asyncio.wait_for(consumer.subscriber.connected(), 10)
        consumer.subscriber.close()
        second.close()
        context.destroy(linger=0)

    asyncio.run(scene())


def test_a_replay_of_far_more_than_the_socket_holds_is_complete(
    tmp_path: Path, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        publisher = Publisher(context, address, PORTS, high_water=40)
        say(publisher, 4, 0, BLOCKS)
        consumer = RecordingConsumer(context, address, REPLAYED)
        await asyncio.wait_for(consumer.subscriber.connected(), 60)
        assert heard_of(consumer.heard) == {
            f"caller{each}": list(range(BLOCKS)) for each in range(4)
        }
        assert not consumer.counters
        consumer.subscriber.close()
        publisher.close()
        context.destroy(linger=0)

    asyncio.run(scene())


def test_a_consumer_that_wants_nothing_retained_is_connected_without_getting_it(
    tmp_path: Path, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        publisher = Publisher(context, address, PORTS, high_water=HIGH_WATER)
        say(publisher, 10, 0, BLOCKS)
        consumer = RecordingConsumer(context, address, {"audio": In((Audio,))})
        await consumer.subscriber.connected()
        say(publisher, 1, BLOCKS, 1)
        await until(lambda: len(consumer.heard) == 1)
        assert heard_of(consumer.heard) == {"caller0": [BLOCKS]}
        assert not consumer.counters
        consumer.subscriber.close()
        publisher.close()
        context.destroy(linger=0)

    asyncio.run(scene())


def test_a_program_that_knows_nothing_of_slices_gets_all_of_them_and_the_end(
    tmp_path: Path, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        publisher = Publisher(context, address, PORTS, high_water=HIGH_WATER)
        say(publisher, 20, 0, BLOCKS)
        topic = replay_topic("stranger", "audio")
        socket = context.socket(zmq.SUB)
        socket.setsockopt(zmq.SUBSCRIBE, topic)
        socket.connect(address)
        frames: list[Frame] = []
        async with asyncio.timeout(10):
            while True:
                if not socket.poll(0):
                    await asyncio.sleep(0.001)
                    continue
                of, payload = socket.recv_multipart()
                if of != topic:
                    continue
                if not payload:
                    break
                frames.append(decode(payload))
        assert len(frames) > SLICE_FRAMES
        assert heard_of(frames) == {f"caller{each}": list(range(BLOCKS)) for each in range(20)}
        socket.close(linger=0)
        publisher.close()
        context.destroy(linger=0)

    asyncio.run(scene())


def test_the_frames_of_a_session_that_has_ended_are_not_replayed(
    tmp_path: Path, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        publisher = Publisher(context, address, PORTS, high_water=HIGH_WATER)
        for port in PORTS:
            say(publisher, 3, 0, 5, port)
        publisher.forget("caller1")
        publisher.forget("nobody")
        consumer = RecordingConsumer(
            context, address, {port: In((Audio,), replay=True) for port in PORTS}
        )
        await consumer.subscriber.connected()
        for port in PORTS:
            say(publisher, 2, 5, 1, port)
        await until(lambda: len(heard_of(consumer.heard).get("caller1", ())) == 2)
        heard = heard_of(consumer.heard)
        assert sorted(heard["caller0"]) == [0, 1, 2, 3, 4, 4, 5, 5]
        assert heard["caller1"] == [5, 5]
        assert sorted(heard["caller2"]) == [0, 1, 2, 3, 4, 4]
        # What was forgotten is not missing.
        assert not consumer.counters
        consumer.subscriber.close()
        publisher.close()
        context.destroy(linger=0)

    asyncio.run(scene())


def test_the_newest_frame_of_each_session_is_replayed_whichever_spoke_last(
    tmp_path: Path, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        publisher = Publisher(context, address, PORTS, high_water=HIGH_WATER)
        say(publisher, 3, 0, 1, "newest")
        say(publisher, 1, 1, 1, "newest")
        consumer = RecordingConsumer(context, address, {"newest": In((Audio,), replay=True)})
        await consumer.subscriber.connected()
        assert heard_of(consumer.heard) == {"caller1": [0], "caller2": [0], "caller0": [1]}
        assert not consumer.counters
        consumer.subscriber.close()
        publisher.close()
        context.destroy(linger=0)

    asyncio.run(scene())
