"""What Chromium's MediaRecorder gives, piece by piece: how soon it is heard.

Runs only when asked for: `pytest -m browser tests/browser`.
"""

from __future__ import annotations

import base64
import io
from contextlib import suppress
from pathlib import Path

import av
import pytest
from chromium import Chromium
from ear_listener import Listener

pytestmark = pytest.mark.browser

HEARD_RATE = 16_000
LATEST_MS = 300
PIECES = 30
RECORD = f"""
new Promise((done) => {{
  const context = new AudioContext();
  const tone = context.createOscillator();
  const microphone = context.createMediaStreamDestination();
  tone.connect(microphone);
  tone.start();
  const recorder = new MediaRecorder(microphone.stream, {{ mimeType: "audio/webm;codecs=opus" }});
  const pieces = [];
  recorder.ondataavailable = ({{ data }}) => {{
    pieces.push(data);
    if (pieces.length === {PIECES}) recorder.stop();
  }};
  recorder.onstop = async () => {{
    const packed = async (data) =>
      btoa(String.fromCharCode(...new Uint8Array(await data.arrayBuffer())));
    done(await Promise.all(pieces.map(packed)));
  }};
  recorder.start(100);
}})
"""
"""As a website does it, with a tone for a voice."""


def held_s(data: bytes) -> float:
    """Return how much sound there is in what a recorder has given so far.

    When a piece comes says nothing of it: on a busy machine Chromium itself is late.
    """
    try:
        with av.open(io.BytesIO(data)) as file:
            found = 0.0
            with suppress(av.error.FFmpegError):  # It ends in the middle of something.
                for frame in file.decode(audio=0):
                    found += frame.samples / frame.sample_rate
            return found
    except av.error.FFmpegError:
        return 0.0  # Not even the header is there.


def test_a_recorder_is_heard_while_it_records(tmp_path: Path) -> None:
    with Chromium(tmp_path, None, "--autoplay-policy=no-user-gesture-required") as browser:
        pieces = [base64.b64decode(each) for each in browser.evaluate(RECORD)]
    assert len(pieces) >= PIECES
    listener, given = Listener(), b""
    for piece in pieces:
        held_ms = held_s(given) * 1000
        listener.ear.hear_file(piece)
        assert listener.hears_until((held_ms - LATEST_MS) * HEARD_RATE / 1000), (
            f"{held_ms:.0f} ms were recorded, {len(listener.samples) / 16:.0f} heard"
        )
        given += piece
    assert held_s(given) > 1.0, "there was something to be late with"
    listener.ear.end_file()
    assert not listener.problems
    assert listener.samples.max() > 4000
