"""A consumer of many sessions that is started again: what it missed, and what it costs others.

`python -m benchmarks.replay 100` measures so many sessions alone.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import zmq

from benchmarks.callers import BLOCK_NS, PORTS, caller_name
from benchmarks.figures import Figure
from benchmarks.sound import CHUNK_SAMPLES
from pipeline.actor import Actor
from pipeline.bus import Inlet, Publisher, Subscriber, ipc_address
from pipeline.frames import Audio, Frame
from pipeline.ports import In

COUNTS = (1, 25, 100)
RETAINED_BLOCKS = 750
"""15 s of 20 ms."""
MORE_S = 1.0
"""For which the sessions go on after the consumer is connected."""
BACK_LIMIT_MS = 2000.0
"""The design's, for 100 sessions and all that a restart takes."""


@dataclass(frozen=True)
class Run:
    """One restart.

    Attributes:
        replay_ms: From the start of the connection until all that was retained was taken.
        lost: Blocks that the consumer did not get.
        stall_ms: How late the producer's loop was at most meanwhile.
    """

    replay_ms: float
    lost: int
    stall_ms: float


def measure(folder: Path) -> list[Figure]:
    """Replay the last 15 s of one, of 25, of 100 sessions to a process that only counts."""
    figures: list[Figure] = []
    for sessions in COUNTS:
        run = asyncio.run(_run(folder, sessions))
        name = f"replay of {sessions} sessions"
        figures += [
            Figure(f"{name}: until connected", "ms", [run.replay_ms], p99_limit=BACK_LIMIT_MS),
            Figure(f"{name}: blocks lost", "", [run.lost], p99_limit=0),
            Figure(f"{name}: producer held up", "ms", [run.stall_ms]),
        ]
    return figures


def _publish_block(publisher: Publisher, sessions: int, block: int) -> None:
    for session in range(sessions):
        frame = Audio(session=caller_name(session), position=block * CHUNK_SAMPLES, pcm=bytes(640))
        publisher.publish("audio", frame)


async def _run(folder: Path, sessions: int) -> Run:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    address = ipc_address(folder, "microphone")
    publisher = Publisher(context, address, PORTS, high_water=Actor.send_high_water)
    for block in range(RETAINED_BLOCKS):
        _publish_block(publisher, sessions, block)
    command = [sys.executable, "-m", "benchmarks.replay", "consume", address]
    consumer = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert consumer.stdout is not None
    await consumer.stdout.readline()
    replayed = asyncio.ensure_future(consumer.stdout.readline())
    stall_s, block, end_s = 0.0, RETAINED_BLOCKS, float("inf")
    due_s = time.monotonic()
    while due_s < end_s:
        due_s += BLOCK_NS / 1e9
        await asyncio.sleep(due_s - time.monotonic())
        stall_s = max(stall_s, time.monotonic() - due_s)
        _publish_block(publisher, sessions, block)
        block += 1
        if replayed.done() and end_s == float("inf"):
            end_s = due_s + MORE_S
    publisher.publish("audio", Audio(session="end", position=0, pcm=b"", final=True))
    got = int(await consumer.stdout.readline())
    await consumer.wait()
    publisher.close()
    context.destroy(linger=0)
    return Run(float(replayed.result()), block * sessions - got, stall_s * 1000)


async def _consume(address: str) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    got, ended = 0, asyncio.Event()

    def on_frame(_port: str, frame: Frame) -> None:
        nonlocal got
        if frame.session == "end":
            ended.set()
        else:
            assert isinstance(frame, Audio)
            got += frame.samples // CHUNK_SAMPLES

    print("here", flush=True)
    began_s = time.monotonic()
    subscriber = Subscriber(
        context,
        address,
        {"audio": Inlet("audio", In((Audio,), replay=True))},
        on_frame,
        consumer="consumer",
        counters=Counter(),
        on_garbage=lambda _port, problem: print(problem, file=sys.stderr),
    )
    await subscriber.connected()
    print((time.monotonic() - began_s) * 1000, flush=True)
    await ended.wait()
    print(got, flush=True)
    subscriber.close()
    context.destroy(linger=0)


def main() -> None:
    """Print what so many sessions take; or be the consumer."""
    if sys.argv[1] == "consume":
        asyncio.run(_consume(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        print(asyncio.run(_run(Path(folder), int(sys.argv[1]))))


if __name__ == "__main__":
    main()
