"""Turn ledger: each turn is closed with exactly one outcome. Pure; times in ns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pipeline.frames import (
    AnswerEnd,
    AnswerEnded,
    Frame,
    Outcome,
    Playback,
    PlaybackState,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    TurnClosed,
    UserText,
    first_turn_id,
    is_unasked,
)
from pipeline.turns.turn import Turn

KEPT_TURNS = 2000
"""Closed turns that are remembered, to be recognised when they are named again: hours of talk."""


@dataclass
class Ledger:
    """Takes the frames of speech, answers and playback; gives verdicts.

    Args:
        hears: Whether the pipeline plays answers; if not, a complete answer closes its turn.
        speech_deadline_ns: From the start of a turn to its end.
        answer_deadline_ns: From the end of a turn to the first sound.
        stall_deadline_ns: Without progress of playback in the middle of an answer.
    """

    hears: bool
    speech_deadline_ns: int
    answer_deadline_ns: int
    stall_deadline_ns: int
    turns: dict[str, Turn] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    """Turns closed so far by outcome, also those that are forgotten."""
    _open_turns: dict[str, Turn] = field(default_factory=dict)
    """A few of thousands; they are looked at in every tick."""

    def on_frame(self, frame: Frame, now_ns: int) -> list[TurnClosed]:
        """Note what happened; return the turns that it closed."""
        match frame:
            case SpeechStarted():
                self._open(frame.turn, frame.session, now_ns)
            case UserText():
                turn = self._open(frame.turn, frame.session, now_ns)
                turn.asked_ns, turn.typed = frame.origin_ns or now_ns, frame.text
            case SpeechEnded():
                turn = self._open(frame.turn, frame.session, now_ns)
                turn.asked_ns = turn.asked_ns or frame.at_ns
                turn.progress_ns = now_ns
            case SessionOpened(speaks_first=True):
                turn = self._open(first_turn_id(frame.session), frame.session, now_ns)
                turn.asked_ns = now_ns
            case Transcript():
                self._transcript(frame, now_ns)
            case Playback():
                return self._playback(frame, now_ns)
            case AnswerEnded():
                return self._answer_ended(frame, now_ns)
        return []

    def tick(self, now_ns: int) -> list[TurnClosed]:
        """Return the turns whose deadline has passed, as failed."""
        closed = []
        for turn in self.open_turns():
            waited_ns = now_ns - max(turn.asked_ns or 0, turn.progress_ns)
            if turn.first_sound_ns is not None:
                deadline_ns, reason = self.stall_deadline_ns, "the answer broke off"
            elif turn.asked_ns is not None or is_unasked(turn.turn):
                deadline_ns, reason = self.answer_deadline_ns, "no answer came in time"
            else:
                deadline_ns, reason = self.speech_deadline_ns, "its end was never heard"
            if waited_ns > deadline_ns:
                closed.append(self._close(turn, Outcome.FAILED, turn.reason or reason))
        return closed

    def handed_over(self, now_ns: int) -> None:
        """Another backend answers the open turns from now on."""
        for turn in self.open_turns():
            turn.reason, turn.progress_ns = "", now_ns

    def excuse(self, now_ns: int) -> None:
        """Nobody could answer until now: begin anew to wait for what the open turns owe."""
        for turn in self.open_turns():
            turn.progress_ns = now_ns

    def close(self, name: str, outcome: Outcome, reason: str) -> list[TurnClosed]:
        """Give an open turn its outcome: nobody is left to answer it, or its session is over."""
        turn = self.turns.get(name)
        if turn is None or turn.outcome is not None:
            return []
        return [self._close(turn, outcome, reason)]

    def leave_unspoken(self, ended: AnswerEnded) -> None:
        """A backend gave a part of an answer; whoever is next says the rest."""
        turn = self.turns.get(ended.turn)
        if turn is not None and turn.outcome is None:
            turn.unspoken = ended.unspoken
            if turn.continued_from is None and ended.samples:
                turn.continued_from = ended.epoch

    def unspoken(self) -> dict[str, str]:
        """What is left to say in the open turns."""
        return {turn.turn: turn.unspoken for turn in self.open_turns() if turn.unspoken}

    def open_turns(self) -> list[Turn]:
        """Turns without an outcome, oldest first."""
        return list(self._open_turns.values())

    def has_open_turns(self) -> bool:
        """Whether any turn is without an outcome."""
        return bool(self._open_turns)

    def outcomes(self) -> dict[str, int]:
        """Number of closed turns by outcome."""
        return dict(self._counts)

    def _open(self, name: str, session: str, now_ns: int) -> Turn:
        turn = self.turns.get(name)
        if turn is None:
            turn = Turn(name, session, now_ns, progress_ns=now_ns)
            self.turns[name] = self._open_turns[name] = turn
            if len(self.turns) > KEPT_TURNS:
                oldest = next((t.turn for t in self.turns.values() if t.outcome), None)
                if oldest is not None:
                    del self.turns[oldest]
        return turn

    def _transcript(self, frame: Transcript, now_ns: int) -> None:
        # Words may come after the turn is closed: the account is completed all the same.
        turn = self._open(frame.turn, frame.session, now_ns)
        turn.progress_ns = now_ns
        key = (frame.side, frame.backend, frame.epoch)
        turn.words[key] = turn.words.get(key, "") + frame.text

    def _playback(self, frame: Playback, now_ns: int) -> list[TurnClosed]:
        # Each producer has a socket of its own: the end of a turn may be read before its start.
        turn = self._open(frame.turn, frame.session, now_ns)
        if turn.outcome is not None:
            return []
        turn.progress_ns = now_ns
        turn.by = frame.backend
        if frame.state is PlaybackState.STARTED:
            turn.first_sound_ns = turn.first_sound_ns or frame.at_ns
            turn.reason = ""
        if frame.state is PlaybackState.FINISHED:
            return [self._close(turn, Outcome.ANSWERED)]
        if frame.state is PlaybackState.INTERRUPTED:
            # Playback also stops short where the backend broke off, which is no barge-in.
            outcome = Outcome.FAILED if turn.reason else Outcome.INTERRUPTED
            return [self._close(turn, outcome, turn.reason)]
        return []

    def _answer_ended(self, frame: AnswerEnded, now_ns: int) -> list[TurnClosed]:
        turn = self._open(frame.turn, frame.session, now_ns)
        if turn.outcome is not None:
            return []
        turn.by = frame.backend
        match frame.end:
            case AnswerEnd.COMPLETE if not self.hears:
                return [self._close(turn, Outcome.ANSWERED)]
            case AnswerEnd.INTERRUPTED if turn.first_sound_ns is None:
                return [self._close(turn, Outcome.INTERRUPTED)]
            case AnswerEnd.EMPTY if turn.first_sound_ns is None:
                reason = frame.detail or "the answer was empty"
                return [self._close(turn, Outcome.FAILED, reason)]
            case AnswerEnd.FAILED if turn.first_sound_ns is None:
                return [self._close(turn, Outcome.FAILED, frame.detail or "the backend failed")]
            case AnswerEnd.FAILED:
                turn.reason = frame.detail or "the backend failed in mid-answer"
        return []

    def _close(self, turn: Turn, outcome: Outcome, reason: str = "") -> TurnClosed:
        turn.outcome, turn.reason = outcome, reason
        self._counts[outcome] += 1
        del self._open_turns[turn.turn]
        return turn.closed()
