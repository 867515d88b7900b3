from __future__ import annotations

import io
import time
import wave

import numpy as np
import pytest
from ear_listener import Listener
from encoded_sound import TONE_HZ, sound_file, tone
from numpy.typing import NDArray

from actors.gateway.ear import FILLED_SAMPLES, LATE_NS, MOST_AHEAD_S
from actors.gateway.errors import UnreadableSoundError
from actors.gateway.sound import begins_file

RATE = 16_000
FORMS = [
    ("webm", "libopus", 48_000),
    ("ogg", "libopus", 48_000),
    ("mp3", "libmp3lame", 44_100),
    ("flac", "flac", 44_100),
    ("wav", "pcm_mulaw", 8_000),
    ("wav", "pcm_f32le", 48_000),
]
"""Container, codec and rate of what browsers and people send."""


def wav(samples: NDArray[np.int16], rate: int, channels: int = 1) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return written.getvalue()


def pitch_hz(samples: NDArray[np.int16]) -> float:
    middle = samples[len(samples) // 4 : len(samples) * 3 // 4].astype(float)
    return float(np.abs(np.fft.rfft(middle)).argmax() * RATE / len(middle))


@pytest.mark.parametrize(("container", "codec", "rate"), FORMS)
@pytest.mark.parametrize("piece", [250, 4000, 10**9])
def test_a_file_that_comes_in_pieces_is_heard_whole(
    container: str, codec: str, rate: int, piece: int
) -> None:
    data = sound_file(container, codec, rate)
    listener = Listener()
    for at in range(0, len(data), piece):
        listener.ear.hear_file(data[at : at + piece])
    listener.finish()
    assert listener.problems == []
    assert len(listener.samples) == pytest.approx(2 * RATE, abs=0.1 * RATE)
    assert pitch_hz(listener.samples) == pytest.approx(TONE_HZ, abs=3)


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_of_any_rate_are_heard(rate: int, channels: int) -> None:
    data = np.repeat(tone(2, rate), channels).tobytes()
    listener = Listener()
    for at in range(0, len(data), 999):  # Samples are cut in two.
        listener.ear.hear_pcm(data[at : at + 999], rate, channels)
    listener.finish()
    assert len(listener.samples) == pytest.approx(2 * RATE, abs=400)
    assert pitch_hz(listener.samples) == pytest.approx(TONE_HZ, abs=3)


def test_chunks_that_are_wav_files_each_are_one_sound() -> None:
    listener = Listener()
    whole = tone(2, 48_000)
    for at in range(0, len(whole), 12_000):
        listener.ear.hear_file(wav(whole[at : at + 12_000], 48_000))
    listener.finish()
    assert len(listener.samples) == pytest.approx(2 * RATE, abs=400)
    assert pitch_hz(listener.samples) == pytest.approx(TONE_HZ, abs=3)


def test_chunks_that_are_files_each_are_heard_in_their_order() -> None:
    listener = Listener()
    pitches = [300 * n for n in range(1, 9)]
    for hz in pitches:
        listener.ear.hear_file(sound_file("wav", "pcm_mulaw", 8_000, 0.25, hz))
    listener.finish()
    assert listener.problems == []
    length = len(listener.samples) // len(pitches)
    heard = [pitch_hz(listener.samples[n * length :][:length]) for n in range(len(pitches))]
    assert heard == pytest.approx(pitches, abs=12)


@pytest.mark.parametrize("size", [0, 2**32 - 1])
def test_a_wav_file_whose_header_was_written_before_its_length_was_known_is_heard(
    size: int,
) -> None:
    data = bytearray(wav(tone(1, RATE), RATE))
    data[40:44] = size.to_bytes(4, "little")
    listener = Listener()
    for at in range(0, len(data), 4000):
        listener.ear.hear_file(bytes(data[at : at + 4000]))
    assert np.array_equal(listener.samples, tone(1, RATE)[: len(listener.samples)])
    assert len(listener.samples) == RATE


@pytest.mark.parametrize("kind", ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le"])
@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_a_wav_file_in_pieces_is_heard_by_who_does_not_know_that_it_is_one(
    kind: str, rate: int
) -> None:
    """As a website sends it in binary messages, cut anywhere, samples too."""
    data = sound_file("wav", kind, rate)
    listener = Listener()
    for at in range(0, len(data), 1999):
        piece = data[at : at + 1999]
        assert listener.ear.takes_file(piece)
        listener.ear.hear_file(piece)
    listener.finish()
    assert len(listener.samples) == pytest.approx(2 * RATE, abs=RATE / 20)
    assert pitch_hz(listener.samples) == pytest.approx(TONE_HZ, abs=3)
    assert 7_500 < np.abs(listener.samples).max() < 8_500, "as loud as it was"


def test_samples_after_a_whole_wav_file_are_not_of_its_rate() -> None:
    listener = Listener()
    listener.ear.hear_file(wav(tone(1, 44_100), 44_100))
    assert not listener.ear.takes_file(bytes(640))


def test_of_stereo_sound_with_a_channel_inverted_the_other_is_heard() -> None:
    both = np.stack([tone(2, RATE), -tone(2, RATE)], axis=1)
    listener = Listener()
    for at in range(0, len(both), 320):
        listener.ear.hear_pcm(both[at : at + 320].tobytes(), RATE, 2)
    assert pitch_hz(listener.samples) == pytest.approx(TONE_HZ, abs=3)
    assert np.abs(listener.samples[RATE:]).max() > 4000


def test_a_wav_file_cut_in_pieces_goes_on_without_its_header() -> None:
    data = wav(tone(2, RATE), RATE)
    listener = Listener()
    for at in range(0, len(data), 3000):
        listener.ear.hear_file(data[at : at + 3000])
    listener.finish()
    assert np.array_equal(listener.samples, tone(2, RATE)[: len(listener.samples)])
    assert len(listener.samples) == 2 * RATE


def test_a_second_recording_of_the_browser_begins_a_new_file() -> None:
    listener = Listener()
    for _ in range(2):
        data = sound_file("webm", "libopus", 48_000, 1.0)
        for at in range(0, len(data), 1000):
            listener.ear.hear_file(data[at : at + 1000])
        listener.finish()
    assert len(listener.samples) == pytest.approx(2 * RATE, abs=0.2 * RATE)


def test_positions_and_times_of_blocks_follow_each_other() -> None:
    listener = Listener()
    listener.ear.hear_pcm(tone(1, RATE).tobytes())
    assert [block.position for block in listener.blocks] == list(range(0, RATE, 320))
    gaps = np.diff([block.origin_ns for block in listener.blocks])
    assert set(gaps) == {20_000_000}
    assert listener.blocks[-1].origin_ns <= time.monotonic_ns()


@pytest.mark.parametrize("data", [b"x", b"garbage" * 100, b"\x00" * 1000])
def test_what_is_no_file_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableSoundError, match="no sound file"):
        Listener().ear.hear_file(data)


@pytest.mark.parametrize(
    "head", [b"\x1aE\xdf\xa3", b"fLaC", b"ID3\x03", b"RIFF\x00\x00\x00\x00AVI "]
)
def test_a_header_with_garbage_behind_it_is_told_and_the_next_sound_is_heard(head: bytes) -> None:
    listener = Listener()
    listener.ear.hear_file(head + bytes(range(256)) * 300)
    listener.finish()
    assert len(listener.problems) == 1
    listener.ear.hear_pcm(tone(1, RATE).tobytes())
    assert len(listener.samples) == RATE


def test_a_piece_with_nothing_in_it_is_nothing() -> None:
    listener = Listener()
    for piece in (b"", sound_file("webm", "libopus", 48_000, 0.5), b""):
        listener.ear.hear_file(piece)
    listener.finish()
    assert not listener.problems
    assert len(listener.blocks) >= 20


def test_a_file_cut_anywhere_leaves_nothing_behind() -> None:
    data = sound_file("webm", "libopus", 48_000, 0.5)
    for length in range(4, len(data), 97):
        listener = Listener()
        listener.ear.hear_file(data[:length])
        listener.finish()
        listener.ear.hear_pcm(tone(1, RATE).tobytes())
        assert len(listener.blocks) >= 50


@pytest.mark.parametrize(
    ("rate", "channels"), [(0, 1), (7999, 1), (10**9, 1), (16_000, 0), (16_000, 99)]
)
def test_impossible_samples_are_refused(rate: int, channels: int) -> None:
    with pytest.raises(UnreadableSoundError, match="Hz"):
        Listener().ear.hear_pcm(b"\x00\x00", rate, channels)


def test_two_minutes_at_once_are_heard_and_more_is_refused() -> None:
    listener = Listener()
    second = bytes(2 * RATE)
    for _ in range(int(MOST_AHEAD_S)):
        listener.ear.hear_pcm(second)
    with pytest.raises(UnreadableSoundError, match="faster than it is spoken"):
        listener.ear.hear_pcm(second * 3)


def test_silence_is_filled_in_when_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener()
    listener.ear.hear_pcm(tone(1, RATE).tobytes())
    assert not listener.ear.fill()
    later_ns = time.monotonic_ns() + LATE_NS
    monkeypatch.setattr(time, "monotonic_ns", lambda: later_ns)
    assert listener.ear.fill()
    assert len(listener.samples) == RATE + FILLED_SAMPLES
    assert not listener.samples[RATE:].any()


def test_nothing_is_filled_into_a_file_however_late_its_next_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listener = Listener()
    listener.ear.hear_stored(tone(1, RATE))
    later_ns = time.monotonic_ns() + 10 * LATE_NS
    monkeypatch.setattr(time, "monotonic_ns", lambda: later_ns)
    assert not listener.ear.fill()
    listener.ear.hush()
    monkeypatch.setattr(time, "monotonic_ns", lambda: later_ns + LATE_NS)
    assert listener.ear.fill()


@pytest.mark.parametrize(("container", "codec", "rate"), FORMS)
def test_only_the_first_piece_of_a_file_looks_like_one(
    container: str, codec: str, rate: int
) -> None:
    data = sound_file(container, codec, rate)
    assert begins_file(data) or container == "mp3"
    assert not any(begins_file(data[at : at + 1000]) for at in range(1000, len(data), 1000))
