"""From the first sample of the user's speech to the last sample of the answer it interrupts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.server import simulator
from benchmarks.setting import LONG_ANSWER, talker
from benchmarks.sound import CHUNK_SAMPLES, RATE_HZ, Samples, onset, phrases, write_wav
from benchmarks.tap import tapping
from pipeline.frames import ActorState, Audio, Health, Playback, PlaybackState
from pipeline.testing import running

ROUNDS = 3
"""A phrase begins elsewhere in the detector's windows of 32 ms each time."""
INTO_ANSWER_S = 0.4
RUN_S = 600.0
"""More than the phrases take."""
LIMITS_MS = (100.0, 250.0)
"""p50 and p99: the design's limits."""


def measure(folder: Path) -> list[Figure]:
    """Let phrase after phrase interrupt the answer to the one before."""
    spoken = phrases() * ROUNDS
    files = [write_wav(folder / f"{index}.wav", phrase) for index, phrase in enumerate(spoken)]
    items = [
        {"path": str(path), "start": "during_answer", "delay_s": INTO_ANSWER_S} for path in files
    ]
    config = talker(folder, items)
    blocks: list[Audio] = []
    stopped_ns: list[int] = []
    streams = {"microphone": ["audio", "health"], "speaker": ["playback"]}
    with (
        simulator(folder, LONG_ANSWER),
        running(config) as pipeline,
        tapping(pipeline.runtime_dir, **streams) as tap,
    ):
        for _, frame, _ in tap.stream(RUN_S):
            if isinstance(frame, Audio):
                blocks.append(frame)
            elif isinstance(frame, Playback) and frame.state is PlaybackState.INTERRUPTED:
                stopped_ns.append(frame.at_ns)
            elif isinstance(frame, Health) and frame.state is ActorState.FINISHED:
                break
    values: list[float] = []
    for start_ns, phrase in zip(_starts_ns(blocks, spoken), spoken, strict=True):
        onset_ns = start_ns + onset(phrase) * 1_000_000_000 // RATE_HZ
        ends_ns = onset_ns + len(phrase) * 1_000_000_000 // RATE_HZ
        values += [(at_ns - onset_ns) / 1e6 for at_ns in stopped_ns if start_ns < at_ns < ends_ns]
    # The first phrase interrupts nobody.
    missed = len(spoken) - 1 - len(values)
    return [
        Figure("barge-in: first sample in to last sample out", "ms", values, *LIMITS_MS),
        Figure("- phrases that did not interrupt", "of all", [missed], p99_limit=0),
    ]


def _starts_ns(blocks: list[Audio], spoken: list[Samples]) -> Iterator[int]:
    """Yield when the first sample of each phrase was captured; it begins a block."""
    following = iter(blocks)
    for phrase in spoken:
        first = phrase[:CHUNK_SAMPLES].tobytes()
        block = next(each for each in following if each.pcm == first)
        yield block.origin_ns - block.samples * 1_000_000_000 // RATE_HZ
