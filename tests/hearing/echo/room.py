"""A room in which a loudspeaker is heard by a microphone, sample by sample."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from actors.hearing.echo import Echo
from actors.lib.audio.pcm import Samples, is_audible, to_pcm, to_samples
from actors.outputs.far_end import FAR_END_SAMPLES, FarEnd
from pipeline.frames import Audio
from pipeline.testing import stage

SPEECH = Path(__file__).parents[2] / "speech"
BEGAN_NS = 7_000_000_000
NEAR_HZ, FAR_HZ = 16_000, 24_000
BLOCK_NS = 20_000_000


def recording(name: str) -> Samples:
    with wave.open(str(SPEECH / name)) as file:
        return np.frombuffer(file.readframes(-1), np.int16)


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * NEAR_HZ), np.int16)


def robot_talk(seconds: float) -> Samples:
    """What the robot says, at 16 kHz: sentences with pauses."""
    names = ["austen-0870.wav", "austen-0890.wav", "numbers.wav"]
    talk = np.concatenate([np.concatenate([recording(name), quiet(0.6)]) for name in names])
    return np.resize(talk, round(seconds * NEAR_HZ))


def said_at(second: float, what: Samples, length: int) -> Samples:
    """Somebody says `what` from this second on."""
    out = np.zeros(length, np.int16)
    first = round(second * NEAR_HZ)
    out[first : first + len(what)] = what
    return out


def level_db(samples: Samples) -> float:
    return 10 * float(np.log10(np.mean(samples.astype(float) ** 2) + 1e-9))


@dataclass(frozen=True)
class Room:
    """How the far end gets into the microphone.

    Attributes:
        delay_ms: From the loudspeaker to the microphone.
        gain: Of the echo; 1 is as loud at the microphone as it was played.
        reverb: Whether walls send it back a few times more.
        drift_ppm: By how much the loudspeaker's clock is fast.
        reported_late_ms: The driver says the sound is heard so much later than it is.
        jitter_ms: Its times are off by up to so much, this way and that.
        ahead_ms: How long before it is heard a block is reported.
        far_lost: Blocks of the far end that never come: first and one past the last.
        far_held: Blocks that come all together when the last of them is due.
    """

    delay_ms: float = 60.0
    gain: float = 1.0
    reverb: bool = True
    drift_ppm: float = 0.0
    reported_late_ms: float = 0.0
    jitter_ms: float = 0.0
    ahead_ms: float = 40.0
    far_lost: tuple[int, int] = (0, 0)
    far_held: tuple[int, int] = (0, 0)

    def echo(self, played: Samples) -> Samples:
        """What the microphone hears of what is played; both at 16 kHz, same length."""
        rate_hz = NEAR_HZ * (1 + self.drift_ppm * 1e-6)
        heard = played.astype(np.float32)
        if self.drift_ppm:
            heard = soxr.resample(heard, rate_hz, NEAR_HZ, quality="VHQ")
        impulse = np.zeros(round((self.delay_ms + 40) * NEAR_HZ / 1000) + 1)
        first = round(self.delay_ms * NEAR_HZ / 1000)
        impulse[first] = self.gain
        if self.reverb:
            rng = np.random.default_rng(3)
            tail = rng.normal(0, 0.1 * self.gain, len(impulse) - first - 1)
            impulse[first + 1 :] = tail * np.exp(-np.arange(len(tail)) / (0.01 * NEAR_HZ))
        out = np.convolve(heard, impulse)[: len(played)]
        out = np.pad(out, (0, max(0, len(played) - len(out))))
        return np.clip(out, -32_768, 32_767).astype(np.int16)

    def frames(self, played: Samples, person: Samples) -> list[tuple[str, Audio]]:
        """Return the blocks of both streams in the order in which they come."""
        hiss = np.random.default_rng(1).normal(0, 15, len(played))
        heard = self.echo(played).astype(float) + person + hiss
        microphone = np.clip(heard, -32_768, 32_767).astype(np.int16)
        far = soxr.resample(played, NEAR_HZ, FAR_HZ)
        rng = np.random.default_rng(2)
        timed: list[tuple[int, str, Audio]] = []
        for index in range(len(microphone) // 320):
            end_ns = BEGAN_NS + (index + 1) * BLOCK_NS
            block = Audio(
                position=index * 320,
                pcm=to_pcm(microphone[index * 320 : index * 320 + 320]),
                origin_ns=end_ns,
            )
            timed.append((end_ns + 10_000_000, "audio", block))
        for index in range(len(far) // 480):
            if self.far_lost[0] <= index < self.far_lost[1]:
                continue
            end_ns = BEGAN_NS + round((index + 1) * BLOCK_NS / (1 + self.drift_ppm * 1e-6))
            off_ms = self.reported_late_ms + rng.uniform(-1, 1) * self.jitter_ms
            block = Audio(
                position=index * 480,
                rate_hz=FAR_HZ,
                pcm=to_pcm(far[index * 480 : index * 480 + 480]),
                origin_ns=end_ns + round(off_ms * 1e6),
            )
            comes_ns = end_ns - round(self.ahead_ms * 1e6)
            if self.far_held[0] <= index < self.far_held[1]:
                comes_ns += (self.far_held[1] - 1 - index) * BLOCK_NS
            timed.append((comes_ns, "far_end", block))
        timed.sort(key=lambda each: each[0])
        return [(port, frame) for _, port, frame in timed]


def as_a_player_sends(frames: list[tuple[str, Audio]]) -> list[tuple[str, Audio]]:
    """Leave out what a player leaves out of a long silence."""
    far_end, sent = FarEnd("", FAR_END_SAMPLES, BEGAN_NS), []
    for port, frame in frames:
        if port == "audio":
            sent.append((port, frame))
            continue
        samples = to_samples(frame.pcm)
        far_end.add(samples, frame.origin_ns - BLOCK_NS, sounds=is_audible(samples))
        if far_end.is_due:
            sent += [(port, piece) for piece in far_end.drain()]
    return sent


def cleaned(frames: list[tuple[str, Audio]], **options: object) -> tuple[list[Audio], dict]:
    """Return what the actor makes of both streams, and its counters and gauges."""
    with stage(Echo, **options) as echo:
        for session in {frame.session for _, frame in frames}:
            echo.open(session or echo.actor.session)
        for port, frame in frames:
            echo.send(port, frame)
        sent = sum(frame.samples for port, frame in frames if port == "audio")
        echo.until(lambda: sum(block.samples for block in echo.sent["audio"]) == sent)
        blocks = list(echo.sent["audio"])
        echo.actor.measure()
        return blocks, {**echo.actor.counters, **echo.actor.gauges}


def joined(blocks: list[Audio]) -> Samples:
    return np.concatenate([to_samples(block.pcm) for block in blocks])
