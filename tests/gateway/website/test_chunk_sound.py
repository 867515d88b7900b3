"""A piece of a website's sound is heard as its `format` says, unless it cannot be that."""

from __future__ import annotations

import pytest
from ear_listener import Listener

from actors.gateway.errors import UnreadableSoundError
from actors.gateway.website.chunk_sound import hear_named
from actors.gateway.website.requests import AudioChunk

HEADERS = [b"\x1aE\xdf\xa3", b"OggS\0\2", b"fLaC", b"\0\0\0\x1cftypisom"]


@pytest.mark.parametrize("form", ["pcm", "audio/pcm;rate=16000", "raw"])
@pytest.mark.parametrize("header", HEADERS)
def test_a_recording_that_is_called_samples_is_no_noise_in_the_ear(
    header: bytes, form: str
) -> None:
    listener = Listener()
    chunk = AudioChunk(type="audio_chunk", data="")
    with pytest.raises(UnreadableSoundError, match="leave `format` out"):
        hear_named(listener.ear, header + bytes(640), form, chunk)
    hear_named(listener.ear, bytes(640), form, chunk)
    assert len(listener.samples) == 320
