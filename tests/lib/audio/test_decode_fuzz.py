"""Files with bytes flipped, cut and doubled: an error that names the file, or sound; in time."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from test_decode_kinds import FORMATS, encoded, said

from actors.lib.audio.decode import decode
from pipeline.errors import DeviceError

CASES = int(os.environ.get("GREENROOM_FUZZ_CASES", "400"))
"""Of all formats together; 20,000 are for a release."""
MOST_S = 20.0
"""Half a second of sound takes milliseconds; a header that is damaged may promise more."""
MOST_SAMPLES = 16_000 * 3600


def damaged(content: bytes, random: np.random.Generator) -> bytes:
    """Damage a file as disks, networks and programs do."""
    flipped = bytearray(content)
    # Half of the time where the header is: there a byte decides about everything.
    end = len(flipped) if random.random() < 0.5 else min(len(flipped), 256)
    for at in random.integers(0, end, random.integers(1, 12)):
        flipped[at] = random.integers(0, 256)
    kind = random.integers(0, 6)
    if kind == 0:
        del flipped[random.integers(1, len(flipped)) :]
    elif kind == 1:
        at = random.integers(0, len(flipped))
        flipped[at:at] = flipped[: random.integers(1, 400)]
    elif kind == 2:
        at = random.integers(0, len(flipped))
        del flipped[at : at + random.integers(1, 40)]
    return bytes(flipped)


@pytest.mark.parametrize("number", range(len(FORMATS)))
def test_a_damaged_file_is_played_as_far_as_it_goes_or_named(tmp_path: Path, number: int) -> None:
    name, codec, rate_hz, layout = FORMATS[number]
    whole = encoded(name, codec, said()[8_000:16_000], rate_hz=rate_hz, layout=layout)
    random = np.random.default_rng(number)
    path = tmp_path / name
    for case in range(max(1, CASES // len(FORMATS))):
        path.write_bytes(damaged(whole, random))
        begun_s, samples, problem = time.monotonic(), 0, name
        try:
            for piece in decode(path, on_damage=lambda _problem: None):
                samples += len(piece)
                assert piece.dtype == np.int16
                if samples > MOST_SAMPLES:
                    break
        except DeviceError as error:
            problem = str(error)
        assert name in problem
        assert time.monotonic() - begun_s < MOST_S, f"case {case}"
