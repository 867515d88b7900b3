"""What was heard on a line: stretches of sound with the words in them, tones, and silence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from actors.cli.calling.hearing import LOUD_DBFS
from actors.lib.audio.pcm import Samples, level_dbfs, to_pcm
from actors.simulator.stt import make_stt

WINDOW_S = 0.02
WITHIN_S = 0.6
"""Silence within a sentence is shorter: a longer one is told apart, second by second."""
SHORTEST_S = 0.1
"""Shorter sound is a click and no word."""
TONE_SHARE = 0.6
"""Of the energy in two narrow bands: keys are two tones, and speech has no such band for long."""


@dataclass(frozen=True)
class HeardStretch:
    """Sound without a pause.

    Attributes:
        begin_s: Since the line was up.
        end_s: Since the line was up.
        words: In it, in lower case; empty: none were recognised.
        is_tone: It is a tone.
    """

    begin_s: float
    end_s: float
    words: str
    is_tone: bool

    def words_of(self, second: int) -> str:
        """Return the words of a second: those of the stretch, spread over it by their letters."""
        letters, spoken = len(self.words), []
        at = 0
        for word in self.words.split():
            middle_s = self.begin_s + (self.end_s - self.begin_s) * (at + len(word) / 2) / letters
            if second <= middle_s < second + 1:
                spoken.append(word)
            at += len(word) + 1
        return " ".join(spoken)


def heard_stretches(samples: Samples, rate_hz: int) -> list[HeardStretch]:
    """Return what was heard; words are recognised on this machine."""
    spans = [*_sounding(samples, rate_hz)]
    parts = [samples[round(begin * rate_hz) : round(end * rate_hz)] for begin, end in spans]
    tones = [_is_tone(part) for part in parts]
    words = recognised([part for part, tone in zip(parts, tones, strict=True) if not tone], rate_hz)
    texts = iter(words)
    return [
        HeardStretch(begin, end, "" if tone else next(texts), tone)
        for (begin, end), tone in zip(spans, tones, strict=True)
    ]


def recognised(parts: list[Samples], rate_hz: int) -> list[str]:
    """Return the words in each, in lower case and without punctuation."""

    async def listen() -> list[str]:
        recogniser = make_stt("moonshine")
        await recogniser.start()
        try:
            return [await recogniser.hear(to_pcm(each), rate_hz) for each in parts]
        finally:
            await recogniser.stop()

    return [plain(each) for each in asyncio.run(listen())]


def plain(text: str) -> str:
    """Return words in lower case, without punctuation."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def _sounding(samples: Samples, rate_hz: int) -> Iterator[tuple[float, float]]:
    window = round(rate_hz * WINDOW_S)
    begin_s = end_s = None
    for at in range(0, len(samples), window):
        if level_dbfs(samples[at : at + window]) <= LOUD_DBFS:
            continue
        now_s = at / rate_hz
        if begin_s is None or end_s is None or now_s - end_s > WITHIN_S:
            if begin_s is not None and end_s is not None and end_s - begin_s >= SHORTEST_S:
                yield begin_s, end_s
            begin_s = now_s
        end_s = now_s + WINDOW_S
    if begin_s is not None and end_s is not None and end_s - begin_s >= SHORTEST_S:
        yield begin_s, end_s


def _is_tone(samples: Samples) -> bool:
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    # A hertz is as wide as the stretch is long, in seconds; a tone is one, a few hertz wide.
    width = max(3, len(samples) // 1000)
    smooth = np.convolve(power, np.ones(width), "same")
    first = int(smooth.argmax())
    peaks = float(smooth[first])
    smooth[max(0, first - width) : first + width] = 0
    return (peaks + float(smooth.max())) / float(power.sum() + 1e-9) >= TONE_SHARE
