"""Many people on the phone: an actor that opens a session for each of them, and lets them talk.

It stands where a gateway does: it retains 15 s of sound, has the high-water mark of every actor,
and says with `SessionOpened` who calls. The lowest bits of each block say whose it is, and which.
"""

from __future__ import annotations

import asyncio
import functools
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum
from itertools import count

import numpy as np
from pydantic import Field

from benchmarks.marks import BLOCK_BYTES, mark
from benchmarks.sound import CHUNK_SAMPLES, RATE_HZ, SPEECH, phrases, read_wav
from pipeline.actor import Actor, Options
from pipeline.frames import Audio, SessionOpened
from pipeline.ports import Out

SEED = 20
BLOCK_NS = 1_000_000_000 * CHUNK_SAMPLES // RATE_HZ
SLOT_NS = 1_000_000
"""The resolution of a gateway's timer: blocks captured in the same millisecond go out together."""
LONGEST_SILENCE = 3 * RATE_HZ
RETAINED_S = 15.0
"""What a gateway keeps: as long as the longest sentence, for who was killed in the middle of it."""
PORTS = {"audio": Out((Audio,), retain_s=RETAINED_S)}
SENTENCE = SPEECH / "austen-0870.wav"
BEGAN = "began_ns"
"""Gauge with the monotonic time at which the first of them could have begun."""


class Pattern(StrEnum):
    """Who talks when."""

    MIXED = "mixed"
    """Each says a phrase, is silent as long, and so on."""
    TOGETHER = "together"
    """All say one long sentence, at the same time, once."""


class CallersOptions(Options):
    """Options of `Callers`."""

    count: int = Field(ge=1, le=256, description="How many call.")
    pattern: Pattern = Field(Pattern.MIXED, description="Who talks when.")
    silence_s: float = Field(0.0, ge=0, description="Before anybody says anything.")
    plays: bool = Field(True, description="Somebody plays the answers.")


class Callers(Actor[CallersOptions]):
    """Opens the sessions and sends their sound in real time, until it is stopped."""

    options_type = CallersOptions
    outputs = PORTS

    async def run(self) -> None:
        """Let them call."""
        options = self.options
        for caller in range(options.count):
            name = caller_name(caller)
            labels = {"caller": name, "line": str(caller % 4)}
            self.publish(
                "sessions", SessionOpened(session=name, plays=options.plays, labels=labels)
            )
        talks = [_talk(caller, options) for caller in range(options.count)]
        slots: defaultdict[int, list[int]] = defaultdict(list)
        for caller, offset_ns in enumerate(offsets_ns(options.count)):
            slots[offset_ns].append(caller)
        zero_ns = time.monotonic_ns()
        self.gauges[BEGAN] = float(zero_ns)
        for block in count():
            for offset_ns, those in sorted(slots.items()):
                captured_ns = zero_ns + offset_ns + (block + 1) * BLOCK_NS
                wait_ns = captured_ns - time.monotonic_ns()
                if wait_ns > 0:
                    await asyncio.sleep(wait_ns / 1e9)
                for caller in those:
                    self.publish(
                        "audio",
                        Audio(
                            session=caller_name(caller),
                            origin_ns=captured_ns,
                            position=block * CHUNK_SAMPLES,
                            pcm=mark(next(talks[caller]), caller, block % (1 << 16)),
                        ),
                    )
            self.gauges["late_ms"] = (time.monotonic_ns() - zero_ns - (block + 2) * BLOCK_NS) / 1e6


def caller_name(caller: int) -> str:
    """The session of a caller."""
    return f"caller{caller}"


def offsets_ns(callers: int) -> list[int]:
    """When each begins, after the first could have; always the same for a number of callers."""
    chance = random.Random(SEED)
    return [chance.randrange(BLOCK_NS // SLOT_NS) * SLOT_NS for _ in range(callers)]


@functools.cache
def said_phrases() -> list[list[bytes]]:
    """What anybody says, in blocks; to cut it takes a second."""
    return [_blocks(phrase) for phrase in phrases()]


def sentence_blocks() -> list[bytes]:
    """The sentence that all say together, in blocks."""
    return _blocks(read_wav(SENTENCE))


def _talk(caller: int, options: CallersOptions) -> Iterator[bytes]:
    silence = bytes(BLOCK_BYTES)
    yield from [silence] * round(options.silence_s * RATE_HZ / CHUNK_SAMPLES)
    if options.pattern is Pattern.TOGETHER:
        yield from sentence_blocks()
        while True:
            yield silence
    chance = random.Random(SEED * 1000 + caller)
    # Not all begin with a word.
    yield from [silence] * chance.randrange(LONGEST_SILENCE // CHUNK_SAMPLES)
    while True:
        phrase = chance.choice(said_phrases())
        yield from phrase
        yield from [silence] * len(phrase)


def _blocks(samples: np.ndarray) -> list[bytes]:
    pcm = samples.astype("<i2").tobytes()
    return [pcm[at : at + BLOCK_BYTES] for at in range(0, len(pcm) - BLOCK_BYTES + 1, BLOCK_BYTES)]
