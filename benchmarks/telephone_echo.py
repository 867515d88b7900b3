"""Echo on telephones, `python -m benchmarks.telephone_echo`: does a canceller pay for each call?

An answer is played and comes back. Counted is what `vad` takes for a voice while nobody speaks, how
soon it finds a person who interrupts, and which of the words of that are understood wrong: by what
comes on the line as it is, and by what WebRTC's canceller, that of the actor `echo`, leaves of it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from actors.gateway.phone.sound.echo_suppressor import EchoSuppressor
from actors.hearing.echo.canceller import Canceller, Mode
from actors.hearing.vad.endpointing import Moment, TentativeSpeech, TurnStarted
from actors.hearing.vad.engine import EngineName, load_engine
from actors.hearing.vad.level import LevelControl
from actors.hearing.vad.options import VadOptions
from actors.hearing.vad.stream import VoiceStream
from actors.lib.audio.pcm import BLOCK_SAMPLES, SPEECH_RATE_HZ, Samples, samples_to_ns, to_pcm
from actors.lib.speech.recognizer import MoonshineRecognizer
from actors.lib.speech.synthesizer import VOICE_RATE_HZ
from actors.recordings.evaluation.words import word_errors
from benchmarks.quiet import judged
from benchmarks.telephone_line import CONVERTERS, LineFaults, Said, answer, carry, clipped, recorded
from pipeline.frames import Audio

LINES = (
    LineFaults(),
    LineFaults(echo_db=-40),
    LineFaults(echo_db=-30),
    LineFaults(echo_db=-20),
    LineFaults(echo_db=-20, echo_ms=400),
    LineFaults(echo_db=-10),
)
NOISE_RMS = 10.0
"""Of a quiet room, -70 dBFS."""
INTO_ANSWER_S = (4.0, 9.0)
"""When the person interrupts; a canceller has learnt by then where the echo is."""
PROMPT_S = 2.0
"""A turn that begins so long after the first word of an interruption is of no use any more."""
STOP_S = 0.1
"""From a turn that is found to the last sample that a provider plays."""
FAR_SAMPLES = BLOCK_SAMPLES * VOICE_RATE_HZ // SPEECH_RATE_HZ
CALLS = 40

Clean = Callable[[Samples, Samples], Samples]
"""Takes what comes on the line, and what was played from its first sample on; both cleaned of."""


@dataclass
class Judged:
    """What was made of answers, with a person in them and without."""

    seconds: float = 0.0
    voices: int = 0
    turns: int = 0
    interruptions: int = 0
    late_ms: list[float] = field(default_factory=list)
    words: int = 0
    wrong: int = 0

    def cells(self) -> list[str]:
        """Return the cells of a row."""
        minutes = self.seconds / 60
        late_ms = f"{np.median(self.late_ms):.0f}, {max(self.late_ms):.0f}" if self.late_ms else "-"
        return [
            f"{self.voices / minutes:.1f}",
            f"{self.turns / minutes:.1f}",
            f"{len(self.late_ms)} of {self.interruptions}",
            late_ms,
            f"{self.wrong / self.words * 100:.0f} %",
        ]


def as_it_is(heard: Samples, _played: Samples) -> Samples:
    """Return what comes on the line."""
    return heard


def suppressed(heard: Samples, played: Samples) -> Samples:
    """Return a call's sound without blocks that are far fainter than what was played."""
    suppressor, pieces = EchoSuppressor(), [np.zeros(0, np.int16)]
    for number, at in enumerate(range(0, len(heard), BLOCK_SAMPLES)):
        origin_ns = samples_to_ns(at + BLOCK_SAMPLES)
        if len(block := played[number * FAR_SAMPLES : (number + 1) * FAR_SAMPLES]):
            suppressor.play(block, samples_to_ns(at))
        pieces.append(suppressor.hear(heard[at : at + BLOCK_SAMPLES], origin_ns))
    return np.concatenate(pieces)


def cancelled(heard: Samples, played: Samples) -> Samples:
    """Return a call's sound as WebRTC's canceller leaves it."""
    canceller, pieces = Canceller(Mode.AEC), [np.zeros(0, np.int16)]
    for number, at in enumerate(range(0, len(heard), BLOCK_SAMPLES)):
        origin_ns = samples_to_ns(at + BLOCK_SAMPLES)
        block = played[number * FAR_SAMPLES : (number + 1) * FAR_SAMPLES]
        canceller.play(far_end(number, block, origin_ns))
        near = Audio.block("call", origin_ns, at, to_pcm(heard[at : at + BLOCK_SAMPLES]))
        pieces += [samples for _, samples in canceller.hear(near)]
    return np.concatenate(pieces)


WAYS: dict[str, Clean] = {
    "as it is": as_it_is,
    "suppressed": suppressed,
    "cancelled": cancelled,
}


def far_end(number: int, block: Samples, origin_ns: int) -> Audio:
    """Return a block of what is played; silence where the answer is over."""
    pcm = to_pcm(np.pad(block, (0, FAR_SAMPLES - len(block))))
    return Audio(
        session="call",
        origin_ns=origin_ns,
        position=number * FAR_SAMPLES,
        rate_hz=VOICE_RATE_HZ,
        pcm=pcm,
    )


def found(sound: Samples) -> list[tuple[float, Moment]]:
    """Return what `vad` finds while an answer is heard, and when it knows, in s."""
    options = VadOptions()
    detector = load_engine(EngineName.SILERO, Path())()
    limits = options.limits(detector.window_samples)
    stream = VoiceStream(detector, limits, Counter(), level=LevelControl(options.most_gain_db))
    stream.over_answer = lambda _position: True
    moments: list[tuple[float, Moment]] = []
    for at in range(0, len(sound), BLOCK_SAMPLES):
        block = sound[at : at + BLOCK_SAMPLES]
        known_s = (at + len(block)) / SPEECH_RATE_HZ
        moments += [(known_s, each) for each in judged(stream.feed(at, block), detector)]
    return moments


def call(said: Said | None, begin_s: float, faults: LineFaults, played: Samples) -> Samples:
    """Return what comes on the line while the answer is played, at 16 kHz."""
    sound = np.random.default_rng(3).normal(0, NOISE_RMS, len(answer()) * 2 // 3)
    if said is not None:
        begin = round(begin_s * SPEECH_RATE_HZ)
        sound[begin : begin + len(said.sound)] += said.sound
    return CONVERTERS["ours"].whole(carry(clipped(sound), faults, played))


async def measure(ears: MoonshineRecognizer, faults: LineFaults, clean: Clean) -> Judged:
    """Let an answer be heard alone, and be interrupted by all recordings."""
    result = Judged()
    alone = clean(call(None, 0.0, faults, answer()), answer())
    result.seconds = len(alone) / SPEECH_RATE_HZ
    moments = [each for _, each in found(alone)]
    result.voices = sum(isinstance(each, TentativeSpeech) for each in moments)
    result.turns = sum(isinstance(each, TurnStarted) for each in moments)
    for said in recorded():
        for begin_s in INTO_ANSWER_S:
            late_s = interruption(said, begin_s, faults, clean)
            result.interruptions += 1
            result.late_ms += [late_s * 1000] if late_s is not None else []
            # It stops the answer, if it is found.
            stop_s = begin_s + said.first / SPEECH_RATE_HZ + (late_s or PROMPT_S) + STOP_S
            played = answer()[: round(stop_s * VOICE_RATE_HZ)]
            heard = clean(call(said, begin_s, faults, played), played)
            begin = round(begin_s * SPEECH_RATE_HZ)
            spoken = heard[begin : begin + len(said.sound)]
            words = word_errors(said.words, await ears.hear(to_pcm(spoken), SPEECH_RATE_HZ))
            result.words += words.reference
            result.wrong += words.errors
    return result


def interruption(said: Said, begin_s: float, faults: LineFaults, clean: Clean) -> float | None:
    """Return how long after its first word a turn is found; None: too late, or not at all."""
    heard = clean(call(said, begin_s, faults, answer()), answer())
    first_s = begin_s + said.first / SPEECH_RATE_HZ
    known_s = [at_s for at_s, each in found(heard) if isinstance(each, TurnStarted)]
    return next((each - first_s for each in known_s if 0 <= each - first_s <= PROMPT_S), None)


async def heard_over_answers() -> Table:
    """Return the table of both."""
    title = "the answer alone, in a minute of it; a person who interrupts it"
    table = Table(box=box.MARKDOWN, title=title)
    for column in ("line", "sound", "voices", "turns", "found", "ms p50, most", "wrong words"):
        table.add_column(column, justify="right")
    ears = MoonshineRecognizer()
    await ears.start()
    for faults in LINES:
        for name, clean in WAYS.items():
            judgement = await measure(ears, faults, clean)
            late = f", {faults.echo_ms:g} ms late" if faults.echo_db is not None else ""
            table.add_row(f"{faults}{late}", name, *judgement.cells())
    await ears.stop()
    return table


def cost() -> str:
    """Return what a canceller takes of a processor and of memory."""
    heard = call(None, 0.0, LineFaults(echo_db=-20), answer())
    cancelled(heard, answer())
    began_s = time.process_time()
    cancelled(heard, answer())
    share = (time.process_time() - began_s) / (len(heard) / SPEECH_RATE_HZ)
    before = psutil.Process().memory_full_info().uss
    cancellers = [Canceller(Mode.AEC) for _ in range(CALLS)]
    near, far = np.ones(BLOCK_SAMPLES, np.int16), np.ones(FAR_SAMPLES, np.int16)
    for number in range(10):
        for each in cancellers:
            origin_ns = samples_to_ns((number + 1) * BLOCK_SAMPLES)
            each.play(far_end(number, far, origin_ns))
            each.hear(Audio.block("call", origin_ns, number * BLOCK_SAMPLES, to_pcm(near)))
    each_mb = (psutil.Process().memory_full_info().uss - before) / CALLS / 2**20
    return f"a call's canceller: {share * 100:.1f} % of a processor, {each_mb:.1f} MiB"


def main() -> None:
    """Print the table and the cost."""
    console = Console(width=160)
    console.print(asyncio.run(heard_over_answers()))
    console.print(cost())


if __name__ == "__main__":
    main()
