"""Latency of a turn by stage. Pure; monotonic times in ns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from pipeline.frames import (
    AnswerAudio,
    Frame,
    Playback,
    PlaybackState,
    SpeechEnded,
    SpeechStarted,
    TurnClosed,
    UserText,
)

KEPT_TURNS = 100
"""Turns of a session that nobody closes are forgotten when it has so many newer ones."""
KEPT_SESSIONS = 1000
"""The same of sessions: three times as many as may be open at once."""


class LatencyStage(StrEnum):
    """A part of a turn; each begins where the one before ends."""

    SPEECH = "speech"
    """The user speaks: first sample to last voiced sample."""
    ENDPOINTING = "endpointing"
    """From the last voiced sample until it is decided that the turn is over."""
    BACKEND = "backend"
    """From that decision, or the typed line, to the first block of the answer: network, model."""
    PLAYOUT = "playout"
    """From the first block to its first sample heard."""
    ANSWER = "answer"
    """`backend` and `playout` in one, where the blocks of the answer are not listened to."""
    PLAYBACK = "playback"
    """From the first sample heard to the last."""


class StageTime(NamedTuple):
    """One stage of one turn."""

    stage: LatencyStage
    start_ns: int
    end_ns: int

    @property
    def ms(self) -> float:
        """How long it took."""
        return (self.end_ns - self.start_ns) / 1e6


@dataclass
class TurnTimes:
    """What is known of one turn; None is not known, or did not happen."""

    spoke_ns: int | None = None
    stopped_ns: int | None = None
    asked_ns: int | None = None
    heard_ns: int | None = None
    ended_ns: int | None = None
    backend: str = ""
    first_blocks_ns: dict[str, int] = field(default_factory=dict)
    """By backend: one may have begun an answer that another gave."""

    def on_frame(self, frame: Frame) -> None:
        """Note a frame of this turn."""
        match frame:
            case SpeechStarted():
                self.spoke_ns = frame.at_ns
            case SpeechEnded():
                self.stopped_ns, self.asked_ns = frame.at_ns, frame.sent_ns
            case UserText():
                self.asked_ns = frame.origin_ns
            case AnswerAudio():
                self.first_blocks_ns.setdefault(frame.backend, frame.sent_ns)
            case Playback(state=PlaybackState.STARTED):
                self.heard_ns, self.backend = self.heard_ns or frame.at_ns, frame.backend
            case Playback(state=PlaybackState.FINISHED | PlaybackState.INTERRUPTED):
                self.ended_ns = frame.at_ns
            case TurnClosed(first_sound_ms=float(first_sound_ms)):
                # Who does not listen to what is typed learns here when it was.
                if self.asked_ns is None and self.heard_ns is not None:
                    self.asked_ns = self.heard_ns - int(first_sound_ms * 1e6)

    def stages(self) -> list[StageTime]:
        """The stages of which both ends are known, in order."""
        return [
            StageTime(stage, start_ns, max(start_ns, end_ns))
            for stage, start_ns, end_ns in self._spans()
            if start_ns is not None and end_ns is not None
        ]

    def _spans(self) -> Iterator[tuple[LatencyStage, int | None, int | None]]:
        yield LatencyStage.SPEECH, self.spoke_ns, self.stopped_ns
        yield LatencyStage.ENDPOINTING, self.stopped_ns, self.asked_ns
        block_ns = self.first_blocks_ns.get(self.backend)
        if block_ns is None:
            yield LatencyStage.ANSWER, self.asked_ns, self.heard_ns
        else:
            yield LatencyStage.BACKEND, self.asked_ns, block_ns
            yield LatencyStage.PLAYOUT, block_ns, self.heard_ns
        yield LatencyStage.PLAYBACK, self.heard_ns, self.ended_ns


class TurnClock:
    """Keeps the times of the turns that are open."""

    def __init__(self) -> None:
        self._sessions: dict[str, dict[str, TurnTimes]] = {}

    def on_frame(self, frame: Frame) -> None:
        """Note a frame, if it is one of a turn that matters here."""
        if isinstance(frame, (SpeechStarted, SpeechEnded, UserText, AnswerAudio, Playback)):
            self._times(frame.session, frame.turn).on_frame(frame)

    def close(self, closed: TurnClosed) -> TurnTimes:
        """Return what is known of a turn, and forget it."""
        turns = self._sessions.get(closed.session, {})
        times = turns.pop(closed.turn, TurnTimes())
        if not turns:
            self._sessions.pop(closed.session, None)
        times.on_frame(closed)
        return times

    def _times(self, session: str, turn: str) -> TurnTimes:
        turns = self._sessions.setdefault(session, {})
        if len(self._sessions) > KEPT_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        times = turns.setdefault(turn, TurnTimes())
        if len(turns) > KEPT_TURNS:
            del turns[next(iter(turns))]
        return times
