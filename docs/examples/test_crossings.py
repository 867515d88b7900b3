"""The test of the example voice detector: with the actor `vad` around it."""

from pathlib import Path

import numpy as np

from actors.hearing.vad import Vad
from pipeline.frames import Audio, SpeechEnded, SpeechStarted
from pipeline.testing import stage

SECOND = 16_000


def test_a_voice_is_a_turn_and_hiss_is_none() -> None:
    random = np.random.default_rng(1)
    hiss = random.normal(0, 50, 4 * SECOND)
    loud_hiss = random.normal(0, 2000, SECOND)
    voice = 5000 * np.sin(np.arange(SECOND) * 2 * np.pi * 150 / SECOND)
    hiss[:SECOND] += loud_hiss
    hiss[2 * SECOND : 3 * SECOND] += voice
    blocks = hiss.astype("<i2").reshape(-1, 320)
    options = {"engine": "crossings.py:Crossings", "pre_roll_ms": 0, "hangover_ms": 0}
    with stage(Vad, config_dir=Path(__file__).parent, **options) as vad:
        vad.send(
            "audio",
            *(
                Audio(session="local", position=n * 320, pcm=b.tobytes())
                for n, b in enumerate(blocks)
            ),
        )
        assert vad.expect("speech", SpeechStarted).position == 2 * SECOND
        assert vad.expect("speech", SpeechEnded).position == 3 * SECOND
        vad.expect_nothing("speech")
