"""What Chromium's MediaRecorder gives, piece by piece: how soon it is heard.

Runs only when asked for: `pytest -m browser tests/browser`.
"""

from __future__ import annotations

import base64
from pathlib import Path

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
    listener = Listener()
    for begins_ms, packed in pieces:
        listener.ear.hear_file(base64.b64decode(packed))
        assert listener.hears_until((begins_ms - LATEST_MS) * HEARD_RATE / 1000), (
            f"{begins_ms} ms were recorded, {len(listener.samples) / 16:.0f} heard"
        )
    assert pieces[-1][0] > 1000, "it says when each piece began"
    listener.ear.end_file()
    assert not listener.problems
    assert listener.samples.max() > 4000
