"""Tables of G.711 beside the loops of ITU-T G.191 (STL, g711.c), and beside FFmpeg."""

from __future__ import annotations

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from actors.lib.audio import g711

SAMPLES = np.arange(-32_768, 32_768).astype(np.int16)
CODES = bytes(range(256))


def ulaw_compress(sample: int) -> int:
    absolute = min((~sample >> 2 if sample < 0 else sample >> 2) + 33, 0x1FFF)
    segment, rest = 1, absolute >> 6
    while rest:
        segment, rest = segment + 1, rest >> 1
    code = (0x08 - segment) << 4 | 0x0F - (absolute >> segment & 0x0F)
    return code | 0x80 if sample >= 0 else code


def ulaw_expand(code: int) -> int:
    mantissa = ~code
    exponent = mantissa >> 4 & 7
    mantissa &= 0x0F
    step = 4 << exponent + 1
    return (-1 if code < 0x80 else 1) * ((0x80 << exponent) + step * mantissa + step // 2 - 4 * 33)


def alaw_compress(sample: int) -> int:
    index = ~sample >> 4 if sample < 0 else sample >> 4
    if index > 15:
        exponent = 1
        while index > 31:
            index, exponent = index >> 1, exponent + 1
        index += (exponent << 4) - 16
    return (index | 0x80 if sample >= 0 else index) ^ 0x55


def alaw_expand(code: int) -> int:
    index = (code ^ 0x55) & 0x7F
    exponent, mantissa = index >> 4, index & 0x0F
    if exponent > 0:
        mantissa += 16
    mantissa = (mantissa << 4) + 8
    if exponent > 1:
        mantissa <<= exponent - 1
    return mantissa if code > 127 else -mantissa


def test_every_sample_has_the_code_of_the_reference() -> None:
    for codes, compress in (
        (g711.mulaw_codes(), ulaw_compress),
        (g711.alaw_codes(), alaw_compress),
    ):
        assert g711.encode(SAMPLES, codes) == bytes(map(compress, SAMPLES.tolist()))


def test_every_code_has_the_sample_of_the_reference() -> None:
    for levels, expand in ((g711.mulaw_levels(), ulaw_expand), (g711.alaw_levels(), alaw_expand)):
        assert g711.decode(CODES, levels).tolist() == list(map(expand, CODES))


def test_known_values() -> None:
    assert g711.encode(np.array([0, 32_767, -32_768], np.int16), g711.mulaw_codes()).hex() == (
        "ff8000"
    )
    assert g711.encode(np.array([0, 32_767, -32_768], np.int16), g711.alaw_codes()).hex() == (
        "d5aa2a"
    )
    assert g711.decode(b"\xff\x7f\x80\x00", g711.mulaw_levels()).tolist() == [0, 0, 32_124, -32_124]
    assert g711.decode(b"\xd5\x55\xaa\x2a", g711.alaw_levels()).tolist() == [8, -8, 32_256, -32_256]


@pytest.mark.parametrize(
    ("levels", "codes"),
    [
        (g711.mulaw_levels(), g711.mulaw_codes()),
        (g711.alaw_levels(), g711.alaw_codes()),
    ],
    ids=["mulaw", "alaw"],
)
def test_louder_is_never_heard_as_softer_and_what_was_coded_stays(
    levels: NDArray[np.int16], codes: NDArray[np.uint8]
) -> None:
    heard = g711.decode(g711.encode(SAMPLES, codes), levels)
    assert (np.diff(heard.astype(int)) >= 0).all()
    assert np.array_equal(np.unique(heard), np.unique(levels))
    assert np.array_equal(g711.decode(g711.encode(heard, codes), levels), heard)


@pytest.mark.parametrize(
    ("codec", "levels"),
    [("pcm_mulaw", g711.mulaw_levels()), ("pcm_alaw", g711.alaw_levels())],
)
def test_ffmpeg_hears_the_same(codec: str, levels: NDArray[np.int16]) -> None:
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = 8000, "mono"
    (frame,) = decoder.decode(av.Packet(CODES))
    assert frame.to_ndarray().reshape(-1).tolist() == levels.tolist()
