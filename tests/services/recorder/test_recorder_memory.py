"""Recordings that are larger than what reading them may take."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from recorder_frames import description, taken

from actors.cli.export import export_command
from actors.recordings.reader import frames, read_recording
from actors.services.recorder.rotating_writer import RotatingWriter
from actors.services.recorder.rotation import RotationLimits
from pipeline.frames import Audio, Frame, Image

MIB = 2**20
IMAGE_BYTES = 100_000
IMAGES = 300
BLOCK_SAMPLES = 24_000
BLOCKS = 300


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five minutes of sound and pictures of noise: 44 MB."""
    folder = tmp_path_factory.mktemp("long")
    noise = random.Random(1)
    writer = RotatingWriter(str(folder / "long.mcap"), RotationLimits(), description(folder))
    for seq in range(BLOCKS):
        block = Audio(
            session="local",
            position=seq * BLOCK_SAMPLES,
            rate_hz=24_000,
            pcm=noise.randbytes(2 * BLOCK_SAMPLES),
        )
        image = Image(session="local", jpeg=noise.randbytes(IMAGE_BYTES), width=1, height=1)
        sent: list[tuple[str, str, Frame]] = [
            ("microphone", "audio", block),
            ("camera", "video", image),
        ]
        for actor, port, frame in sent:
            writer.write(taken(frame, seq, actor, port))
    writer.close()
    return folder / "long.mcap"


def peak_mib(work: Callable[[], object]) -> float:
    work()  # What is imported is not what is measured.
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


def test_frames_are_read_one_after_another(long: Path) -> None:
    def work() -> None:
        recording = read_recording([long])
        assert sum(1 for _ in frames(recording.messages)) == IMAGES + BLOCKS

    assert long.stat().st_size > 40 * MIB
    assert peak_mib(work) < 10


@pytest.mark.parametrize("to", ["jsonl", "wav", "foxglove"])
def test_an_export_holds_a_part_of_the_recording_at_a_time(
    long: Path, tmp_path: Path, to: str
) -> None:
    numbers = iter(range(9))

    def work() -> None:
        output = tmp_path / f"{next(numbers)}.{to}"
        export_command([long], to, output, None, binary=False)  # type: ignore[arg-type]

    assert peak_mib(work) < 15
