"""Sound that is encoded while it is spoken: how soon it is heard, in the forms that people send."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

import av
import numpy as np
import pytest
from encoded_sound import tone

from actors.gateway.ear import CallerEar
from pipeline.frames import Audio

HEARD_RATE = 16_000
LATEST_MS = 300
PIECE_MS = 100
"""Of what a client sends at a time."""
SECONDS = 3.0
PATIENCE_S = 20.0
FORMS = [
    ("webm", "libopus", 48_000, {"cluster_time_limit": "100"}),
    ("ogg", "libopus", 48_000, {"page_duration": "100000"}),
    ("mp3", "libmp3lame", 44_100, {}),
    ("mp4", "aac", 44_100, {"movflags": "empty_moov+default_base_moof+frag_every_frame"}),
    ("wav", "pcm_s16le", 16_000, {}),
    ("wav", "pcm_s16le", 44_100, {}),
    ("wav", "pcm_u8", 16_000, {}),
    ("wav", "pcm_u8", 8_000, {}),
    ("wav", "pcm_s24le", 16_000, {}),
    ("wav", "pcm_s24le", 48_000, {}),
    ("wav", "pcm_s32le", 44_100, {}),
    ("wav", "pcm_f32le", 48_000, {}),
    ("wav", "pcm_mulaw", 8_000, {}),
    ("wav", "pcm_alaw", 8_000, {}),
]
"""Container, codec, rate, and that little is kept back by who encodes, as MediaRecorder does."""


class Growing(io.RawIOBase):
    """A file that is written and cannot be sought in; what is new can be taken."""

    def __init__(self) -> None:
        self._new = b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._new += bytes(data)
        return len(data)

    def take(self) -> bytes:
        new, self._new = self._new, b""
        return new


def encoded(container: str, codec: str, rate: int, options: dict[str, str]) -> Iterator[bytes]:
    """Yield what an encoder has given after each 100 ms of a tone."""
    written = Growing()
    sound = tone(SECONDS, rate)
    size = rate * PIECE_MS // 1000
    with av.open(written, "w", format=container, options={"flush_packets": "1", **options}) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.layout = "mono"
        for at in range(0, len(sound), size):
            frame = av.AudioFrame.from_ndarray(sound[None, at : at + size], "s16", "mono")
            frame.rate = rate
            for packet in stream.encode(frame):
                file.mux(packet)
            yield written.take()


@pytest.mark.parametrize(("container", "codec", "rate", "options"), FORMS)
def test_it_is_heard_while_it_is_spoken(
    container: str, codec: str, rate: int, options: dict[str, str]
) -> None:
    heard: list[Audio] = []
    came = threading.Condition()
    problems: list[str] = []

    def publish(block: Audio) -> None:
        with came:
            heard.append(block)
            came.notify_all()

    ear = CallerEar("caller", publish, lambda work: work(), problems.append)
    spoken_ms = 0
    for piece in encoded(container, codec, rate, options):
        if piece:
            ear.hear_file(piece)
        spoken_ms += PIECE_MS
        due = max(0, spoken_ms - LATEST_MS) * HEARD_RATE // 1000
        with came:
            assert came.wait_for(
                lambda due=due: sum(block.samples for block in heard) >= due, PATIENCE_S
            ), f"{spoken_ms} ms were spoken, {sum(b.samples for b in heard) / 16:.0f} were heard"
    ear.end_file()
    assert not problems
    loudest = max(np.frombuffer(block.pcm, "<i2").max() for block in heard)
    assert loudest > 4000
