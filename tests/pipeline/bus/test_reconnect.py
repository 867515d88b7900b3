"""What was retained comes before what is new, also from a producer that was started again."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
import zmq
from test_bus import RecordingConsumer, block, publishing, until

from pipeline.bus import ipc_address
from pipeline.frames import Audio
from pipeline.ports import In


@pytest.mark.parametrize("port", ["audio", "audio_levels"])
def test_a_restarted_producer_that_publishes_before_it_has_replayed_loses_nothing_f18(
    tmp_path: Path, port: str
) -> None:
    async def scene() -> None:
        address = ipc_address(tmp_path, "mic")
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        consumer = RecordingConsumer(context, address, {port: In((Audio,), replay=True)})
        async with publishing(address) as (publisher, _):
            await publisher.wait_for({port: {"consumer"}})
            publisher.publish(port, block(0))
            await until(lambda: len(consumer.heard) == 1)
        async with publishing(address) as (publisher, _):
            # In one go: ZeroMQ takes the subscription in while this loop is kept from replaying.
            reached = 1
            while reached < 500:
                publisher.publish(port, block(reached))
                reached += 1
                # The consumer's side of it, which is another process in earnest.
                consumer.subscriber._reader.kick_if_pending()
                time.sleep(0.0005)  # noqa: ASYNC251 - blocking is what is tested
            await publisher.wait_for({port: {"consumer"}})
            publisher.publish(port, block(reached))
            await until(lambda: consumer.positions()[-1] == reached)
        if port == "audio":
            assert consumer.positions() == list(range(reached + 1))
            assert not consumer.counters["audio.lost"]
        consumer.subscriber.close()
        context.destroy(linger=0)

    asyncio.run(scene())
