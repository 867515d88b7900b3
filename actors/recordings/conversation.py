"""The turns of a recording: what was said, how it ended, and how long it took. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from actors.services.recorder.privacy import CONVERSATION_TYPES
from pipeline.frames import (
    AnswerAudio,
    Frame,
    Playback,
    SpeechEnded,
    TurnClosed,
    UserText,
)
from pipeline.turns.ledger import Ledger

TYPES = CONVERSATION_TYPES | {"answer_audio"}
"""What is looked at."""
FOREVER_NS = 2**62
"""Deadlines are for the supervisor: its verdicts are in the recording."""
OPEN = "open"
"""Outcome of a turn that the recording does not see the end of."""


@dataclass
class RecordedTurn:
    """One turn.

    Attributes:
        turn: Its id.
        said: What the user said or typed.
        answer: What was answered.
        outcome: As the supervisor judged it, or `open`.
        by: Backend that answered.
        latency_ms: By stage, those that are known: `detected`, from the last voiced sample to the
            end of the turn being known; `answered`, from there (or from the typed line) to the
            first sound made; `first_sound`, from the last voiced sample to the first sound heard.
    """

    turn: str
    said: str = ""
    answer: str = ""
    outcome: str = OPEN
    by: str = ""
    latency_ms: dict[str, float] = field(default_factory=dict)


def turns_of(frames: Iterable[Frame]) -> dict[str, RecordedTurn]:
    """Return the turns by id, in the order in which they began.

    Args:
        frames: All of a recording, in the order of sending.
    """
    asked_ns: dict[str, int] = {}
    answered_ms: dict[str, float] = {}
    events: list[Frame] = []
    for frame in frames:
        match frame:
            case AnswerAudio() if frame.turn in asked_ns:
                waited_ms = (frame.sent_ns - asked_ns[frame.turn]) / 1e6
                answered_ms.setdefault(frame.turn, waited_ms)
            case SpeechEnded() | UserText():
                asked_ns[frame.turn] = frame.sent_ns
        if frame.type_name in CONVERSATION_TYPES:
            events.append(frame)
    found = _judged(events)
    for turn, waited_ms in answered_ms.items():
        found[turn].latency_ms["answered"] = waited_ms
    return found


def _judged(events: list[Frame]) -> dict[str, RecordedTurn]:
    """Return the turns, but for when their first sound was made."""
    ledger = Ledger(
        hears=any(isinstance(frame, Playback) for frame in events),
        speech_deadline_ns=FOREVER_NS,
        answer_deadline_ns=FOREVER_NS,
        stall_deadline_ns=FOREVER_NS,
    )
    found: dict[str, RecordedTurn] = {}
    verdicts: dict[str, TurnClosed] = {}
    for frame in events:
        ledger.on_frame(frame, frame.sent_ns)
        for name in ledger.turns.keys() - found.keys():
            found[name] = RecordedTurn(name)
        match frame:
            case SpeechEnded():
                found[frame.turn].latency_ms["detected"] = (frame.sent_ns - frame.at_ns) / 1e6
            case TurnClosed():
                verdicts[frame.turn] = frame
                found.setdefault(frame.turn, RecordedTurn(frame.turn))
    for turn in found.values():
        _complete(turn, ledger, verdicts.get(turn.turn))
    return found


def _complete(turn: RecordedTurn, ledger: Ledger, verdict: TurnClosed | None) -> None:
    known = ledger.turns.get(turn.turn)
    if known is not None:
        # More complete than the verdict: words may come after it.
        turn.said, turn.answer, turn.by = known.said.strip(), known.answer.strip(), known.by
    first_sound_ms = known.first_sound_ms if known is not None else None
    if verdict is not None:
        turn.said = turn.said or verdict.said.strip()
        turn.answer = turn.answer or verdict.answer.strip()
        turn.by = verdict.by
        turn.outcome = verdict.outcome.value
        first_sound_ms = verdict.first_sound_ms
    if first_sound_ms is not None:
        turn.latency_ms["first_sound"] = first_sound_ms
