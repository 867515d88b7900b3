"""Wake words: how often they are heard, and how often where nobody said them.

    python -m benchmarks.wake [--hours 1]

Hits: each word said by synthetic voices, clean and over the noise of a fan, alone and in one breath
with a question; the same for whether any of the question was lost. False wakes: an hour made of the
recordings of people reading, each time at another level and over other noise, and an hour made of
synthetic sentences that sound a little like the words. All is heard by what the actor uses.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from actors.hearing.wake.detector import WORDS, WakeWords, read_models
from actors.hearing.wake.recent_blocks import Passage
from actors.lib.audio.pcm import BLOCK_SAMPLES, SPEECH_RATE_HZ, Samples, to_pcm, to_samples
from actors.lib.speech.espeak import speak
from actors.lib.speech.synthesizer import VOICE_RATE_HZ, synthesize
from benchmarks.sound import recordings
from pipeline.frames import Audio
from pipeline.quantile import quantile

SAID = {
    "alexa": "Alexa!",
    "hey_jarvis": "Hey Jarvis!",
    "hey_mycroft": "Hey Mycroft!",
    "okay_nabu": "Okay Nabu!",
}
QUESTION = "What time is it?"
NEAR = (
    "Hey Travis, did you see my car keys?",
    "A Lexus is parked outside.",
    "Okay, now do the next one.",
    "My craft is carpentry.",
    "He's the jar with the service label.",
    "Alex is a friend of mine.",
    "Hey, Marcus, how was your day?",
    "Okay, no, but thank you.",
)
"""Sentences that sound a little like the words and are none."""
HIBARI_SEEDS = 12
"""Manners of the one voice of hibari-tts; it is the same American English speaker."""
ESPEAK_VOICES = tuple(
    f"{accent}{voice}"
    for accent in ("en-us", "en-gb-x-rp", "en-gb-scotland")
    for voice in ("", "+f2", "+f4", "+m3")
)
NOISE_DB = 15.0
"""By which the voice is louder than the fan."""
EDGE = 300
"""Amplitude from which a voice is heard: -40 dBFS."""


@dataclass
class Hits:
    """What came of one word."""

    said: int = 0
    heard: int = 0
    lost_ms: list[float] = field(default_factory=list)
    """Of the question said in one breath, by which what is passed on begins too late."""
    late_ms: list[float] = field(default_factory=list)
    """From the end of a word that stands alone to its detection."""
    rest_ms: list[float] = field(default_factory=list)
    """Of such a word, by which what is passed on begins too soon."""


def trimmed(samples: Samples) -> Samples:
    """Return a sound without the silence around it."""
    loud = np.flatnonzero(np.abs(samples.astype(int)) > EDGE)
    return samples[loud[0] : loud[-1] + 1]


def hibari(seed: int, sentence: str) -> Samples:
    """Return a sentence in a manner of the voice that comes with the project."""
    return _at_microphone(synthesize(sentence, seed))


def espeak(voice: str, sentence: str) -> Samples:
    """Return a sentence in a voice of espeak-ng."""
    return _at_microphone(speak(sentence, voice))


def _at_microphone(pcm: bytes) -> Samples:
    resampled = soxr.resample(to_samples(pcm), VOICE_RATE_HZ, SPEECH_RATE_HZ)
    return np.asarray(resampled, np.int16)


def fan(count: int, level: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise that is louder the lower it is."""
    white = np.fft.rfft(rng.normal(0, 1, count))
    white /= np.sqrt(np.maximum(1, np.arange(len(white)) * SPEECH_RATE_HZ / count / 50))
    noise = np.fft.irfft(white, count)
    return np.asarray(noise * level / np.sqrt(np.mean(noise**2)))


def over_noise(sound: Samples, voice: Samples, noisy: bool, rng: np.random.Generator) -> Samples:
    """Return a sound over the noise of a quiet room, or of a fan."""
    level = np.sqrt(np.mean(voice.astype(float) ** 2)) / 10 ** (NOISE_DB / 20) if noisy else 6.0
    mixed = sound + fan(len(sound), float(level), rng)
    return np.asarray(np.clip(mixed, -32768, 32767), np.int16)


def blocks(sound: Samples) -> Iterator[Audio]:
    """Yield a sound as a microphone sends it."""
    for at in range(0, len(sound) - BLOCK_SAMPLES + 1, BLOCK_SAMPLES):
        yield Audio.block("local", 0, at, to_pcm(sound[at : at + BLOCK_SAMPLES]))


def listen(words: WakeWords, sound: Samples) -> tuple[int | None, int | None]:
    """Return where a word was detected, and from where on sound is passed on."""
    words.begin_anew()
    passage = Passage()
    detected = None
    for frame in blocks(sound):
        passage.recent.add(frame)
        if words.hear(frame.pcm) and detected is None:
            detected = passage.recent.end
            passage.begin_after_word()
        if detected is not None:
            passage.word_alone()
            if not passage.waits:
                return detected, passage.next
    return detected, None


def hits(name: str, voices: Sequence[Callable[[str], Samples]], noisy: bool) -> Hits:
    """Say a word in every voice, alone and in one breath with a question."""
    words = WakeWords(read_models([name], Path(), None))
    rng = np.random.default_rng(1)
    found = Hits()
    lead, tail = np.zeros(2 * SPEECH_RATE_HZ, np.int16), np.zeros(SPEECH_RATE_HZ, np.int16)
    for say in voices:
        word, question = trimmed(say(SAID[name])), trimmed(say(QUESTION))
        end = len(lead) + len(word)
        alone = over_noise(np.concatenate([lead, word, tail]), word, noisy, rng)
        breath = over_noise(np.concatenate([lead, word, question, tail]), word, noisy, rng)
        at, begins = listen(words, alone)
        found.said += 1
        found.heard += at is not None
        if at is not None and begins is not None:
            found.late_ms.append((at - end) / 16)
            found.rest_ms.append(max(0.0, (end - begins) / 16))
        at, begins = listen(words, breath)
        if at is not None and begins is not None:
            found.lost_ms.append(max(0.0, (begins - end) / 16))
    return found


def false_wakes(sounds: Sequence[Samples], hours: float) -> tuple[dict[str, int], float]:
    """Return false wakes by word, and seconds of a processor that a word takes in an hour."""
    rng = np.random.default_rng(2)
    words = {name: WakeWords(read_models([name], Path(), None)) for name in WORDS}
    counts, heard, cost = dict.fromkeys(WORDS, 0), 0, 0.0
    while heard < hours * 3600 * SPEECH_RATE_HZ:
        voice = sounds[int(rng.integers(len(sounds)))]
        gain = 10 ** (rng.uniform(-20, 6) / 20)
        pause = np.zeros(rng.integers(SPEECH_RATE_HZ * 2), np.int16)
        sound = np.concatenate([voice * gain, pause])
        mixed = sound + fan(len(sound), float(10 ** rng.uniform(0.5, 2.7)), rng)
        pcm = to_pcm(np.clip(mixed, -32768, 32767).astype(np.int16))
        heard += len(sound)
        for name, each in words.items():
            began = time.process_time()
            for at in range(0, len(pcm), 2 * BLOCK_SAMPLES):
                counts[name] += each.hear(pcm[at : at + 2 * BLOCK_SAMPLES]) is not None
            cost += time.process_time() - began
    return counts, cost / hours / len(words)


def _cell(values: Sequence[float], share: float) -> str:
    return f"{quantile(values, share):.0f}" if values else "-"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0, help="of sound without a word")
    options = parser.parse_args()
    voices = {
        "hibari": [partial(hibari, seed) for seed in range(HIBARI_SEEDS)],
        "espeak-ng": [partial(espeak, voice) for voice in ESPEAK_VOICES],
    }
    print(
        "| word | voice | noise | heard | after its end, ms p50 / most "
        "| alone: rest passed on, ms most | one breath: lost, ms most |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in WORDS:
        for voice, manners in voices.items():
            for noisy in (False, True):
                found = hits(name, manners, noisy)
                print(
                    f"| {name} | {voice} | {'fan' if noisy else 'room'} "
                    f"| {found.heard} of {found.said} "
                    f"| {_cell(found.late_ms, 0.5)} / {_cell(found.late_ms, 1.0)} "
                    f"| {_cell(found.rest_ms, 1.0)} | {_cell(found.lost_ms, 1.0)} |"
                )
    near = [hibari(seed, sentence) for seed in range(4) for sentence in NEAR]
    print("\n| heard |", " | ".join(WORDS), "| processor, s an hour and word |")
    print("|---" * (len(WORDS) + 2) + "|")
    for what, sounds in (("people reading", recordings()), ("near misses", near)):
        counts, cost = false_wakes(sounds, options.hours)
        of_each = " | ".join(str(count) for count in counts.values())
        print(f"| {what}, {options.hours:g} h | {of_each} | {cost:.1f} |", flush=True)


if __name__ == "__main__":
    main()
