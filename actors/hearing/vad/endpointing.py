"""Endpointing: where speech begins and ends, a state machine over window probabilities. Pure.

Everything is in absolute sample positions, so that the outcome depends on nothing but the sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any, NamedTuple

from actors.hearing.vad.pauses import PauseLimits
from pipeline.frames import EndReason


class SpeechState(StrEnum):
    """What the stream is taken for at the moment."""

    SILENCE = "silence"
    MAYBE_SPEECH = "maybe_speech"
    SPEECH = "speech"
    MAYBE_SILENCE = "maybe_silence"
    ENDED = "ended"


IN_TURN = (SpeechState.SPEECH, SpeechState.MAYBE_SILENCE)


@dataclass(frozen=True)
class EndpointingLimits:
    """When to change one's mind; lengths in samples.

    Attributes:
        window: Length of a window.
        enter: Probability from which a window is speech.
        leave: Probability below which it no longer is; in between nothing changes.
        pre_roll: Sound before the first speech window that belongs to the turn.
        min_speech: Speech needed to begin a turn.
        silence: Silence needed to end it.
        hangover: Part of that silence that belongs to the turn.
        max_turn: Length at which a turn is cut in two.
        min_interruption: Speech needed to begin a turn while an answer is heard.
        pauses: How long to wait instead of `silence`, if it is judged whether a turn is complete.
    """

    window: int
    enter: float
    leave: float
    pre_roll: int
    min_speech: int
    silence: int
    hangover: int
    max_turn: int
    min_interruption: int = 0
    pauses: PauseLimits | None = None


class Endpointing(NamedTuple):
    """State of one stream.

    Attributes:
        phase: What it is taken for.
        position: First sample of the window that is judged next.
        earliest: No turn may begin before: end of the last one, or first sample of the stream.
        onset: First sample of the run of speech, from `MAYBE_SPEECH` on.
        voiced: Samples of speech in that run.
        start: First sample of the turn.
        voiced_end: One past the last sample taken for speech.
        needed: Samples of speech from which on it is a turn.
        patience: Silence that ends the turn in this pause; 0: not decided.
    """

    phase: SpeechState
    position: int
    earliest: int
    onset: int = 0
    voiced: int = 0
    start: int = 0
    voiced_end: int = 0
    needed: int = 0
    patience: int = 0

    @property
    def is_turn(self) -> bool:
        """Whether what is heard has proved to be a turn."""
        return self.voiced >= self.needed

    @classmethod
    def restore(cls, saved: list[Any]) -> Endpointing:
        """Return the state that `list(state)` was made of."""
        phase, *positions = saved
        return cls(SpeechState(phase), *positions)


class TentativeSpeech(NamedTuple):
    """What may be a turn, or a cough, began at sample `position`."""

    position: int


class RejectedSpeech(NamedTuple):
    """What began at `start` was no turn; it ended before sample `position`."""

    start: int
    position: int


class TurnStarted(NamedTuple):
    """A turn began at sample `position`."""

    position: int


class TurnEnded(NamedTuple):
    """The turn from `start` ended before sample `position`; speech before `voiced_end`."""

    start: int
    position: int
    voiced_end: int
    reason: EndReason


Moment = TurnStarted | TurnEnded | TentativeSpeech | RejectedSpeech
Step = tuple[Endpointing, tuple[Moment, ...]]


def step(
    state: Endpointing, probability: float, limits: EndpointingLimits, *, over_answer: bool = False
) -> Step:
    """Judge the window at `state.position`.

    Args:
        state: What is known so far.
        probability: That the window is speech.
        limits: When to change one's mind.
        over_answer: An answer is heard meanwhile, so that a short sound need not be meant for us.
    """
    here = state.position
    end = here + limits.window
    state = state._replace(position=end)
    match state.phase:
        case SpeechState.SILENCE:
            if probability >= limits.enter:
                state = state._replace(phase=SpeechState.MAYBE_SPEECH, onset=here, voiced=0)
                return _begin(state, limits, over_answer)
        case SpeechState.MAYBE_SPEECH:
            if probability >= limits.enter:
                return _begin(state, limits, over_answer)
            if probability < limits.leave:
                return state._replace(phase=SpeechState.SILENCE), ()
        case SpeechState.SPEECH:
            if probability >= limits.leave:
                return _go_on(state, limits)
            return _fall_silent(state._replace(phase=SpeechState.MAYBE_SILENCE), limits)
        case SpeechState.MAYBE_SILENCE:
            if probability >= limits.enter:
                return _go_on(state._replace(phase=SpeechState.SPEECH, patience=0), limits)
            return _fall_silent(state, limits)
        case SpeechState.ENDED:
            pass
    return state, ()


class PauseStage(Enum):
    """How urgent it is to know whether the sentence before a pause is complete."""

    NO_MATTER = auto()
    ASK = auto()
    """It will matter if the pause goes on."""
    WAIT = auto()
    """Nothing can be said of the turn before it is known."""


def pause_stage(state: Endpointing, limits: EndpointingLimits) -> PauseStage:
    """Return whether the next step hangs on a verdict, which `decide` takes."""
    pauses = limits.pauses
    if pauses is None or state.phase is not SpeechState.MAYBE_SILENCE or state.patience:
        return PauseStage.NO_MATTER
    silent = state.position - state.voiced_end
    if silent < pauses.ask or not state.is_turn:
        return PauseStage.NO_MATTER
    return PauseStage.ASK if silent < pauses.complete else PauseStage.WAIT


def decide(state: Endpointing, complete: float | None, limits: EndpointingLimits) -> Step:
    """Take the probability that the sentence before this pause is complete; None: nobody knows."""
    assert limits.pauses is not None
    patience = limits.silence if complete is None else limits.pauses.patience(complete)
    return _fall_silent(state._replace(patience=patience), limits)


def finish(state: Endpointing, stream_end: int, limits: EndpointingLimits) -> Step:
    """Close an open turn, because the stream has no samples from `stream_end` on."""
    ended = state._replace(phase=SpeechState.ENDED)
    if state.phase not in IN_TURN:
        return ended, ()
    voiced_end = min(state.voiced_end, stream_end)
    position = min(voiced_end + limits.hangover, stream_end)
    if not state.is_turn:
        return ended, (RejectedSpeech(state.start, position),)
    return ended, (TurnEnded(state.start, position, voiced_end, EndReason.END_OF_STREAM),)


def cut(state: Endpointing, end: int, limits: EndpointingLimits) -> Step:
    """Close an open turn at sample `end`, because nothing more is meant; others may follow."""
    _, moments = finish(state, end, limits)
    released = tuple(
        each._replace(reason=EndReason.RELEASED) if isinstance(each, TurnEnded) else each
        for each in moments
    )
    return Endpointing(SpeechState.SILENCE, end, earliest=end), released


def _begin(state: Endpointing, limits: EndpointingLimits, over_answer: bool) -> Step:
    state = state._replace(voiced=state.voiced + limits.window, voiced_end=state.position)
    if state.voiced < limits.min_speech:
        return state, ()
    start = max(state.onset - limits.pre_roll, state.earliest)
    needed = limits.min_interruption if over_answer else 0
    state = state._replace(phase=SpeechState.SPEECH, start=start, needed=needed)
    return state, (TurnStarted(start) if state.is_turn else TentativeSpeech(start),)


def _go_on(state: Endpointing, limits: EndpointingLimits) -> Step:
    end = state.position
    if end - state.start < limits.max_turn or not state.is_turn:
        was_turn = state.is_turn
        state = state._replace(voiced=state.voiced + limits.window, voiced_end=end)
        return state, (TurnStarted(state.start),) if state.is_turn and not was_turn else ()
    # What follows must prove itself as speech again, or a last breath would be a turn.
    following = state._replace(
        phase=SpeechState.MAYBE_SPEECH, earliest=end, onset=end, voiced=0, voiced_end=end
    )
    return following, (TurnEnded(state.start, end, end, EndReason.MAX_LENGTH),)


def _fall_silent(state: Endpointing, limits: EndpointingLimits) -> Step:
    needed = limits.silence
    if limits.pauses is not None and state.is_turn:
        needed = state.patience or limits.pauses.incomplete
    if state.position - state.voiced_end < needed:
        return state, ()
    position = state.voiced_end + limits.hangover
    after = state._replace(phase=SpeechState.SILENCE, earliest=position, patience=0)
    if not state.is_turn:
        return after, (RejectedSpeech(state.start, position),)
    return after, (TurnEnded(state.start, position, state.voiced_end, EndReason.SILENCE),)
