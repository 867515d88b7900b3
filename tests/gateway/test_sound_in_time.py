"""Sound that is encoded while it is spoken: how soon it is heard, in the forms that people send."""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
import pytest
from ear_listener import Listener
from encoded_sound import tone

HEARD_RATE = 16_000
LATEST_MS = 300
PIECE_MS = 100
"""Of what a client sends at a time."""
SECONDS = 3.0
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
    listener = Listener()
    spoken_ms = 0
    for piece in encoded(container, codec, rate, options):
        if piece:
            listener.ear.hear_file(piece)
        spoken_ms += PIECE_MS
        assert listener.hears_until((spoken_ms - LATEST_MS) * HEARD_RATE / 1000), (
            f"{spoken_ms} ms were spoken, {len(listener.samples) / 16:.0f} were heard"
        )
    listener.ear.end_file()
    assert not listener.problems
    assert listener.samples.max() > 4000


@pytest.mark.parametrize("cut", [1, 3])
@pytest.mark.parametrize(("container", "codec", "rate", "options"), FORMS[:2])
def test_a_recorder_may_cut_the_header_of_each_recording(
    container: str, codec: str, rate: int, options: dict[str, str], cut: int
) -> None:
    """The first piece of Chromium's is a single byte where its machine is busy."""
    whole = b"".join(encoded(container, codec, rate, options))
    listener = Listener()
    for _ in range(2):
        for piece in (whole[:cut], b"", whole[cut:2000], whole[2000:]):
            assert not piece or listener.ear.takes_file(piece)
            listener.ear.hear_file(piece)
    listener.finish()
    assert not listener.problems
    assert len(listener.samples) == pytest.approx(2 * SECONDS * HEARD_RATE, rel=0.1)


def test_samples_that_may_begin_a_file_and_do_not_are_heard() -> None:
    samples = b"RI" + bytes(1278)
    listener = Listener()
    listener.ear.hear_pcm(bytes(640))
    for piece in (samples[:1], samples[1:2]):
        assert listener.ear.takes_file(piece)
        listener.ear.hear_file(piece)
    assert not listener.ear.takes_file(samples[2:])
    listener.ear.hear_pcm(samples[2:])
    assert listener.samples.tobytes() == bytes(640) + samples
