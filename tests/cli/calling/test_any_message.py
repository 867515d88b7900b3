"""Whatever a server sends is a fault at worst."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sides import Side

from actors.cli.calling.providers import PROVIDERS

NAMES = [
    *("event", "type", "action", "command", "media", "mark", "data", "payload", "name", "dtmf"),
    *("digit", "streamSid", "stream_sid", "streamId", "contentType", "sampleRate", "id"),
    *("audioContentType", "audioContent", "audioDataType", "audioData", "correlation_id"),
]
WORDS = [
    *("media", "mark", "clear", "playAudio", "checkpoint", "clearAudio", "sendDTMF", "dtmf"),
    *("killAudio", "clearMarks", "streamAudio", "notify", "MARK_MEDIA", "STOP_MEDIA_BUFFERING"),
    *("MZ1", "raw", "AAAA", "audio/x-mulaw"),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 1 << 40)
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=12,
)
MESSAGES = (
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6).map(json.dumps)
    | VALUES.map(json.dumps)
    | st.text(max_size=40)
    | st.binary(max_size=700)
)


@pytest.mark.parametrize("name", PROVIDERS)
@given(messages=st.lists(MESSAGES, max_size=6))
def test_no_message_raises(name: str, messages: list[Any]) -> None:
    side = Side(name)
    for number, message in enumerate(messages):
        # A packet of AudioSocket has its three bytes, or it is none.
        if name == "audiosocket" and isinstance(message, bytes) and len(message) < 3:
            continue
        side.take(message, number * 0.01)
        side.play(number * 0.01 + 0.005)
    assert side.side.waiting_s >= 0
