"""Many people on the phone: one process in the microphone's place, a session for each of them.

`python -m benchmarks.callers RUNTIME_DIR COUNT SECONDS` prints the monotonic time at which the
first of them began, in ns. Each says a phrase of tests/speech, is silent as long, and so on. The
lowest bits of each block's first samples say whose it is, and which.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import zmq

from benchmarks.sound import CHUNK_SAMPLES, RATE_HZ, phrases
from pipeline.actor import Actor
from pipeline.bus import Publisher, ipc_address
from pipeline.frames import Audio, SessionEnded, SessionOpened
from pipeline.ports import Out

SEED = 20
BLOCK_NS = 1_000_000_000 * CHUNK_SAMPLES // RATE_HZ
SLOT_NS = 1_000_000
"""The resolution of a gateway's timer: blocks captured in the same millisecond go out together."""
LISTENERS = {"vad", "live"}
PORTS = {
    "audio": Out((Audio,), retain_s=15),
    "sessions": Out((SessionOpened, SessionEnded), retain_last=True),
}
"""As a gateway has them: what a consumer missed that was restarted is not lost."""
LINGER_MS = 1000
CALLER_BITS, BLOCK_BITS = 8, 16
LONGEST_SILENCE = 3 * RATE_HZ
MARK = 0xA5
"""Comes before them, so that a block that is cut differently is not taken for one."""
MARK_BITS = 8 + CALLER_BITS + BLOCK_BITS
_LOW_BYTES = slice(0, 2 * MARK_BITS, 2)
_TO_BITS = bytes.maketrans(b"01", b"\x00\x01")
_CLEARED = bytes(value & 0xFE for value in range(256))
_LOWEST = bytes(48 + (value & 1) for value in range(256))


def caller_name(caller: int) -> str:
    """The session of a caller."""
    return f"caller{caller}"


def offsets_ns(callers: int) -> list[int]:
    """When each begins, after the first could have; always the same for a number of callers."""
    chance = random.Random(SEED)
    return [chance.randrange(BLOCK_NS // SLOT_NS) * SLOT_NS for _ in range(callers)]


def mark(pcm: bytes, caller: int, block: int) -> bytes:
    """Return the block with its name in the lowest bits of its first samples."""
    name = (MARK << (CALLER_BITS + BLOCK_BITS)) | (caller << BLOCK_BITS) | block
    bits = f"{name:0{MARK_BITS}b}".encode().translate(_TO_BITS)
    low = int.from_bytes(pcm[_LOW_BYTES].translate(_CLEARED), "big") | int.from_bytes(bits, "big")
    marked = bytearray(pcm)
    marked[_LOW_BYTES] = low.to_bytes(MARK_BITS, "big")
    return bytes(marked)


def unmark(pcm: bytes) -> tuple[int, int] | None:
    """Return caller and block, if this is a whole block of anybody's."""
    name = int(pcm[_LOW_BYTES].translate(_LOWEST), 2)
    if name >> (CALLER_BITS + BLOCK_BITS) != MARK:
        return None
    return (name >> BLOCK_BITS) & ((1 << CALLER_BITS) - 1), name & ((1 << BLOCK_BITS) - 1)


def _talk(caller: int, said: list[list[bytes]]) -> Iterator[bytes]:
    chance = random.Random(SEED * 1000 + caller)
    silence = bytes(2 * CHUNK_SAMPLES)
    # Not all begin with a word.
    yield from [silence] * chance.randrange(LONGEST_SILENCE // CHUNK_SAMPLES)
    while True:
        phrase = chance.choice(said)
        yield from phrase
        yield from [silence] * len(phrase)


def _blocks(samples: np.ndarray) -> list[bytes]:
    pcm = samples.astype("<i2").tobytes()
    size = 2 * CHUNK_SAMPLES
    return [pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size)]


async def _send(publisher: Publisher, callers: int, seconds: float) -> None:
    said = [_blocks(phrase) for phrase in phrases()]
    talks = [_talk(caller, said) for caller in range(callers)]
    slots: defaultdict[int, list[int]] = defaultdict(list)
    for caller, offset_ns in enumerate(offsets_ns(callers)):
        slots[offset_ns].append(caller)
    zero_ns = time.monotonic_ns()
    print(zero_ns, flush=True)
    for block in count():
        for offset_ns, those in sorted(slots.items()):
            captured_ns = zero_ns + offset_ns + (block + 1) * BLOCK_NS
            await asyncio.sleep(max(0, captured_ns - time.monotonic_ns()) / 1e9)
            for caller in those:
                frame = Audio(
                    session=caller_name(caller),
                    origin_ns=captured_ns,
                    position=block * CHUNK_SAMPLES,
                    pcm=mark(next(talks[caller]), caller, block),
                )
                publisher.publish("audio", frame)
        if block * BLOCK_NS > seconds * 1e9:
            return


async def _call(address: str, callers: int, seconds: float) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    publisher = Publisher(context, address, PORTS, high_water=Actor.send_high_water)
    await publisher.wait_for({"audio": LISTENERS})
    for caller in range(callers):
        publisher.publish("sessions", SessionOpened(session=caller_name(caller)))
    await _send(publisher, callers, seconds)
    publisher.close(LINGER_MS)
    context.destroy()


def main() -> None:
    """Entry point."""
    runtime_dir, callers, seconds = sys.argv[1:]
    address = ipc_address(Path(runtime_dir), "microphone")
    asyncio.run(_call(address, int(callers), float(seconds)))


if __name__ == "__main__":
    main()
