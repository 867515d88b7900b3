"""Answers to play and a device to play them on, for the tests of playback."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from actors.lib.audio.pcm import Samples, to_pcm
from actors.outputs.playout.playout import Playout
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Playback,
    PlaybackState,
    Route,
    SpeechStarted,
    TentativeSpeechStarted,
)

BLOCK = RATE_HZ // 100
"""10 ms."""
MS = RATE_HZ // 1000


def ramp(count: int, first: int = 1) -> Samples:
    """Samples of which no two neighbours, and none, are the same as silence."""
    return ((np.arange(first, first + count) % 30_000) + 1).astype(np.int16)


def audio(
    samples: Samples,
    position: int = 0,
    *,
    turn: str = "local:100",
    epoch: int = 1,
    backend: str = "live",
    rate_hz: int = RATE_HZ,
    sent_ns: int = 0,
) -> AnswerAudio:
    return AnswerAudio(
        turn=turn,
        epoch=epoch,
        backend=backend,
        position=position,
        rate_hz=rate_hz,
        pcm=to_pcm(samples),
        sent_ns=sent_ns,
    )


def ended(
    samples: int,
    end: AnswerEnd = AnswerEnd.COMPLETE,
    *,
    turn: str = "local:100",
    epoch: int = 1,
    backend: str = "live",
) -> AnswerEnded:
    return AnswerEnded(turn=turn, epoch=epoch, backend=backend, end=end, samples=samples)


def speech(position: int, at_ns: int = 0) -> SpeechStarted:
    return SpeechStarted(turn=f"local:{position}", position=position, at_ns=at_ns)


def voice(position: int, at_ns: int = 0) -> TentativeSpeechStarted:
    return TentativeSpeechStarted(turn=f"local:{position}", position=position, at_ns=at_ns)


def route(epoch: int, owner: str = "http") -> Route:
    return Route(owner=owner, epoch=epoch, reason="test")


@dataclass
class Device:
    """Plays block after block of a playout and remembers what was heard."""

    playout: Playout
    now_ns: int = 1_000_000_000
    heard: list[Samples] = field(default_factory=list)
    events: list[Playback] = field(default_factory=list)

    def play(self, samples: int, block: int = BLOCK) -> Samples:
        """Render so many samples and return them."""
        blocks = []
        while samples:
            count = min(block, samples)
            blocks.append(self.playout.render(count, self.now_ns))
            self.now_ns += count * 1_000_000_000 // RATE_HZ
            samples -= count
        self.heard.extend(blocks)
        self.collect()
        return np.concatenate(blocks)

    def collect(self) -> None:
        self.events.extend(self.playout.events.drain())

    def states(self, turn: str = "local:100") -> list[tuple[PlaybackState, int]]:
        """What was reported of a turn, less the progress."""
        self.collect()
        return [
            (event.state, event.played_samples)
            for event in self.events
            if event.turn == turn and event.state is not PlaybackState.PLAYING
        ]
