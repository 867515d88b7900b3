"""A telephone line for benchmarks: what is said in, messages of 20 ms of mu-law out, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import soxr
from numpy.typing import NDArray

from actors.gateway.phone.dialect import Encoding, LineSound
from actors.gateway.phone.sound.line_decoder import LineDecoder
from actors.gateway.phone.sound.line_encoder import LineEncoder
from actors.gateway.phone.sound.reorder import Reorder
from actors.lib.audio import g711
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples
from actors.lib.speech.synthesizer import VOICE_RATE_HZ, synthesize
from actors.recordings.evaluation.noise import active_power
from benchmarks.end_of_turn import WHOLE
from benchmarks.sound import SPEECH, read_wav

LINE = LineSound(Encoding.MULAW, 8000)
MESSAGE = LINE.bytes_of(20)
MESSAGE_NS = 20_000_000
BAND_HZ = (300.0, 3400.0)
EDGE_HZ = 100.0
"""Over which the band fades out."""
SPEECH_RMS = 2600.0
"""Of a person who speaks, by RFC 7874; answers are as loud."""
ANSWER = (
    "I have thought about it for a while. There are three things I would like to say. First, the "
    "weather today is mild, and the garden could do with some water. Second, somebody left a red "
    "cup on the table in the kitchen, and a blue one beside the window. Third, your train leaves "
    "at twenty past six from platform nine, so there is no need to hurry."
)
LOUD = 150
"""A sample of the voice of hibari-tts between its first sound and its last: it has no noise."""

Wave = NDArray[np.float64]
Feed = Callable[[bytes], Samples]
"""Takes a message and returns what is ready of it, at 16 kHz."""
Convert = Callable[[list[bytes]], Samples]


@dataclass(frozen=True)
class LineFaults:
    """What a line does to sound beside its band and its code.

    Attributes:
        snr_db: Speech over the noise around the person; None: no noise.
        lost: Part of the messages that never come.
        echo_db: How loud what is played to the person comes back; None: not at all.
        echo_ms: How late.
    """

    snr_db: float | None = None
    lost: float = 0.0
    echo_db: float | None = None
    echo_ms: float = 150.0

    def __str__(self) -> str:
        parts = [
            f"noise {self.snr_db:g} dB below" if self.snr_db is not None else "",
            f"{self.lost * 100:g} % lost" if self.lost else "",
            f"echo at {self.echo_db:g} dB" if self.echo_db is not None else "",
        ]
        return ", ".join(filter(None, parts)) or "nothing wrong"


@dataclass(frozen=True, eq=False)
class Said:
    """A sentence at 16 kHz: its words, and its first and last sample."""

    words: str
    sound: Samples
    first: int
    last: int


@dataclass(frozen=True)
class Converter:
    """A way from messages to 16 kHz; begins a stream, whose last call has nothing."""

    begin: Callable[[], Feed]

    def whole(self, messages: list[bytes]) -> Samples:
        """Return all of it."""
        feed = self.begin()
        return np.concatenate([*map(feed, messages), feed(b"")])


def recorded() -> Iterator[Said]:
    """Yield the recordings of tests/speech."""
    for path in sorted(SPEECH.glob("*.wav")):
        first, last, words = path.with_suffix(".labels.txt").read_text().strip().split("\t")
        ends = (round(float(each) * SPEECH_RATE_HZ) for each in (first, last))
        yield Said(words, at_level(read_wav(path)), *ends)


def synthesized() -> Iterator[Said]:
    """Yield the whole sentences of `benchmarks.end_of_turn`."""
    for text in WHOLE.replace("\n", "").split("|"):
        voice = np.frombuffer(synthesize(text), np.int16).astype(np.float32)
        sound = soxr.resample(voice, VOICE_RATE_HZ, SPEECH_RATE_HZ).astype(np.int16)
        (loud,) = np.nonzero(np.abs(sound) > LOUD)
        yield Said(text, at_level(sound), int(loud[0]), int(loud[-1]))


@cache
def answer() -> Samples:
    """Return what is played meanwhile, at 24 kHz and as loud as the person."""
    pieces = [synthesize(f"{each}.") for each in ANSWER.rstrip(".").split(". ")]
    return at_level(np.frombuffer(b"".join(pieces), np.int16))


def at_level(sound: Samples) -> Samples:
    """Return speech as loud as people on telephones speak."""
    louder = np.round(sound * (SPEECH_RMS / np.sqrt(active_power(sound))))
    return clipped(louder)


def carry(
    sound: Samples, faults: LineFaults, played: Samples | None = None, seed: int = 0
) -> list[bytes]:
    """Return what comes of sound on a line, in order.

    Args:
        sound: Of the person, with its noise, at 16 kHz.
        faults: Those of the line; noise is not among them.
        played: To the person meanwhile, at 24 kHz.
        seed: Of what is lost.
    """
    line = band(soxr.resample(sound.astype(np.float64), SPEECH_RATE_HZ, LINE.rate_hz, "VHQ"))
    if played is not None and faults.echo_db is not None:
        line = line + echo_of(played, faults.echo_db, faults.echo_ms, len(line))
    payload = g711.encode(clipped(np.round(line)), g711.mulaw_codes())
    messages = [payload[at : at + MESSAGE] for at in range(0, len(payload), MESSAGE)]
    comes = np.random.default_rng(seed).random(len(messages)) >= faults.lost
    comes[[0, -1]] = True  # They say how long the sound is.
    reorder, heard = Reorder(LINE, Counter()), []
    for number in np.flatnonzero(comes).tolist():
        heard += reorder.take(messages[number], number, number * MESSAGE_NS)
    return heard + reorder.overdue(2 * len(messages) * MESSAGE_NS)


def echo_of(played: Samples, echo_db: float, echo_ms: float, length: int) -> Wave:
    """Return what comes back at 8 kHz of what was played, after its own way through the line."""
    encoder = LineEncoder(LINE)
    sent = g711.decode(encoder.feed(played) + encoder.flush(), g711.mulaw_levels())
    late = round(echo_ms / 1000 * LINE.rate_hz)
    echo = band(np.pad(sent.astype(np.float64), (late, 0))) * 10 ** (echo_db / 20)
    return np.pad(echo, (0, max(0, length - len(echo))))[:length]


def band(wave: Wave) -> Wave:
    """Return a sound at 8 kHz without what telephones do not carry."""
    spectrum, hz = np.fft.rfft(wave), np.fft.rfftfreq(len(wave), 1 / LINE.rate_hz)
    low, high = BAND_HZ
    gain = np.clip((hz - low) / EDGE_HZ + 1, 0, 1) * np.clip((high - hz) / EDGE_HZ + 1, 0, 1)
    return np.fft.irfft(spectrum * gain, len(wave))


def clipped(wave: Wave) -> Samples:
    """Return what 16 bits have of a sound."""
    samples: Samples = np.clip(wave, -32_768, 32_767).astype(np.int16)
    return samples


def _ours() -> Feed:
    decoder = LineDecoder(LINE)
    return lambda message: decoder.feed(message) if message else decoder.flush()


def _soxr(quality: str) -> Feed:
    stream = soxr.ResampleStream(LINE.rate_hz, SPEECH_RATE_HZ, 1, "int16", quality)
    levels = g711.mulaw_levels()
    return lambda message: stream.resample_chunk(g711.decode(message, levels), last=not message)


CONVERTERS = {
    "ours": Converter(_ours),
    "soxr LQ": Converter(lambda: _soxr("LQ")),
    "soxr VHQ": Converter(lambda: _soxr("VHQ")),
}
"""VHQ is what Pipecat takes for telephone calls, LQ what robots here take between other rates."""
