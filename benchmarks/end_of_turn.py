"""The end of a turn, by silence and by a network: turns cut in pauses, and how long one waits.

    python -m benchmarks.end_of_turn            # table of both modes
    python -m benchmarks.end_of_turn --verdicts # and each verdict

A recorded sentence is cut off where it is quietest, as if its speaker stopped to think, and it is
measured how long it takes until the turn is ended: a pause that is longer cuts the turn in two. The
same is measured at the end of whole sentences, where it is what one waits for an answer.
Synthesized sentences, whole and cut off in their text, come on top.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from actors.hearing.vad.options import EndOfTurn, VadOptions
from actors.hearing.vad.silero.engine import SileroEngine
from actors.hearing.vad.silero.network import Network
from actors.hearing.vad.smart_turn.network import SmartTurn
from actors.hearing.vad.stream import Verdict, VoiceStream
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples
from actors.lib.speech.synthesizer import VOICE_RATE_HZ, synthesize
from benchmarks.quiet import turn_ends
from benchmarks.sound import SPEECH, read_wav

NOISES_DB: Sequence[float | None] = (None, 20, 10, 5)
"""Level of speech above the noise; None: as recorded."""
PAUSES_S = (0.5, 0.7, 0.9, 1.2, 1.5)
QUIET_S = 0.5
"""Before the speech; after it 3 s, which end any turn."""
DIP_DB = 14.0
APART_S = 0.4
"""Cuts are where speech is so far below its loudest, and so far apart."""
WHOLE = """Go forward ten meters.|What is the weather like today?|Please turn on the kitchen light.|
Stop.|Yes.|My name is Robert and I live in Boston.|Can you tell me what you see?|
Set a timer for ten minutes.|I think that would be fine.|Turn left and stop at the door.|
Who wrote Hamlet?|Remind me to call my mother tomorrow at five.|No thank you.|The red one.|
Move back a little."""
CUT_OFF = """Go forward...|What is the...|Please turn on the...|My name is Robert and I...|
Can you tell me what...|Set a timer for...|I think that, um,|Turn left and...|Who wrote, uh,|
Remind me to call...|I would like to|So the thing is,|Could you maybe|If it rains tomorrow,|
The red one and"""

Curve = NDArray[np.float64]


class Sentence(NamedTuple):
    """Speech that stops with the last sample."""

    name: str
    whole: bool
    sound: Samples


@dataclass
class Ending:
    """How a turn ended: s from the last sample of speech; what the network took of a processor."""

    waited_s: float
    judging_s: float
    verdict: float


def recorded() -> Iterator[Sentence]:
    """Yield the recordings, and each up to each of its quiet places."""
    for path in sorted(SPEECH.glob("*.wav")):
        sound = read_wav(path)
        labels = path.with_suffix(".labels.txt").read_text().split()
        first, last = (round(float(label) * SPEECH_RATE_HZ) for label in labels[:2])
        yield Sentence(path.stem, whole=True, sound=sound[:last])
        for cut in quiet_places(sound, first, last):
            name = f"{path.stem} to {cut / SPEECH_RATE_HZ:.2f} s"
            yield Sentence(name, whole=False, sound=sound[:cut])


def quiet_places(sound: Samples, first: int, last: int) -> list[int]:
    """Return samples between the first and last of speech where there is little of it."""
    level: Curve = 20 * np.log10(np.sqrt(smoothed(sound.astype(float) ** 2)) + 1)
    begin, end = first + round(0.35 * SPEECH_RATE_HZ), last - round(0.3 * SPEECH_RATE_HZ)
    found: list[int] = []
    for place in begin + np.argsort(level[begin:end]):
        if level[place] > level.max() - DIP_DB:
            break
        if all(abs(place - other) > APART_S * SPEECH_RATE_HZ for other in found):
            found.append(int(place))
    return sorted(found)


def smoothed(values: Curve) -> Curve:
    """Return the mean over 50 ms."""
    mean: Curve = np.convolve(values, np.full(800, 1 / 800), "same")
    return mean


def synthesized() -> Iterator[Sentence]:
    """Yield sentences of the voice of hibari-tts, from their first sound to their last."""
    for texts, whole in ((WHOLE, True), (CUT_OFF, False)):
        for text in texts.replace("\n", "").split("|"):
            voice = np.frombuffer(synthesize(text), np.int16).astype(np.float32)
            sound = soxr.resample(voice, VOICE_RATE_HZ, SPEECH_RATE_HZ)
            (loud,) = np.nonzero(np.abs(sound) > 150)
            yield Sentence(text, whole, sound[loud[0] : loud[-1]].astype(np.int16))


def noisy(sound: Samples, below_db: float | None) -> Samples:
    """Return the sentence with quiet around it, and noise of a level below that of its speech."""
    before, after = round(QUIET_S * SPEECH_RATE_HZ), 3 * SPEECH_RATE_HZ
    padded = np.pad(sound.astype(float), (before, after))
    if below_db is None:
        level = 3.0  # The least that a microphone has.
    else:
        level = float(np.sqrt(np.mean(sound.astype(float) ** 2))) * 10 ** (-below_db / 20)
    padded += np.random.default_rng(1).normal(0, level, len(padded))
    result: Samples = np.clip(padded, -32_768, 32_767).astype(np.int16)
    return result


class Listener:
    """Listens to sentences in one of the modes."""

    def __init__(self, mode: EndOfTurn) -> None:
        self._limits = VadOptions(end_of_turn=mode).limits(SileroEngine.window_samples)
        self._silero = Network()
        self._smart = SmartTurn()
        self._loop = asyncio.new_event_loop()
        self._judging_s = 0.0
        self._verdict = float("nan")

    def close(self) -> None:
        """Let go of the loop that verdicts belong to."""
        self._loop.close()

    def _ask(self, sound: Samples) -> Verdict:
        began_s = time.thread_time()
        self._verdict = self._smart.probability(sound)
        self._judging_s += time.thread_time() - began_s
        verdict: Verdict = self._loop.create_future()
        verdict.set_result(self._verdict)
        return verdict

    def hear(self, sound: Samples, speech_end: int) -> Ending | None:
        """Return how the turn of `speech_end` ended; None: nothing was heard of it."""
        self._judging_s, self._verdict = 0.0, float("nan")
        engine = SileroEngine(self._silero)
        stream = VoiceStream(engine, self._limits, Counter(), self._ask)
        for position in range(0, len(sound), engine.window_samples):
            judging = stream.feed(position, sound[position : position + engine.window_samples])
            heard = position + engine.window_samples
            if turn_ends(judging, engine) and heard > speech_end:
                waited_s = (heard - speech_end) / SPEECH_RATE_HZ
                return Ending(waited_s, self._judging_s, self._verdict)
        return None


def measure(kind: str, sentences: list[Sentence], *, verdicts: bool) -> None:
    """Print a row for each mode and noise."""
    before = round(QUIET_S * SPEECH_RATE_HZ)
    for below_db in NOISES_DB:
        for mode in EndOfTurn:
            listener = Listener(mode)
            whole: list[Ending] = []
            cut: list[Ending] = []
            for sentence in sentences:
                sound = noisy(sentence.sound, below_db)
                ending = listener.hear(sound, before + len(sentence.sound))
                if ending is not None:
                    (whole if sentence.whole else cut).append(ending)
                    if verdicts and mode is EndOfTurn.SMART:
                        judged = f"{ending.verdict:.2f} {ending.waited_s:.2f} s"
                        print(
                            f"    {judged} {'whole' if sentence.whole else 'cut'} {sentence.name}"
                        )
            listener.close()
            print(row(kind, "-" if below_db is None else f"{below_db:g} dB", mode, whole, cut))


def row(kind: str, noise: str, mode: str, whole: list[Ending], cut: list[Ending]) -> str:
    """Return a row of the table."""
    waits = np.array([ending.waited_s for ending in whole])
    broken = np.array([ending.waited_s for ending in cut])
    shares = [f"{np.mean(broken < pause_s) * 100:.0f} %" for pause_s in PAUSES_S]
    judging_ms = np.mean([ending.judging_s for ending in whole]) * 1000
    cells = [kind, noise, mode, f"{len(cut)}", *shares, f"{len(whole)}"]
    cells += [f"{np.median(waits):.2f}", f"{waits.mean():.2f}", f"{waits.max():.2f}"]
    return "| " + " | ".join([*cells, f"{judging_ms:.0f}"]) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdicts", action="store_true", help="print each verdict")
    arguments = parser.parse_args()
    cuts = " | ".join(f"cut by {pause_s:g} s" for pause_s in PAUSES_S)
    print(f"| speech | noise | mode | cut off | {cuts} | whole | wait p50 | mean | max, s | ms |")
    print("|" + "---|" * (9 + len(PAUSES_S)))
    for kind, sentences in (("recorded", recorded()), ("synthesized", synthesized())):
        measure(kind, list(sentences), verdicts=arguments.verdicts)


if __name__ == "__main__":
    main()
