"""A sound file in words, on real processes."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from encoded_sound import encoded
from helpers import said
from web_gateway import gateway_config

from benchmarks.web_room import url_of
from pipeline.testing import running

RATE = 16_000
FIRST, PAUSE_S = said("goforward.wav"), 3


def m4a(pcm: bytes) -> bytes:
    """What a telephone's recorder writes: its header comes last."""
    return encoded("ipod", "aac", RATE, np.frombuffer(pcm, np.int16))


def transcribed(url: str, data: bytes) -> dict[str, Any]:
    address = f"{url}/api/v1/live-audio/transcribe?question=What+is+heard%3F"
    request = urllib.request.Request(address, data, {"Content-Type": "audio/mp4"})
    with urllib.request.urlopen(request, timeout=120) as response:
        told: dict[str, Any] = json.load(response)
    return told


def test_a_file_is_put_into_words_turn_by_turn(tmp_path: Path) -> None:
    pcm = FIRST + bytes(2 * RATE * PAUSE_S) + said("cards-001.wav")
    with running(gateway_config(tmp_path)) as pipeline:
        url = url_of(pipeline)
        with urllib.request.urlopen(f"{url}/readyz", timeout=20) as response:
            assert json.load(response)["status"] == "ready"
        told = transcribed(url, m4a(pcm))
        status = pipeline.until(lambda status: status.sessions == 1, "the end of its session")
    first, second = told["segments"]
    assert "ten meters" in first["text"].lower()
    assert "ten of clubs" in second["text"].lower()
    assert second["start_s"] - first["end_s"] > PAUSE_S / 2
    # Encoders add a little silence.
    assert abs(told["duration_s"] - len(pcm) / 2 / RATE) < 0.2
    assert told["answer"]
    assert "missed" not in told
    assert status.turns_closed == {"answered": 3}
