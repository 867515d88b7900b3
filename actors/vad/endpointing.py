"""Where speech begins and ends: a pure state machine over the probabilities of windows.

Everything is in absolute sample positions, so that the outcome depends on nothing but the sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from pipeline.frames import EndReason


class Phase(StrEnum):
    """What the stream is taken for at the moment."""

    SILENCE = "silence"
    MAYBE_SPEECH = "maybe_speech"
    SPEECH = "speech"
    MAYBE_SILENCE = "maybe_silence"
    ENDED = "ended"


IN_TURN = (Phase.SPEECH, Phase.MAYBE_SILENCE)


@dataclass(frozen=True)
class Limits:
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
    """

    window: int
    enter: float
    leave: float
    pre_roll: int
    min_speech: int
    silence: int
    hangover: int
    max_turn: int


class Endpointing(NamedTuple):
    """State of one stream.

    Attributes:
        phase: What it is taken for.
        position: First sample of the window that is judged next.
        earliest: No turn may begin before: end of the last one, or first sample of the stream.
        onset: First sample of the run of speech, from `MAYBE_SPEECH` on.
        voiced: Samples of speech in that run while it is not yet a turn.
        start: First sample of the turn.
        voiced_end: One past the last sample taken for speech.
    """

    phase: Phase
    position: int
    earliest: int
    onset: int = 0
    voiced: int = 0
    start: int = 0
    voiced_end: int = 0

    @classmethod
    def restore(cls, saved: list[Any]) -> Endpointing:
        """Return the state that `list(state)` was made of."""
        phase, *positions = saved
        return cls(Phase(phase), *positions)


class Started(NamedTuple):
    """A turn began at sample `position`."""

    position: int


class Ended(NamedTuple):
    """The turn from `start` ended before sample `position`; speech before `voiced_end`."""

    start: int
    position: int
    voiced_end: int
    reason: EndReason


Moment = Started | Ended
Step = tuple[Endpointing, tuple[Moment, ...]]


def step(state: Endpointing, probability: float, limits: Limits) -> Step:
    """Judge the window at `state.position`."""
    here = state.position
    end = here + limits.window
    state = state._replace(position=end)
    match state.phase:
        case Phase.SILENCE:
            if probability >= limits.enter:
                return _begin(
                    state._replace(phase=Phase.MAYBE_SPEECH, onset=here, voiced=0), limits
                )
        case Phase.MAYBE_SPEECH:
            if probability >= limits.enter:
                return _begin(state, limits)
            if probability < limits.leave:
                return state._replace(phase=Phase.SILENCE), ()
        case Phase.SPEECH:
            if probability >= limits.leave:
                return _go_on(state, limits)
            return _fall_silent(state._replace(phase=Phase.MAYBE_SILENCE), limits)
        case Phase.MAYBE_SILENCE:
            if probability >= limits.enter:
                return _go_on(state._replace(phase=Phase.SPEECH), limits)
            return _fall_silent(state, limits)
        case Phase.ENDED:
            pass
    return state, ()


def finish(state: Endpointing, stream_end: int, limits: Limits) -> Step:
    """Close an open turn, because the stream has no samples from `stream_end` on."""
    ended = state._replace(phase=Phase.ENDED)
    if state.phase not in IN_TURN:
        return ended, ()
    voiced_end = min(state.voiced_end, stream_end)
    position = min(voiced_end + limits.hangover, stream_end)
    return ended, (Ended(state.start, position, voiced_end, EndReason.END_OF_STREAM),)


def _begin(state: Endpointing, limits: Limits) -> Step:
    state = state._replace(voiced=state.voiced + limits.window, voiced_end=state.position)
    if state.voiced < limits.min_speech:
        return state, ()
    start = max(state.onset - limits.pre_roll, state.earliest)
    return state._replace(phase=Phase.SPEECH, start=start), (Started(start),)


def _go_on(state: Endpointing, limits: Limits) -> Step:
    end = state.position
    if end - state.start < limits.max_turn:
        return state._replace(voiced_end=end), ()
    # What follows must prove itself as speech again, or a last breath would be a turn.
    following = state._replace(
        phase=Phase.MAYBE_SPEECH, earliest=end, onset=end, voiced=0, voiced_end=end
    )
    return following, (Ended(state.start, end, end, EndReason.MAX_LENGTH),)


def _fall_silent(state: Endpointing, limits: Limits) -> Step:
    if state.position - state.voiced_end < limits.silence:
        return state, ()
    position = state.voiced_end + limits.hangover
    ended = Ended(state.start, position, state.voiced_end, EndReason.SILENCE)
    return state._replace(phase=Phase.SILENCE, earliest=position), (ended,)
