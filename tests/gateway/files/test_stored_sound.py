from __future__ import annotations

import contextlib
import io
import wave

import av
import numpy as np
import pytest
from encoded_sound import sound_file
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.errors import TooLargeError, UnreadableSoundError
from actors.gateway.files.stored_sound import decode_stored

RATE = 16_000
FORMS = [
    ("mp4", "aac", 48_000),
    ("ipod", "aac", 44_100),
    ("webm", "libopus", 48_000),
    ("ogg", "libopus", 48_000),
    ("mp3", "libmp3lame", 44_100),
    ("flac", "flac", 44_100),
    ("adts", "aac", 44_100),
    ("aiff", "pcm_s16be", 44_100),
    ("wav", "pcm_mulaw", 8_000),
    ("wav", "pcm_f32le", 48_000),
]
"""Container, codec and rate of what people have; `ipod` is M4A."""


@pytest.mark.parametrize(("container", "codec", "rate"), FORMS)
def test_a_file_of_any_form_is_read_whole(container: str, codec: str, rate: int) -> None:
    samples = decode_stored(sound_file(container, codec, rate), 10, [].append)
    # Encoders add a little silence at both ends.
    assert len(samples) / RATE == pytest.approx(2.0, abs=0.2)
    spectrum = np.abs(np.fft.rfft(samples[RATE // 2 : RATE // 2 + RATE]))
    assert np.argmax(spectrum) == pytest.approx(440, abs=2)


def test_the_sound_of_a_video_is_taken() -> None:
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as file:
        video = file.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        audio = file.add_stream("aac", rate=RATE)
        audio.layout = "mono"
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
        sound = av.AudioFrame.from_ndarray(np.ones((1, RATE), np.int16), "s16", "mono")
        sound.rate = RATE
        for stream, frame in ((video, picture), (audio, sound)):
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                file.mux(packet)
    assert len(decode_stored(written.getvalue(), 10, [].append)) / RATE == pytest.approx(
        1.0, abs=0.2
    )


def test_a_file_that_is_too_long_is_refused() -> None:
    with pytest.raises(TooLargeError, match="longer than 1 s"):
        decode_stored(sound_file("flac", "flac", 44_100), 1.0, [].append)


def silent_video() -> bytes:
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return written.getvalue()


def empty_wav() -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
    return written.getvalue()


LISTS = {
    "m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/%s\n#EXT-X-ENDLIST\n",
    "concat": b"ffconcat version 1.0\nfile '/%s'\n",
}


@pytest.mark.parametrize(
    "data", [b"", b"hello" * 100, bytes(5000), b"RIFF", silent_video(), empty_wav()]
)
def test_what_is_no_sound_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(UnreadableSoundError, match="send a sound file"):
        decode_stored(data, 10, [].append)


@pytest.mark.parametrize("kind", LISTS)
def test_a_play_list_does_not_open_files_of_this_machine(
    kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("secret") / "secret.mp3"
    secret.write_bytes(sound_file("mp3", "libmp3lame", 44_100))
    with pytest.raises(UnreadableSoundError):
        decode_stored(LISTS[kind] % str(secret).lstrip("/").encode(), 10, [].append)


@given(st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from(WHOLE)))
    for _ in range(data.draw(st.integers(1, 20))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    with contextlib.suppress(UnreadableSoundError):
        assert len(decode_stored(cut, 10, [].append))


WHOLE = [sound_file(container, codec, rate, 0.3) for container, codec, rate in FORMS]
