"""What Chromium's MediaRecorder gives, piece by piece: how soon it is heard.

Runs only when asked for: `pytest -m browser tests/browser`.
"""

from __future__ import annotations

import base64
import threading
from pathlib import Path

import numpy as np
import pytest
from chromium import Chromium

from actors.gateway.ear import CallerEar
from pipeline.frames import Audio

pytestmark = pytest.mark.browser

HEARD_RATE = 16_000
LATEST_MS = 300
PATIENCE_S = 20.0
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
  recorder.ondataavailable = ({{ data, timecode }}) => {{
    pieces.push([timecode, data]);
    if (pieces.length === {PIECES}) recorder.stop();
  }};
  recorder.onstop = async () => {{
    const began = pieces[0][0];
    const packed = async ([timecode, data]) => {{
      const bytes = new Uint8Array(await data.arrayBuffer());
      return [timecode - began, btoa(String.fromCharCode(...bytes))];
    }};
    done(await Promise.all(pieces.map(packed)));
  }};
  recorder.start(100);
}})
"""
"""As a website does it, with a tone for a voice; each piece with the time at which it begins, in
ms, as the recorder says it."""


def test_a_recorder_is_heard_while_it_records(tmp_path: Path) -> None:
    with Chromium(tmp_path, None, "--autoplay-policy=no-user-gesture-required") as browser:
        pieces = browser.evaluate(RECORD)
    assert len(pieces) >= PIECES
    heard: list[Audio] = []
    came = threading.Condition()
    problems: list[str] = []

    def publish(block: Audio) -> None:
        with came:
            heard.append(block)
            came.notify_all()

    ear = CallerEar("caller", publish, lambda work: work(), problems.append)
    for begins_ms, packed in pieces:
        ear.hear_file(base64.b64decode(packed))
        due = (begins_ms - LATEST_MS) * HEARD_RATE / 1000
        with came:
            assert came.wait_for(
                lambda due=due: sum(block.samples for block in heard) >= due, PATIENCE_S
            ), f"{begins_ms} ms were recorded, {sum(b.samples for b in heard) / 16:.0f} heard"
    assert pieces[-1][0] > 1000, "it says when each piece began"
    ear.end_file()
    assert not problems
    assert max(np.frombuffer(block.pcm, "<i2").max() for block in heard) > 4000
