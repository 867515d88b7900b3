"""What lines carry, as samples and back: whole, in any pieces, at any rate, at once."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from actors.gateway.errors import UnreadableSoundError
from actors.gateway.phone.dialect import Encoding, LineSound
from actors.gateway.phone.sound.line_decoder import LineDecoder
from actors.gateway.phone.sound.line_encoder import LineEncoder, line_silence

HEARD_HZ, ANSWER_HZ = 16_000, 24_000
RATES = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000]
"""Of AudioSocket, jambonz, SignalWire, Telnyx."""
MOST_HELD_MS = 4.0
AMPLITUDE = 16_000.0

Sound = NDArray[np.int16]


def sine(hz: float, rate: int, seconds: float = 1.0) -> Sound:
    at = np.arange(round(rate * seconds)) / rate
    return np.round(AMPLITUDE * np.sin(2 * np.pi * hz * at)).astype(np.int16)


def decode(sound: LineSound, payload: bytes, piece: int) -> Sound:
    decoder = LineDecoder(sound)
    heard = [decoder.feed(payload[at : at + piece]) for at in range(0, len(payload), piece)]
    return np.concatenate([*heard, decoder.flush()])


def encode(sound: LineSound, samples: Sound, piece: int) -> bytes:
    encoder = LineEncoder(sound)
    sent = [encoder.feed(samples[at : at + piece]) for at in range(0, len(samples), piece)]
    return b"".join([*sent, encoder.flush()])


def decibels(samples: Sound) -> float:
    """Of the middle, beside a sine of `AMPLITUDE`."""
    middle = samples[len(samples) // 4 : len(samples) * 3 // 4].astype(float)
    return float(20 * np.log10(max(middle.std(), 1e-9) * np.sqrt(2) / AMPLITUDE))


def remains(samples: Sound, hz: float, rate: int) -> tuple[float, float, float]:
    """Return gain and all that is not the tone, in dB, and by how many ms the tone is late."""
    at = np.arange(len(samples))[len(samples) // 4 : len(samples) * 3 // 4]
    angle = 2 * np.pi * hz * at / rate
    waves = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    parts = np.linalg.lstsq(waves, samples[at].astype(float), rcond=None)[0]
    rest = samples[at] - waves @ parts
    gain = 20 * np.log10(np.hypot(*parts) / AMPLITUDE)
    late_ms = -np.arctan2(parts[1], parts[0]) / (2 * np.pi * hz) * 1000
    return float(gain), float(20 * np.log10(rest.std() * np.sqrt(2) / AMPLITUDE)), float(late_ms)


@pytest.mark.parametrize("rate", RATES)
def test_conversion_holds_back_next_to_nothing_and_moves_nothing(rate: int) -> None:
    """An impulse is heard where it was, and by the time that 4 ms more have come."""
    line = LineSound(Encoding.PCM16, rate)
    impulse = np.zeros(rate // 2, np.int16)
    impulse[rate // 4] = 30_000
    decoder, heard = LineDecoder(line), []
    for at in range(0, rate // 4 + int(rate * MOST_HELD_MS / 1000), 8):
        heard.append(decoder.feed(impulse[at : at + 8].tobytes()))
    peak = int(np.abs(np.concatenate(heard).astype(int)).argmax())
    assert peak == pytest.approx(HEARD_HZ // 4, abs=1)

    impulse = np.zeros(ANSWER_HZ // 2, np.int16)
    impulse[ANSWER_HZ // 4] = 30_000
    encoder, sent = LineEncoder(line), b""
    for at in range(0, ANSWER_HZ // 4 + int(ANSWER_HZ * MOST_HELD_MS / 1000), 8):
        sent += encoder.feed(impulse[at : at + 8])
    peak = int(np.abs(np.frombuffer(sent, "<i2").astype(int)).argmax())
    assert peak == pytest.approx(rate / 4, abs=max(1, rate / HEARD_HZ))


@pytest.mark.parametrize("rate", RATES)
def test_what_is_held_back_is_counted(rate: int) -> None:
    line = LineSound(Encoding.PCM16, rate)
    heard = len(LineDecoder(line).feed(sine(440, rate).tobytes()))
    assert 0 <= HEARD_HZ - heard <= HEARD_HZ * MOST_HELD_MS / 1000
    sent = len(LineEncoder(line).feed(sine(440, ANSWER_HZ))) // 2
    assert 0 <= rate - sent <= rate * MOST_HELD_MS / 1000
    whole = len(decode(line, sine(440, rate).tobytes(), 1000))
    assert whole == pytest.approx(HEARD_HZ, abs=1)
    assert len(encode(line, sine(440, ANSWER_HZ), 480)) // 2 == pytest.approx(rate, abs=1)


@pytest.mark.parametrize("encoding", list(Encoding))
@pytest.mark.parametrize("rate", [8000, 16_000, 24_000, 44_100])
@pytest.mark.parametrize("piece", [1, 7, 160, 321])
def test_pieces_of_any_size_sound_as_the_whole(encoding: Encoding, rate: int, piece: int) -> None:
    """Nothing is lost or doubled where one ends: such a step would be heard as a click."""
    line = LineSound(encoding, rate)
    speech = np.random.default_rng(15).normal(0, 4000, ANSWER_HZ // 10).astype(np.int16)
    sent = encode(line, speech, len(speech))
    assert encode(line, speech, piece) == sent
    assert np.array_equal(decode(line, sent, piece), decode(line, sent, len(sent)))


@pytest.mark.parametrize("hz", [300, 1000, 3000])
def test_telephone_sound_is_heard_as_it_is(hz: int) -> None:
    """8 to 16 kHz in blocks of 20 ms: measured here 90, 98 and 84 dB; soxr's QQ has 11 at 3 kHz."""
    line = LineSound(Encoding.PCM16, 8000)
    gain, rest, late_ms = remains(decode(line, sine(hz, 8000).tobytes(), 320), hz, HEARD_HZ)
    assert abs(gain) < 0.05
    assert rest < -80
    assert abs(late_ms) < 0.01
    gain, rest, late_ms = remains(
        np.frombuffer(encode(line, sine(hz, ANSWER_HZ), 480), "<i2"), hz, 8000
    )
    assert abs(gain) < 0.05
    assert rest < -80
    assert abs(late_ms) < 0.01


def test_the_edge_of_the_telephone_band() -> None:
    line = LineSound(Encoding.PCM16, 8000)
    gain, rest, _ = remains(decode(line, sine(3400, 8000).tobytes(), 320), 3400, HEARD_HZ)
    assert (abs(gain) < 0.2, rest < -45) == (True, True)
    gain, rest, _ = remains(
        np.frombuffer(encode(line, sine(3400, ANSWER_HZ), 480), "<i2"), 3400, 8000
    )
    assert (abs(gain) < 0.2, rest < -80) == (True, True)


@pytest.mark.parametrize("hz", [4600, 5000, 6000, 8000, 11_000])
def test_what_a_line_cannot_carry_is_not_folded_into_it(hz: int) -> None:
    line = LineSound(Encoding.PCM16, 8000)
    assert decibels(np.frombuffer(encode(line, sine(hz, ANSWER_HZ), 480), "<i2")) < -60
    wide = LineSound(Encoding.PCM16, 48_000)
    assert decibels(decode(wide, sine(hz + 4400, 48_000).tobytes(), 1920)) < -60


@pytest.mark.parametrize("encoding", [Encoding.MULAW, Encoding.ALAW])
def test_codes_of_telephones_cost_what_they_are_known_to(encoding: Encoding) -> None:
    """37 to 39 dB; 1020 Hz is the tone of ITU-T O.132 for it, no fraction of the rate."""
    line = LineSound(encoding, 8000)
    heard = decode(line, encode(line, sine(1020, ANSWER_HZ), 480), 160)
    gain, rest, late_ms = remains(heard, 1020, HEARD_HZ)
    assert abs(gain) < 0.1
    assert rest < -36
    assert abs(late_ms) < 0.01


def test_an_answer_that_is_cut_short_is_not_heard_in_the_next() -> None:
    encoder = LineEncoder(LineSound(Encoding.PCM16, 8000))
    encoder.feed(np.full(480, 20_000, np.int16))
    encoder.clear()
    assert not any(encoder.feed(np.zeros(480, np.int16)) + encoder.flush())


@pytest.mark.parametrize("encoding", list(Encoding))
def test_silence_of_a_line_is_heard_as_none(encoding: Encoding) -> None:
    line = LineSound(encoding, 8000)
    silence = line_silence(line, 20)
    assert len(silence) == line.bytes_of(20)
    # A-law has no zero: its least level is 8 of 32768, and where it ends, a filter overshoots.
    assert np.abs(decode(line, silence, len(silence))).max() <= 9


@pytest.mark.parametrize("rate", [0, 4000, 7999, 192_001, -8000])
def test_rates_that_no_line_has_are_refused(rate: int) -> None:
    with pytest.raises(UnreadableSoundError, match=f"{rate} Hz"):
        LineDecoder(LineSound(Encoding.PCM16, rate))
    with pytest.raises(UnreadableSoundError, match="8000 to 192000"):
        LineEncoder(LineSound(Encoding.PCM16, rate))
