"""What people's files are like: headers, codecs, changes on the way, damage."""

from __future__ import annotations

import io
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from actors.lib.audio.decode import decode, require_sound
from actors.lib.audio.pcm import Samples, to_samples
from actors.lib.audio.plain_wav import find_plain_wav
from pipeline.errors import DeviceError

SPEECH = Path(__file__).parents[2] / "speech" / "goforward.wav"
HEADER_BYTES = 44


def said() -> Samples:
    return to_samples(SPEECH.read_bytes()[HEADER_BYTES:])


def decoded(path: Path) -> Samples:
    return np.concatenate(list(decode(path)))


def likeness(samples: Samples) -> float:
    """How much of what is said is in there, wherever it is: 1 is all."""
    wanted = said().astype(float)
    size = 2 ** int(np.ceil(np.log2(len(samples) + len(wanted))))
    heard = samples.astype(float)
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)
    there = np.sqrt((heard**2).sum() * (wanted**2).sum())
    return float(product.max() / there)


def chunk(name: bytes, content: bytes, *, size: int | None = None, pad: bool = True) -> bytes:
    size = len(content) if size is None else size
    return name + struct.pack("<I", size) + content + b"\0" * (pad and len(content) % 2)


def fmt(rate_hz: int = 16_000, channels: int = 1, *, extensible: bool = False) -> bytes:
    align = 2 * channels
    plain = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * align, align, 16)
    if not extensible:
        return chunk(b"fmt ", plain)
    guid = bytes.fromhex("0100000000001000800000aa00389b71")
    return chunk(b"fmt ", b"\xfe\xff" + plain[2:] + struct.pack("<HHI", 22, 16, 4) + guid)


def wav(*chunks: bytes, size: int | None = None) -> bytes:
    content = b"".join(chunks)
    return b"RIFF" + struct.pack("<I", size or 4 + len(content)) + b"WAVE" + content


def data(**options: int) -> bytes:
    return chunk(b"data", said().tobytes(), **options)  # type: ignore[arg-type]


HEADERS: dict[str, Callable[[], bytes]] = {
    "as written by everybody": lambda: wav(fmt(), data()),
    "extensible": lambda: wav(fmt(extensible=True), data()),
    "size 0 by a program that streams": lambda: wav(fmt(), data(size=0), size=0),
    "greatest size by a program that streams": lambda: wav(fmt(), data(size=2**32 - 1)),
    "greater size than there is": lambda: wav(fmt(), data(size=2**31)),
    "odd chunk, padded": lambda: wav(fmt(), chunk(b"LIST", b"abcde"), data()),
    "odd chunk, not padded": lambda: wav(fmt(), chunk(b"LIST", b"abcde", pad=False), data()),
    "odd chunk first": lambda: wav(chunk(b"junk", b"a"), fmt(), data()),
    "chunks after the sound": lambda: wav(fmt(), data(), chunk(b"id3 ", b"ID3" + bytes(99))),
    "thirty cue points": lambda: wav(fmt(), *[chunk(b"cue ", bytes(28))] * 30, data()),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_wav_is_read_whatever_its_header_is_like(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(HEADERS[kind]())

    assert find_plain_wav(path), "needs no FFmpeg"
    assert np.array_equal(decoded(path), said())


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"RIFX" + wav(fmt(), data())[4:], id="RIFX with little-endian sizes"),
        pytest.param(wav(fmt()), id="no data chunk"),
        pytest.param(wav(fmt(), chunk(b"data", b"")), id="no samples"),
        pytest.param(wav(fmt(), chunk(b"data", b"a")), id="half a sample"),
        pytest.param(wav(data()), id="no format"),
        pytest.param(wav(fmt(rate_hz=0), data()), id="no rate"),
        pytest.param(b"", id="empty"),
        pytest.param(b"RIFF", id="four bytes"),
        pytest.param(b"go forward ten meters\n" * 20, id="text"),
        pytest.param(b"\0\x05\x16\x07\0\x02\0\0Mac OS X        " + bytes(4000), id="AppleDouble"),
        pytest.param(bytes(5000), id="zeros"),
    ],
)
def test_what_holds_no_sound_is_an_error_that_names_the_file(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(content)

    with pytest.raises(DeviceError, match=r"broken\.wav"):
        require_sound(path)


def encoded(
    name: str, codec: str, samples: Samples, *, rate_hz: int = 16_000, layout: str = "mono"
) -> bytes:
    """`samples`, in each channel the same, as a file of that name."""
    file = io.BytesIO()
    with av.open(file, "w", format=CONTAINERS.get(Path(name).suffix)) as container:
        stream = container.add_stream(codec, rate=rate_hz)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        stream.bit_rate = 128_000
        stream.codec_context.options = {"strict": "experimental"}
        channels = stream.layout.nb_channels
        frame = av.AudioFrame.from_ndarray(np.repeat(samples, channels)[None, :], "s16", layout)
        frame.sample_rate = 16_000
        resampler = av.AudioResampler(stream.format, layout, rate_hz, stream.frame_size or 1024)
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            container.mux(stream.encode(piece))
    return file.getvalue()


CONTAINERS = {
    ".wav": "wav", ".w64": "w64", ".aiff": "aiff", ".au": "au", ".flac": "flac", ".ogg": "ogg",
    ".opus": "opus", ".mp3": "mp3", ".m4a": "ipod", ".caf": "caf", ".webm": "webm", ".aac": "adts",
    ".wma": "asf", ".ac3": "ac3", ".mka": "matroska", ".tta": "tta", ".wv": "wv",
}  # fmt: skip
FORMATS = [
    *[("a.wav", codec, 16_000, "mono") for codec in (
        "pcm_u8", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw",
        "adpcm_ms", "adpcm_ima_wav",
    )],
    *[("a.wav", "pcm_s16le", rate_hz, "stereo") for rate_hz in (
        8_000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000,
    )],
    *[("a.wav", "pcm_s16le", 48_000, layout) for layout in ("2.1", "4.0", "5.0", "5.1", "7.1")],
    ("a.w64", "pcm_s16le", 16_000, "mono"),
    ("a.aiff", "pcm_s16be", 44_100, "stereo"),
    ("a.au", "pcm_s16be", 16_000, "mono"),
    ("a.au", "pcm_mulaw", 8_000, "mono"),
    ("a.flac", "flac", 44_100, "stereo"),
    ("a.opus", "libopus", 48_000, "mono"),
    ("a.opus", "libopus", 48_000, "7.1"),
    ("a.aac", "aac", 48_000, "7.1"),
    ("a.ogg", "vorbis", 44_100, "stereo"),
    ("a.mp3", "libmp3lame", 44_100, "stereo"),
    ("a.mp3", "libmp3lame", 22_050, "mono"),
    ("a.m4a", "aac", 44_100, "stereo"),
    ("a.m4a", "alac", 44_100, "stereo"),
    ("a.aac", "aac", 16_000, "mono"),
    ("a.webm", "libopus", 48_000, "stereo"),
    ("a.caf", "pcm_s16be", 44_100, "stereo"),
    ("a.wma", "wmav2", 44_100, "stereo"),
    ("a.ac3", "ac3", 48_000, "5.1"),
    ("a.mka", "pcm_s16le", 48_000, "stereo"),
    ("a.wv", "wavpack", 44_100, "stereo"),
    ("a.tta", "tta", 44_100, "stereo"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "codec", "rate_hz", "layout"), FORMATS)
def test_the_formats_that_people_have_are_heard(
    tmp_path: Path, name: str, codec: str, rate_hz: int, layout: str
) -> None:
    path = tmp_path / name
    path.write_bytes(encoded(name, codec, said(), rate_hz=rate_hz, layout=layout))

    samples = decoded(path)

    assert len(samples) == pytest.approx(len(said()), rel=0.05)
    assert likeness(samples) > 0.9


@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.aac", "a.flac"])
def test_tags_before_the_sound_are_passed_over(tmp_path: Path, name: str) -> None:
    codec = {"a.mp3": "libmp3lame", "a.wav": "pcm_s16le", "a.aac": "aac", "a.flac": "flac"}[name]
    tag = b"ID3\x03\0\0" + bytes([0, 0, 7, 0x68]) + b"TIT2\0\0\0\x05\0\0\0\xff\xfe\xfa" + bytes(986)
    path = tmp_path / name
    path.write_bytes(tag + encoded(name, codec, said()))

    assert likeness(decoded(path)) > 0.9


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"rate_hz": 44_100}, {"rate_hz": 24_000}),
        ({"rate_hz": 44_100}, {"rate_hz": 44_100, "layout": "stereo"}),
        ({"rate_hz": 48_000, "layout": "stereo"}, {"rate_hz": 16_000}),
    ],
)
@pytest.mark.parametrize(("name", "codec"), [("a.mp3", "libmp3lame"), ("a.aac", "aac")])
def test_rate_and_channels_may_change_on_the_way(
    tmp_path: Path, name: str, codec: str, first: dict[str, int], then: dict[str, int]
) -> None:
    half = len(said()) // 2
    path = tmp_path / name
    path.write_bytes(
        encoded(name, codec, said()[:half], **first)  # type: ignore[arg-type]
        + encoded(name, codec, said()[half:], **then)  # type: ignore[arg-type]
    )

    samples = decoded(path)

    assert len(samples) == pytest.approx(len(said()), rel=0.08)
    # The codec's own delay lies between the halves, so each is looked for by itself.
    assert likeness(samples) > 0.6


@pytest.mark.parametrize(("name", "codec", "rate_hz", "layout"), FORMATS)
def test_a_file_that_was_cut_short_is_played_as_far_as_it_goes(
    tmp_path: Path, name: str, codec: str, rate_hz: int, layout: str
) -> None:
    content = encoded(name, codec, said(), rate_hz=rate_hz, layout=layout)
    path = tmp_path / name
    path.write_bytes(content[: len(content) * 2 // 3])
    if name in ("a.m4a", "a.ogg"):
        # What says how to decode it stands at the end, or all of it is one page.
        with pytest.raises(DeviceError, match=re.escape(str(path))):
            decoded(path)
        return
    # Opus and TTA come in pieces of a second, and the last is not whole.
    assert len(said()) * 0.3 < len(decoded(path)) <= len(said()) * 1.02


def test_a_channel_that_is_dead_or_inverted_costs_nothing(tmp_path: Path) -> None:
    quiet = np.zeros_like(said())
    for left, right in ((said(), -said()), (quiet, said()), (said(), quiet)):
        path = tmp_path / "a.wav"
        both = chunk(b"data", np.stack([left, right], axis=1).tobytes())
        path.write_bytes(wav(fmt(channels=2), both))

        samples = decoded(path)

        assert likeness(samples) > 0.99
        assert np.abs(samples).max() == pytest.approx(np.abs(said()).max(), rel=0.01)


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe.wav", tmp_path / "link.wav"
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "gone.wav")
    for path, what in ((pipe, "pipe or a device"), (link, "a link to .*gone.wav")):
        with pytest.raises(DeviceError, match=what):
            require_sound(path)


def test_the_note_of_macos_on_a_file_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "._goforward.wav"
    path.write_bytes(b"\0\x05\x16\x07" + bytes(4092))

    with pytest.raises(DeviceError, match=r"\._goforward\.wav .*beside the file"):
        require_sound(path)
