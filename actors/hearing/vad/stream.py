"""One session's sound, cut into windows that do not depend on how it arrived."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Generator
from typing import NamedTuple

import numpy as np

from actors.hearing.vad.earliest import earliest_moment
from actors.hearing.vad.endpointing import (
    Endpointing,
    EndpointingLimits,
    Moment,
    PauseStage,
    SpeechState,
    cut,
    decide,
    finish,
    pause_stage,
    step,
)
from actors.hearing.vad.engine import Engine
from actors.hearing.vad.level import SAVED, LevelControl
from actors.hearing.vad.recent_sound import RecentSound
from actors.hearing.vad.smart_turn.features import SOUND_SAMPLES
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples

LONG_GAP_SAMPLES = 2 * SPEECH_RATE_HZ
"""A longer hole is not filled with silence but jumped: what an engine knows of the time before
is stale by then, and an hour of sleep must not be judged window by window."""
HEARD_OF_PAUSE_SAMPLES = 1024
"""Of the pause, that the network hears. With 200 ms, as it was taught, it takes a fifth more of
what is cut off for complete (`benchmarks.end_of_turn`)."""

Verdict = asyncio.Future[float | None]
"""How likely it is that the sentence before a pause is complete; None: nobody knows."""


class Saved(NamedTuple):
    """Where a stream stands, for the process that goes on with it.

    Attributes:
        endpointing: State before the newest window.
        engine: What level control and engine then remembered; of the engine nothing if it is to
            begin anew.
    """

    endpointing: Endpointing
    engine: bytes


Asked = Samples | Verdict
Answered = float | None
Judging = Generator[Asked, Answered, list[Moment]]
"""Yields windows, is sent the probability of each, and returns what was found out: so that the
windows of many streams can be judged together. It also yields verdicts that it cannot go on
without, and is sent what comes of them."""


class VoiceStream:
    """Cuts sound into windows at multiples of the window length, for the endpointing."""

    def __init__(
        self,
        engine: Engine,
        limits: EndpointingLimits,
        counters: Counter[str],
        ask: Callable[[Samples], Verdict] | None = None,
        level: LevelControl | None = None,
    ) -> None:
        self.probability = 0.0
        self.saved: Saved | None = None
        """Where the stream stood one window ago. What was made of a window counts as said only
        after that, so that a process killed while saying it says it again."""
        self.engine = engine
        self._level = level or LevelControl(0.0)
        self._limits = limits
        self._counters = counters
        self._state: Endpointing | None = None
        self.over_answer: Callable[[int], bool] = lambda _position: False
        """Whether an answer is heard while the sample at a position is captured."""
        self._ask = ask
        """Begins to judge whether the sentence in a sound is complete."""
        self._sound = RecentSound()
        self._verdict: Verdict | None = None
        """On the pause that is heard."""
        self._window: Samples = np.zeros(engine.window_samples, np.int16)
        self._filled = 0
        self._next = 0

    def restore(self, saved: Saved) -> None:
        """Go on where another process was."""
        self.saved = saved
        self._level.restore(saved.engine[: SAVED.size])
        self.engine.restore(saved.engine[SAVED.size :])
        self._state = saved.endpointing
        self._next = saved.endpointing.position

    @property
    def _long_gap(self) -> int:
        """Samples that may be missing and count as silence."""
        pauses = self._limits.pauses
        longest = self._limits.silence if pauses is None else pauses.incomplete
        return max(LONG_GAP_SAMPLES, 2 * longest)

    @property
    def eventless(self) -> int:
        """Samples that have to come before anything can follow from them."""
        if self._state is None or self.ended:
            return 0
        return earliest_moment(self._state, self._limits) - self._next

    @property
    def ended(self) -> bool:
        """Whether the stream has been finished."""
        return self._state is not None and self._state.phase is SpeechState.ENDED

    def feed(self, position: int, samples: Samples) -> Judging:
        """Take samples that begin at `position`; repeated ones are left out, missing ones silent.

        A window is to be judged by `engine` before the generator is sent the outcome.
        """
        if self.ended:
            return []
        if self._ask is not None:
            self._sound.append(position, samples)
        moments: list[Moment] = []
        if self._state is None:
            self._state = Endpointing(SpeechState.SILENCE, 0, earliest=position)
            self._go_to(position)
        elif position < self._next:
            repeated = min(self._next - position, len(samples))
            self._counters["repeated_samples"] += repeated
            samples = samples[repeated:]
        elif position > self._next:
            missing = position - self._next
            self._counters["gaps"] += 1
            self._counters["missing_samples"] += missing
            if missing > self._long_gap:
                moments += yield from self._fall_silent()
                self.engine.reset()
                self._go_to(position)
            else:
                moments += yield from self._append(np.zeros(missing, np.int16))
        moments += yield from self._append(samples)
        return moments

    def finish(self) -> Judging:
        """Close the stream where it is."""
        if self._state is None or self.ended:
            return []
        end = self._next
        moments = yield from self._complete_window()
        before = Saved(self._state, self._save())
        self._state, last = finish(self._state, end, self._limits)
        self.saved = before if last else before._replace(endpointing=self._state)
        return [*moments, *last]

    def cut(self) -> Judging:
        """End a turn where the stream is; it goes on."""
        if self._state is None or self.ended:
            return []
        end = self._next
        moments = yield from self._complete_window()
        before = Saved(self._state, self._save())
        self._state, last = cut(self._state, end, self._limits)
        self._verdict = None
        self.engine.reset()
        self._go_to(end)
        self.saved = before if last else Saved(self._state, self._save())
        return [*moments, *last]

    def _append(self, samples: Samples) -> Judging:
        moments: list[Moment] = []
        while count := len(samples):
            room = len(self._window) - self._filled
            piece = samples
            if count > room:
                count, piece = room, samples[:room]
            self._window[self._filled : self._filled + count] = piece
            self._filled += count
            self._next += count
            samples = samples[count:]
            if self._filled == len(self._window):
                self._filled = 0
                assert self._state is not None
                before = self._save()
                over_answer = self.over_answer(self._state.position + self._limits.window - 1)
                # Not while an answer is heard: what is left of its echo is soft as well.
                window = self._window if over_answer else self._level.amplify(self._window)
                probability = yield window
                assert probability is not None
                self.probability = probability
                moments += self._judge(probability, before, over_answer=over_answer)
                moments += yield from self._judge_pause()
        return moments

    def _save(self) -> bytes:
        return self._level.save() + self.engine.save()

    def _judge_pause(self) -> Judging:
        """Have it judged whether a sentence is complete, and wait for the verdict if need be."""
        assert self._state is not None
        stage = pause_stage(self._state, self._limits)
        if stage is PauseStage.NO_MATTER:
            self._verdict = None
            return []
        if self._verdict is None:
            assert self._ask is not None
            end = self._state.voiced_end + HEARD_OF_PAUSE_SAMPLES
            start = max(self._state.start, end - SOUND_SAMPLES)
            self._verdict = self._ask(self._sound.between(start, end))
        if stage is PauseStage.ASK:
            return []
        complete = yield self._verdict
        self._verdict = None
        self._state, moments = decide(self._state, complete, self._limits)
        return [*moments]

    def _judge(
        self, probability: float, engine: bytes, *, over_answer: bool = False
    ) -> tuple[Moment, ...]:
        assert self._state is not None
        self.saved = Saved(self._state, engine)
        self._state, moments = step(self._state, probability, self._limits, over_answer=over_answer)
        return moments

    def _complete_window(self) -> Judging:
        if not self._filled:
            return []
        return (yield from self._append(np.zeros(len(self._window) - self._filled, np.int16)))

    def _fall_silent(self) -> Judging:
        """End the turn as silence would."""
        assert self._state is not None
        moments = yield from self._complete_window()
        while self._state.phase is not SpeechState.SILENCE:
            moments += self._judge(0.0, self._level.save())
        return moments

    def _go_to(self, position: int) -> None:
        """Go on at `position`; what its window lacks up front is silence."""
        assert self._state is not None
        lead = position % len(self._window)
        self._state = self._state._replace(position=position - lead, earliest=position)
        self._next = position
        self._window[:lead] = 0
        self._filled = lead
