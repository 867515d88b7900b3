"""Whether sound is passed on: a state machine over what is said, asked and answered. Pure.

Times are monotonic, in ns. Where it is in doubt, nothing is passed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from actors.hearing.wake.gate_events import (
    ActionAsked,
    GateEvent,
    ModeSet,
    SpeechBegan,
    SpeechOver,
    TurnOver,
    WordHeard,
)
from pipeline.frames import ListenAction, ListenMode, ListenPhase

LATE_NS = 1_000_000_000
"""How long after the gate has closed speech may still be told of that had begun before: the turn
detection takes up to 0.25 s, and 0.4 s of speech over an answer."""
MOST_CLOSED = 8
"""Turns whose outcome is remembered: it may be told of before their end, after a restart."""


@dataclass(frozen=True)
class GateLimits:
    """How long to listen; in ns.

    Attributes:
        listen: For speech to begin, after a word or a tap.
        follow_up: The same after an answer; 0: a word is needed each time.
        hold: A key is not held for longer: its release was lost.
        answer: An answer is not awaited and heard for longer.
        over_answer: Whether sound is passed on while an answer is heard.
    """

    listen: int
    follow_up: int
    hold: int
    answer: int
    over_answer: bool


class ListenGate(NamedTuple):
    """State of the gate.

    Attributes:
        mode: What it takes to be listened to.
        phase: What becomes of the sound.
        until: When the phase is over by itself; 0: never.
        turn: That which is being spoken or answered; empty: none.
        closed: Turns that have their outcome, newest last.
    """

    mode: ListenMode
    phase: ListenPhase
    until: int = 0
    turn: str = ""
    closed: tuple[str, ...] = ()

    @classmethod
    def of(cls, mode: ListenMode) -> ListenGate:
        """Return a gate that was just set to a mode."""
        is_open = mode is ListenMode.ALWAYS
        return cls(mode, ListenPhase.OPEN if is_open else ListenPhase.ASLEEP)

    @classmethod
    def restore(cls, saved: list[Any]) -> ListenGate:
        """Return the gate that `list(gate)` was made of."""
        mode, phase, until, turn, closed = saved
        return cls(ListenMode(mode), ListenPhase(phase), until, turn, tuple(closed))

    def passes(self, limits: GateLimits) -> bool:
        """Return whether sound is passed on."""
        match self.phase:
            case ListenPhase.ANSWERING:
                return limits.over_answer and self.mode is ListenMode.WAKE_WORD
            case ListenPhase.ASLEEP | ListenPhase.EXPIRED | ListenPhase.RELEASED:
                return False
        return True


def waits_for(gate: ListenGate, words: Sequence[str]) -> str:
    """Return in a few words what the robot does, and what it takes to be listened to."""
    match gate.phase:
        case ListenPhase.OPEN:
            return "listens always"
        case ListenPhase.ANSWERING:
            return "an answer is awaited or heard"
        case ListenPhase.ASLEEP | ListenPhase.EXPIRED | ListenPhase.RELEASED:
            if gate.mode is ListenMode.PUSH_TO_TALK:
                return "asleep: press to talk"
            return f"asleep: say {' or '.join(words)}"
    return "listens"


def step(gate: ListenGate, event: GateEvent, now: int, limits: GateLimits) -> ListenGate:
    """Return the state after something happened at a time."""
    gate = _later(gate, now)
    match event:
        case WordHeard():
            return _woken(gate, now, limits)
        case ActionAsked(action):
            return _asked(gate, action, now, limits)
        case ModeSet(mode):
            return _set(gate, mode, now, limits)
        case SpeechBegan(turn):
            return _began(gate, turn, limits)
        case SpeechOver():
            return _over(gate, event, now, limits)
        case TurnOver(turn):
            gate = gate._replace(closed=(*gate.closed, turn)[-MOST_CLOSED:])
            if gate.phase is ListenPhase.ANSWERING and gate.turn == turn:
                return _answered(gate, now, limits)
    return gate


def _later(gate: ListenGate, now: int) -> ListenGate:
    while gate.until and now >= gate.until:
        match gate.phase:
            case ListenPhase.LISTENING:
                gate = gate._replace(phase=ListenPhase.EXPIRED, until=gate.until + LATE_NS)
            case ListenPhase.HELD:
                # From now on, however late: the turn detection has to be told.
                gate = gate._replace(phase=ListenPhase.RELEASED, until=now + LATE_NS)
            case _:
                gate = _asleep(gate)
    return gate


def _asleep(gate: ListenGate) -> ListenGate:
    return gate._replace(phase=ListenPhase.ASLEEP, until=0, turn="")


def _listening(gate: ListenGate, until: int) -> ListenGate:
    return gate._replace(phase=ListenPhase.LISTENING, until=until, turn="")


def _woken(gate: ListenGate, now: int, limits: GateLimits) -> ListenGate:
    if gate.mode is not ListenMode.WAKE_WORD or gate.phase is ListenPhase.HEARING:
        return gate
    if gate.phase is ListenPhase.ANSWERING and gate.passes(limits):
        # Who speaks over the answer is heard, with a word or without.
        return gate
    return _listening(gate, now + limits.listen)


def _asked(gate: ListenGate, action: ListenAction, now: int, limits: GateLimits) -> ListenGate:
    match gate.mode, action:
        case ListenMode.ALWAYS, _:
            return gate
        case _, ListenAction.TAP:
            under_way = (ListenPhase.LISTENING, ListenPhase.HELD, ListenPhase.HEARING)
            if gate.phase in under_way:
                return _released(gate, now)
            return _listening(gate, now + limits.listen)
        case _, ListenAction.CLOSE:
            return _released(gate, now)
    if gate.phase is ListenPhase.HELD:
        return gate
    if gate.mode is ListenMode.WAKE_WORD:
        if gate.phase is ListenPhase.HEARING:
            return gate
        return _listening(gate, now + limits.listen)
    turn = gate.turn if gate.phase is ListenPhase.HEARING else ""
    return gate._replace(phase=ListenPhase.HELD, until=now + limits.hold, turn=turn)


def _released(gate: ListenGate, now: int) -> ListenGate:
    match gate.phase:
        case ListenPhase.LISTENING | ListenPhase.HELD | ListenPhase.HEARING | ListenPhase.OPEN:
            return gate._replace(phase=ListenPhase.RELEASED, until=now + LATE_NS)
        case ListenPhase.RELEASED:
            return gate
    return _asleep(gate)


def _set(gate: ListenGate, mode: ListenMode, now: int, limits: GateLimits) -> ListenGate:
    if mode is gate.mode:
        return gate
    gate = gate._replace(mode=mode)
    match gate.phase:
        case _ if mode is ListenMode.ALWAYS:
            turn = gate.turn if gate.phase in (ListenPhase.HELD, ListenPhase.HEARING) else ""
            return gate._replace(phase=ListenPhase.OPEN, until=0, turn=turn)
        case ListenPhase.OPEN | ListenPhase.HELD | ListenPhase.HEARING if gate.turn:
            # Who is speaking is heard to the end.
            return gate._replace(phase=ListenPhase.HEARING, until=0)
        case ListenPhase.ANSWERING:
            return gate
    return _released(gate, now)


def _began(gate: ListenGate, turn: str, limits: GateLimits) -> ListenGate:
    match gate.phase:
        case ListenPhase.OPEN | ListenPhase.HELD | ListenPhase.RELEASED:
            return gate._replace(turn=turn)
        case ListenPhase.LISTENING | ListenPhase.EXPIRED | ListenPhase.HEARING:
            return gate._replace(phase=ListenPhase.HEARING, until=0, turn=turn)
        case ListenPhase.ANSWERING if gate.passes(limits) and turn != gate.turn:
            return gate._replace(phase=ListenPhase.HEARING, until=0, turn=turn)
    return gate


def _over(gate: ListenGate, said: SpeechOver, now: int, limits: GateLimits) -> ListenGate:
    match gate.phase:
        case ListenPhase.OPEN | ListenPhase.HELD:
            return gate._replace(turn="")
        case ListenPhase.HEARING if said.goes_on:
            return _listening(gate, now + limits.listen)
        case ListenPhase.HEARING | ListenPhase.RELEASED:
            gate = gate._replace(
                phase=ListenPhase.ANSWERING, until=now + limits.answer, turn=said.turn
            )
            return _answered(gate, now, limits) if said.turn in gate.closed else gate
    return gate


def _answered(gate: ListenGate, now: int, limits: GateLimits) -> ListenGate:
    if gate.mode is ListenMode.WAKE_WORD and limits.follow_up:
        return _listening(gate, now + limits.follow_up)
    return _asleep(gate)
