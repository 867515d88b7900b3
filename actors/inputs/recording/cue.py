"""Cues: when the next file begins, from positions, times and answers. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from actors.inputs.recording.options import Item, RecordingOptions, Start
from actors.lib.audio.pcm import BLOCK_SAMPLES, SPEECH_RATE_HZ, samples_to_ns
from pipeline.frames import Playback, PlaybackState, TurnClosed

REACTION_S = 0.1
"""Nobody speaks sooner after what they heard; and word of an answer has come by then, so that a
process started again decides as the one before it did."""
KEPT_EVERY = SPEECH_RATE_HZ
"""Samples after which a checkpoint is renewed: one that changes more often makes each heartbeat
come four times as often. What was sent since is sent again at once; who has it leaves it out."""
PRE_ROLL_SAMPLES = SPEECH_RATE_HZ
"""A turn may begin so much before the file in which it is spoken: the VAD's pre-roll."""


class SendingState(StrEnum):
    """What is being sent."""

    WAITING = "waiting"
    PLAYING = "playing"
    TAIL = "tail"
    DONE = "done"


class FileProgress(NamedTuple):
    """How far the recording is.

    Attributes:
        phase: What is being sent.
        position: First sample of the next block.
        item: Files begun before this one; counts on when they are played again.
        offset: Samples of the file that were sent.
        since: Position at which the phase began.
        began: Position at which the newest file began.
    """

    phase: SendingState = SendingState.WAITING
    position: int = 0
    item: int = 0
    offset: int = 0
    since: int = 0
    began: int = 0

    @classmethod
    def restore(cls, saved: list[Any]) -> FileProgress:
        """Return the progress that `list(progress)` was made of."""
        phase, *numbers = saved
        return cls(SendingState(phase), *numbers)

    def is_far_from(self, kept: FileProgress) -> bool:
        """Whether a checkpoint that has `kept` has to be renewed."""
        is_elsewhere = self.phase is not kept.phase or self.item != kept.item
        return is_elsewhere or self.position - kept.position >= KEPT_EVERY

    def enter(self, phase: SendingState) -> FileProgress:
        """Return the progress with a new phase begun."""
        return self._replace(phase=phase, since=self.position)

    def begin_item(self) -> FileProgress:
        """Return the progress with the file begun."""
        return self.enter(SendingState.PLAYING)._replace(offset=0, began=self.position)

    def end_item(self, options: RecordingOptions) -> FileProgress:
        """Return the progress with the file played to its end."""
        following = self._replace(item=self.item + 1)
        last = following.item >= len(options.files) and not options.loop
        return following.enter(SendingState.TAIL if last else SendingState.WAITING)

    def end_tail(self, options: RecordingOptions) -> FileProgress:
        """Return the progress with everything done, once the silence at the end is long enough."""
        is_over = samples_to_ns(self.position - self.since) >= options.tail_s * 1e9
        return self.enter(SendingState.DONE) if is_over else self

    def sent_block(self, of_item: int) -> FileProgress:
        """Return the progress with a block sent that held `of_item` samples of the file."""
        return self._replace(position=self.position + BLOCK_SAMPLES, offset=self.offset + of_item)


@dataclass
class AnswerTimes:
    """What is known of the answers, by the position at which their turn began; times in ns.

    Turns of other sessions, and those that were typed, are none of the recording's.
    """

    session: str
    started_ns: dict[int, int] = field(default_factory=dict)
    closed_ns: dict[int, int] = field(default_factory=dict)

    def on_playback(self, frame: Playback) -> None:
        """Note when an answer began to be heard."""
        position = self._position_of(frame.turn)
        if position is not None and frame.state is PlaybackState.STARTED:
            self.started_ns[position] = frame.at_ns

    def on_turns(self, frame: TurnClosed) -> None:
        """Note when a turn was closed."""
        position = self._position_of(frame.turn)
        if position is not None:
            self.closed_ns[position] = frame.origin_ns

    def _position_of(self, turn: str) -> int | None:
        session, _, position = turn.rpartition(":")
        return int(position) if session == self.session and position.isdecimal() else None


class CueDecision(StrEnum):
    """Whether the file may begin."""

    WAIT = "wait"
    BEGIN = "begin"
    GIVE_UP = "give_up"


def judge(
    progress: FileProgress,
    answers: AnswerTimes,
    options: RecordingOptions,
    since_ns: int,
    now_ns: int,
) -> CueDecision:
    """Decide whether the next file begins with this block.

    Args:
        progress: How far the recording is; its phase is `WAITING`.
        answers: What was heard so far.
        options: The actor's options.
        since_ns: When the wait began.
        now_ns: When the block is due.
    """
    item = options.files[progress.item % len(options.files)]
    if progress.item == 0 or item.start is Start.AT_ONCE:
        gap_s = options.gap_s if progress.item else 0.0
        pause = round((gap_s + item.delay_s) * SPEECH_RATE_HZ)
        return (
            CueDecision.BEGIN if progress.position - progress.since >= pause else CueDecision.WAIT
        )
    cue_ns = _cue_ns(item, progress.began - PRE_ROLL_SAMPLES, answers, since_ns)
    if cue_ns is not None:
        delay_ns = max(REACTION_S, item.delay_s) * 1e9
        return CueDecision.BEGIN if now_ns >= cue_ns + delay_ns else CueDecision.WAIT
    if now_ns - since_ns >= options.answer_timeout_s * 1e9:
        return CueDecision.GIVE_UP
    return CueDecision.WAIT


def _cue_ns(item: Item, earliest: int, answers: AnswerTimes, since_ns: int) -> int | None:
    """Return when what the file waits for came about; turns from `earliest` on count."""
    if item.start is Start.DURING_ANSWER:
        # A file's own last seconds may be silent, so the answer may be there before its end.
        started = [ns for position, ns in answers.started_ns.items() if position >= earliest]
        return max(started, default=None)
    # A file may hold several turns: those closed before its end were not the last.
    closed = [
        ns for position, ns in answers.closed_ns.items() if position >= earliest and ns >= since_ns
    ]
    return min(closed, default=None)
