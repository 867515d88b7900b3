import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from actors.lib.audio.decode import decode, require_sound
from actors.lib.audio.pcm import Samples
from pipeline.errors import DeviceError

SPEECH = Path(__file__).parents[2] / "speech"


def wav_samples(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def encode(path: Path, codec: str, rate_hz: int, samples: Samples) -> Path:
    """Write stereo `samples` (taken at `rate_hz`) with FFmpeg's `codec`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(np.repeat(samples, 2)[None, :], "s16", "stereo")
        frame.sample_rate = rate_hz
        frame.time_base = Fraction(1, rate_hz)
        resampler = av.AudioResampler(stream.format, "stereo", rate_hz, stream.frame_size or 1024)
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            container.mux(stream.encode(piece))
    return path


def tone(rate_hz: int) -> Samples:
    return np.asarray(np.sin(np.arange(rate_hz) * 2 * np.pi * 440 / rate_hz) * 10_000, np.int16)


def test_a_wav_at_16_khz_comes_out_sample_for_sample() -> None:
    path = SPEECH / "goforward.wav"

    assert np.array_equal(np.concatenate(list(decode(path))), wav_samples(path))


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz"),
    [
        ("tone.mp3", "libmp3lame", 44_100),
        ("tone.ogg", "libopus", 48_000),
        ("tone.flac", "flac", 44_100),
        ("tone.m4a", "aac", 48_000),
    ],
)
def test_other_formats_rates_and_stereo_become_16_khz_mono(
    tmp_path: Path, name: str, codec: str, rate_hz: int
) -> None:
    path = encode(tmp_path / name, codec, rate_hz, tone(rate_hz))

    out = np.concatenate(list(decode(path)))

    assert out.dtype == np.int16
    assert len(out) == pytest.approx(16_000, abs=1600)  # Codecs pad to whole frames.
    assert np.abs(np.fft.rfft(out[:16_000].astype(float))).argmax() == pytest.approx(440, abs=2)


def test_a_long_file_comes_in_small_pieces(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16_000 * 60))

    lengths = [len(piece) for piece in decode(path)]

    assert sum(lengths) == 16_000 * 60
    assert max(lengths) <= 16_000


def test_a_missing_file_names_the_nearest() -> None:
    with pytest.raises(DeviceError, match=r"goforwad\.wav: did you mean 'goforward\.wav'"):
        require_sound(SPEECH / "goforwad.wav")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="there is no folder"):
        require_sound(tmp_path / "nowhere" / "a.wav")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="is a folder"):
        require_sound(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no sound at all\n" * 100])
def test_what_is_no_media_file_is_named_with_advice(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.wav"
    path.write_bytes(content)

    with pytest.raises(DeviceError, match=r"notes\.wav cannot be read as sound.*use a file"):
        next(decode(path))


def test_a_file_without_sound_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("png", rate=1)
        stream.width = stream.height = 16
        stream.pix_fmt = "rgb24"
        picture = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), "rgb24")
        container.mux(stream.encode(picture))
        container.mux(stream.encode(None))

    with pytest.raises(DeviceError, match="holds no sound"):
        require_sound(path)


def test_damage_is_told_and_the_rest_is_played(tmp_path: Path) -> None:
    path = encode(tmp_path / "tone.flac", "flac", 44_100, tone(44_100))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    path.write_bytes(content)
    damage: list[str] = []

    out = np.concatenate(list(decode(path, on_damage=damage.append)))

    assert damage
    assert len(out) > 8000
