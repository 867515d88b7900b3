"""The sound of the microphone behind the gate, and what follows when the gate opens or closes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from actors.hearing.wake.gate import ListenGate, step
from actors.hearing.wake.gate_events import ActionAsked, GateEvent, TimePassed, WordHeard
from actors.hearing.wake.held_answer import HeldAnswer
from actors.hearing.wake.options import WakeOptions
from actors.hearing.wake.recent_blocks import Passage
from actors.lib.audio.pcm import SPEECH_RATE_HZ
from pipeline.frames import (
    Audio,
    Frame,
    ListenAction,
    ListenMode,
    ListenPhase,
    ListenStatus,
    TentativeSpeechRejected,
    TentativeSpeechStarted,
)

KEY_LEAD_SAMPLES = SPEECH_RATE_HZ * 3 // 10
"""People begin to speak while they press: what was said up to 0.3 s before a key is passed on."""

SAVED_EVERY = SPEECH_RATE_HZ
"""Samples. A checkpoint that changes makes a heartbeat come four times as often. Asleep, the sound
since then is heard again by a process that follows; if it always listens, it sends it on again, and
consumers drop it."""


class GatedSound:
    """Passes on what is to be heard, holds an answer meanwhile, and tells what the gate is like."""

    def __init__(
        self,
        options: WakeOptions,
        session: str,
        checkpoint: dict[str, Any],
        counters: Counter[str],
        publish: Callable[[str, Frame], None],
        show: Callable[[], None],
    ) -> None:
        """Go on where the process before this one was.

        Args:
            options: How long to listen, and whether a chime says so.
            session: Whose sound it is.
            checkpoint: What that process saved; it is kept up to date.
            counters: Where openings are counted.
            publish: As `Actor.publish`, for `audio`, `voice` and `listening`.
            show: Called when the gate is another than before.
        """
        self._limits = options.limits
        self._chimes = options.chime
        self._session = session
        self._checkpoint = checkpoint
        self._counters = counters
        self._publish = publish
        self._show = show
        self.answer = HeldAnswer()
        self._passage = Passage()
        self._passage.recent.end = checkpoint.get("heard", 0)
        self._passage.begin_at(checkpoint.get("next", 0))
        saved = checkpoint.get("gate")
        self.gate = ListenGate.of(options.listen) if saved is None else ListenGate.restore(saved)

    @property
    def passes(self) -> bool:
        """Whether sound is passed on."""
        return self.gate.passes(self._limits)

    def add(self, frame: Audio) -> bool:
        """Take a block; return whether it was not here before."""
        recent, end = self._passage.recent, frame.position + frame.samples
        if end <= recent.end and not frame.final:
            return False
        recent.add(frame)
        self.apply(TimePassed(), "time")
        self._save()
        return True

    def ask(self, action: ListenAction, by: str) -> None:
        """Do what a key, a pin, a call or a frame asks for."""
        self.apply(ActionAsked(action), by, self._passage.recent.end - KEY_LEAD_SAMPLES)
        self.pass_on()

    def on_word(self, word: str) -> None:
        """Open, after a wake word."""
        if not self.passes:
            self._passage.begin_after_word()
        self.apply(WordHeard(), f"“{word}”", 0)

    def apply(self, event: GateEvent, by: str, opens_at: int | None = None) -> None:
        """Let something happen to the gate, and do what follows.

        Args:
            event: What happened.
            by: What brought it about, in words.
            opens_at: If this opens the gate, sound is passed on from there; None: from now on.
        """
        before, passed = self.gate, self.passes
        gate = self.gate = step(before, event, time.monotonic_ns(), self._limits)
        self._save(anew=gate != before)
        if gate.phase is before.phase and gate.mode is before.mode:
            return
        end = self._passage.recent.end
        if self.passes and not passed:
            self._counters["opened"] += 1
            self._passage.begin_at(end if opens_at is None else opens_at)
            if gate.phase is not ListenPhase.HEARING:
                self._say(self.answer.hold(self._session, end))
        elif passed and not self.passes:
            self._passage.close()
        if gate.phase in (ListenPhase.EXPIRED, ListenPhase.RELEASED) and not gate.turn:
            self._say(self.answer.let_go(end))
        self.tell(by)

    def pass_on(self) -> None:
        """Send what may be passed on and was not yet."""
        if not self.passes:
            return
        if self._passage.word_alone() and self._chimes:
            self.tell("a pause after the word", chime=True)
        for frame in self._passage.pass_on():
            self._publish("audio", frame)
        self._save()

    def finish(self, last: Audio) -> None:
        """Tell of the end of the stream, without its sound if that is not passed on."""
        end = last.position + last.samples
        if self._passage.next < end:
            self._passage.begin_at(end)
            self._publish("audio", last.model_copy(update={"position": end, "pcm": b""}))

    def tell(self, by: str, *, chime: bool = False) -> None:
        """Say what the gate is like now."""
        gate, passage = self.gate, self._passage
        status = ListenStatus(
            mode=gate.mode,
            phase=gate.phase,
            listens=self.passes,
            position=passage.next if self.passes else passage.recent.end,
            by=by,
            chime=chime,
        )
        self._publish("listening", status)
        self._show()

    def _save(self, *, anew: bool = False) -> None:
        """Save how far it is: at each change, in each block of a conversation, else at times."""
        heard = self._passage.recent.end
        rests = not self.passes or self.gate.mode is ListenMode.ALWAYS
        if rests and not anew and heard - self._checkpoint.get("heard", 0) < SAVED_EVERY:
            return
        self._checkpoint.update(gate=list(self.gate), heard=heard, next=self._passage.next)

    def _say(self, voice: TentativeSpeechStarted | TentativeSpeechRejected | None) -> None:
        if voice is not None:
            self._publish("voice", voice)
