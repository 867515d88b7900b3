"""Callers who move from room to room, and what became of each thing that they said."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from actors.cli.load.recordings import SpokenRecording
from actors.cli.load.told_turns import told_twice
from actors.lib.audio.pcm import BLOCK_SAMPLES, SPEECH_RATE_HZ, Samples, to_pcm
from actors.lib.moving_caller import MovingCaller

BLOCK_NS = 20_000_000
PAUSE_S = (2.0, 4.0)
"""After each phrase: its answer, a second long, is heard in it."""
ANSWER_WITHIN_S = 5.0
"""What was said later than this before the end is not counted: a room may have been frozen."""
SLACK_SAMPLES = SPEECH_RATE_HZ // 2
"""Between the first loud sample of a phrase and the beginning of its turn."""


class Phrase(NamedTuple):
    """Something that was said: samples as the caller counts them, and times."""

    begin: int
    end: int
    end_ns: int


class ToldTurn(NamedTuple):
    """An outcome that a caller was told."""

    at_ns: int
    turn: str
    outcome: str

    @property
    def position(self) -> int:
        """Of its first sample."""
        return int(self.turn.rpartition(":")[2])


@dataclass
class MoverFate:
    """What became of one caller.

    Attributes:
        session: Of the caller.
        said: Things said to their end, early enough to be answered.
        lost: Those of them that had no outcome.
        spoken_over: Those that had one, and no answer: the next was said, or sent again, before.
        twice: Turns that were told two outcomes.
        turns: All that were told.
        entered_ns: When it was in a room, again and again.
        sound_ns: When each piece of an answer came.
        phrases: What it said.
    """

    session: str
    said: int = 0
    lost: int = 0
    spoken_over: int = 0
    twice: int = 0
    turns: list[ToldTurn] = field(default_factory=list)
    entered_ns: list[int] = field(default_factory=list)
    sound_ns: list[int] = field(default_factory=list)
    phrases: list[Phrase] = field(default_factory=list)

    def taken_ms(self, event_ns: int) -> float | None:
        """From an event until it was in a room again; None: it stayed."""
        after = [each for each in self.entered_ns if each > event_ns]
        return (after[0] - event_ns) / 1e6 if after else None

    def answer_ms(self, event_ns: int) -> float | None:
        """From an event, or the end of what was being said then, to the answer.

        None: none was due.
        """
        entered = [each for each in self.entered_ns if each > event_ns]
        answers = {each.position: each.at_ns for each in self.turns if each.outcome == "answered"}
        for phrase in self.phrases:
            over_ns = next((at for where, at in answers.items() if _is_of(where, phrase)), None)
            begun_ns = phrase.end_ns - (phrase.end - phrase.begin) * 1_000_000 // 16
            if entered and begun_ns < event_ns and (over_ns is None or over_ns > event_ns):
                since_ns = max(event_ns, phrase.end_ns)
                sounds = [each for each in self.sound_ns if each > max(since_ns, entered[0])]
                return (sounds[0] - since_ns) / 1e6 if sounds else float("inf")
        return None


class CrowdOfMovers:
    """Callers who talk from `begin` to `end`; runs in the loop of who measures.

    Args:
        url: Where they connect.
        recordings: What they say.
        callers: How many.
        seed: The same is the same crowd.
    """

    def __init__(
        self, url: str, recordings: Sequence[SpokenRecording], callers: int, seed: int = 7
    ) -> None:
        self._recordings = recordings
        self._chance = random.Random(seed)
        self.fates: list[MoverFate] = []
        self.callers = [MovingCaller(url, self._take_of(number)) for number in range(callers)]
        self.fates = [MoverFate(each.session["session_id"]) for each in self.callers]
        self._speaks = True

    def _take_of(self, number: int) -> Any:
        def take(message: Any) -> None:
            now_ns, fate = time.monotonic_ns(), self.fates[number]
            if isinstance(message, bytes):
                fate.sound_ns.append(now_ns)
            elif message["type"] == "session_started":
                fate.entered_ns.append(now_ns)
            elif message["type"] == "turn_complete":
                fate.turns.append(ToldTurn(now_ns, message["turn"], message["outcome"]))

        return take

    async def run(self, seconds: float) -> None:
        """Talk for so long, and then listen until all answers are there."""
        holding = [asyncio.create_task(each.run()) for each in self.callers]
        end_ns = time.monotonic_ns() + int(seconds * 1e9)
        await asyncio.gather(*(self._speak(number, end_ns) for number in range(len(self.callers))))
        for each in holding:
            each.cancel()
        await asyncio.gather(*holding, return_exceptions=True)
        for fate in self.fates:
            _judge(fate, end_ns)

    async def _speak(self, number: int, end_ns: int) -> None:
        caller, fate = self.callers[number], self.fates[number]
        rest: Samples = np.zeros(int(self._chance.uniform(0.2, 3) * SPEECH_RATE_HZ), np.int16)
        due_ns = time.monotonic_ns()
        begun: int | None = None
        while due_ns < end_ns:
            if not len(rest):
                if begun is not None:
                    fate.phrases.append(Phrase(begun, caller.next, time.monotonic_ns()))
                    begun = None
                    rest = np.zeros(int(self._chance.uniform(*PAUSE_S) * SPEECH_RATE_HZ), np.int16)
                else:
                    begun = caller.next
                    rest = self._chance.choice(self._recordings).samples(SPEECH_RATE_HZ)
            block, rest = rest[:BLOCK_SAMPLES], rest[BLOCK_SAMPLES:]
            caller.say(to_pcm(block))
            due_ns += len(block) * 1_000_000 // 16
            await asyncio.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))


def _judge(fate: MoverFate, end_ns: int) -> None:
    closed = [each.position for each in fate.turns]
    answered = [each.position for each in fate.turns if each.outcome == "answered"]
    for phrase in fate.phrases:
        if phrase.end_ns < end_ns - ANSWER_WITHIN_S * 1e9:
            fate.said += 1
            if not any(_is_of(each, phrase) for each in closed):
                fate.lost += 1
            elif not any(_is_of(each, phrase) for each in answered):
                fate.spoken_over += 1
    fate.twice = told_twice(each.turn for each in fate.turns)


def _is_of(position: int, phrase: Phrase) -> bool:
    return phrase.begin - SLACK_SAMPLES <= position < phrase.end
