"""What happened in one run of a pipeline over one recording. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from actors.lib.audio.pcm import SPEECH_RATE_HZ, samples_to_ns
from pipeline.frames import (
    Frame,
    Playback,
    PlaybackState,
    SpeechEnded,
    SpeechStarted,
    Spending,
    Status,
)
from pipeline.turns.turn import Turn


class ObservedTurn(BaseModel):
    """A turn that the pipeline found; times in s from the beginning of the recording.

    Attributes:
        start_s: Of its first sample, pre-roll included; None if a service found the turn, which
            does not say where it is.
        voiced_end_s: Of its last sample taken for speech.
        end_s: Of its last sample, hangover included.
        decided_s: When it was known to be over.
        end_reason: Why it was taken for over: `silence`, `max_length`, `end_of_stream`.
        heard_s: When the first sound of the answer was heard.
        first_sound_ms: From `voiced_end_s` to there.
        said: What the user said, as the backend understood it.
        answer: What was answered.
        outcome: `answered`, `interrupted`, `failed`; `open` if the run ended before.
        reason: Why it failed.
        by: Backend that answered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start_s: float | None = None
    voiced_end_s: float | None = None
    end_s: float | None = None
    decided_s: float | None = None
    end_reason: str = ""
    heard_s: float | None = None
    first_sound_ms: float | None = None
    said: str = ""
    answer: str = ""
    outcome: str = "open"
    reason: str = ""
    by: str = ""


class Observed(BaseModel):
    """One run.

    Attributes:
        turns: In the order in which they began.
        money: What it cost; None if nobody counted.
        currency: Of that.
        tokens: Billed, input and output.
        unpriced_tokens: Those of them whose price is not known.
        started_late: Speech began before every actor was ready: the machine was too busy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    turns: tuple[ObservedTurn, ...] = ()
    money: float | None = None
    currency: str = ""
    tokens: int | None = None
    unpriced_tokens: int | None = None
    started_late: bool = False


@dataclass
class Observer:
    """Takes the frames that the supervisor sees.

    Attributes:
        lead_s: Position at which the recording begins.
    """

    lead_s: float
    _started: dict[str, SpeechStarted] = field(default_factory=dict)
    _ended: dict[str, SpeechEnded] = field(default_factory=dict)
    _heard_ns: dict[str, int] = field(default_factory=dict)
    _spending: Spending | None = None
    _ready: bool = False
    _started_late: bool = False

    def on_frame(self, _actor: str, frame: Frame) -> None:
        """Note a frame."""
        match frame:
            case SpeechStarted():
                self._started.setdefault(frame.turn, frame)
                self._started_late |= not self._ready
            case SpeechEnded():
                self._ended.setdefault(frame.turn, frame)
            case Playback(state=PlaybackState.STARTED):
                self._heard_ns.setdefault(frame.turn, frame.at_ns)
            case Spending():
                self._spending = frame
            case Status():
                self._ready |= frame.ready

    def observed(self, turns: Mapping[str, Turn]) -> Observed:
        """Return what happened.

        Args:
            turns: The supervisor's account of them, by name.
        """
        spoken = [name for name, turn in turns.items() if not turn.typed]
        found = [self._turn(name, turns) for name in {**self._started, **dict.fromkeys(spoken)}]
        spent = self._spending.session_total if self._spending else None
        return Observed(
            turns=tuple(sorted(found, key=lambda turn: turn.start_s or 0.0)),
            money=spent.money if spent else None,
            currency=self._spending.currency if self._spending else "",
            tokens=spent.tokens if spent else None,
            unpriced_tokens=spent.unpriced_tokens if spent else None,
            started_late=self._started_late,
        )

    def _turn(self, name: str, turns: Mapping[str, Turn]) -> ObservedTurn:
        fields = self._times(name)
        known = turns.get(name)
        if known is not None:
            fields |= {
                "first_sound_ms": known.first_sound_ms,
                "said": known.said.strip(),
                "answer": known.answer.strip(),
                "outcome": known.outcome.value if known.outcome else "open",
                "reason": known.reason,
                "by": known.by,
            }
        return ObservedTurn(**fields)

    def _times(self, name: str) -> dict[str, Any]:
        started, ended = self._started.get(name), self._ended.get(name)
        if started is None:
            return {}
        zero_ns = started.at_ns - samples_to_ns(started.position) + round(self.lead_s * 1e9)

        def at_s(time_ns: int | None) -> float | None:
            return None if time_ns is None else round((time_ns - zero_ns) / 1e9, 4)

        times: dict[str, Any] = {
            "start_s": self._position_s(started.position),
            "heard_s": at_s(self._heard_ns.get(name)),
        }
        if ended is not None:
            times |= {
                "voiced_end_s": at_s(ended.at_ns),
                "end_s": self._position_s(ended.position),
                "decided_s": at_s(ended.sent_ns),
                "end_reason": ended.reason.value,
            }
        return times

    def _position_s(self, position: int) -> float:
        return round(position / SPEECH_RATE_HZ - self.lead_s, 4)
