"""One session of a turn-based backend: which turn is answered, and its one answer in progress."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from actors.backends.options import longest_answer_s
from actors.backends.records import KeptTurns
from actors.backends.session import BackendSession
from actors.backends.shared import Shared
from actors.backends.tool_calls import ToolCalls, ToolReply
from actors.backends.turnwise.answer import AnswerState, RunningAnswer
from actors.backends.turnwise.current_answer import CurrentAnswer
from actors.backends.turnwise.input_buffer import InputBuffer
from actors.backends.turnwise.request import AnswerFailedError, AnswerRequest, Heard, Part, Sound
from actors.backends.turnwise.turns import AbortAnswer, Begin, Interrupt, Step, Turns
from pipeline.actor import Options
from pipeline.frames import (
    AnswerEnd,
    Audio,
    Image,
    Playback,
    Route,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    ToolResult,
    ToolStatus,
    TurnClosed,
    UserText,
    first_turn_id,
)

GiveAnswer = Callable[[AnswerRequest], AsyncGenerator[Part, None]]


class TurnBasedSession(BackendSession):
    """Answers whole turns, one at a time.

    Args:
        shared: What it has in common with others.
        opened: How it was opened.
        manner: The actor's options as the session wants them.
        functions: Declarations of what its own client answers.
        owned: Its turns are answered here, unless a route says otherwise.
        give_answer: Gives the parts of an answer.
    """

    def __init__(
        self,
        shared: Shared,
        opened: SessionOpened,
        manner: Options,
        functions: tuple[dict[str, Any], ...],
        *,
        owned: bool,
        give_answer: GiveAnswer,
    ) -> None:
        super().__init__(shared, opened, functions)
        self.manner = manner
        self.turns = Turns(owned=owned)
        self._input = InputBuffer(self.ring)
        self._calls = ToolCalls(self._actor.counters)
        self._give_answer = give_answer
        self._current = CurrentAnswer(self.name, self._actor, self.turns, self._calls, self.publish)
        self._unspoken: dict[str, str] = {}
        """What another backend left unspoken of its answers, by turn."""
        self._serving_ns = 0
        kept = self.restore()
        self.turns.restore(kept.over, kept.answered | kept.begun)

    def kept(self) -> KeptTurns:
        """Return what a process that takes over must know of the turns."""
        over, answered = list(self.turns.over), dict(self.turns.answered)
        return KeptTurns(over, dict(self._current.begun), answered, self.turns.epoch)

    def serve(self) -> None:
        """Everybody listens: say what became of the answers of before."""
        self._serving_ns = time.monotonic_ns()
        self.report_cut_off()

    def speak_first(self) -> None:
        """Begin the conversation, if the model is to and nobody has."""
        if self.opened.speaks_first:
            self._do(self.turns.speak_first(first_turn_id(self.name)))

    def stop(self) -> None:
        """Give up the answer in progress, without another word."""
        self._current.abort()

    # Input ports.

    def on_audio(self, frame: Audio) -> None:
        """Keep the sound."""
        self._input.append(frame.position, frame.pcm, self.turns.hold_from())

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """The user began or finished a turn."""
        self.history.began(frame.turn)
        if isinstance(frame, SpeechStarted):
            self._do(self.turns.speech_started(frame.turn, frame.position))
        else:
            start, end = frame.start_position, frame.position
            self._do(self.turns.speech_ended(frame.turn, start, end))

    def on_video(self, frame: Image) -> None:
        """Keep the newest picture."""
        self._input.show(frame.jpeg)

    def on_text(self, frame: UserText) -> None:
        """The user typed a turn."""
        self.history.began(frame.turn)
        self._do(self.turns.typed(frame.turn, frame.text))

    def answered_elsewhere(self, turn: str) -> None:
        """Another backend has answered a turn in full."""
        self.turns.answered_elsewhere(turn)

    def on_playback(self, frame: Playback) -> None:
        """An answer is heard."""
        super().on_playback(frame)
        if frame.played_samples:
            self.turns.sounded(frame.turn)
        self._current.heard()

    def on_route(self, frame: Route) -> None:
        """The turns have an owner."""
        owned = frame.owner == self._actor.name
        self._unspoken = dict(frame.unspoken)
        self._do(self.turns.route(owned=owned, epoch=frame.epoch), frame.sent_ns)

    def on_turns(self, frame: TurnClosed) -> None:
        """A turn has its outcome."""
        self.history.closed(frame)
        self._current.begun.pop(frame.turn, None)
        self._do(self.turns.closed(frame.turn))
        self.save()

    def on_results(self, frame: ToolResult) -> None:
        """A tool is done, or will never be."""
        reply = self._calls.result(frame)
        if frame.status is ToolStatus.CALLED_OFF:
            # The model is not told: the begin of the next turn, which ends this answer, is coming.
            self.turns.called_off(frame.turn)
            return
        if isinstance(reply, ToolReply):
            self._current.reply(reply)

    # Answers.

    def _do(self, steps: list[Step], route_sent_ns: int = 0) -> None:
        for step in steps:
            match step:
                case Begin():
                    self._begin(step, route_sent_ns)
                case Interrupt():
                    self._current.interrupt(step.turn, step.epoch)
                    self.save()
                case AbortAnswer():
                    self.stop()

    def _begin(self, begin: Begin, route_sent_ns: int) -> None:
        actor = self._actor
        answer = self._current.begin(begin.turn, begin.epoch)
        if route_sent_ns > self._serving_ns:
            delay_ns = time.monotonic_ns() - route_sent_ns
            actor.gauges["route_to_start_ms"] = round(delay_ns / 1e6, 3)
        answer.task = actor.spawn(self._perform(answer, begin), begin.turn)

    async def _perform(self, answer: RunningAnswer, begin: Begin) -> None:
        failure = "internal error"
        try:
            request = await self._request(begin, answer)
            if begin.line:
                self._give(answer, Heard(begin.line))
            async with aclosing(self._give_answer(request)) as parts:
                async for part in parts:
                    if isinstance(part, Sound) and not answer.given.samples:
                        # Before it is heard: a process killed in between must not answer again.
                        self._current.begun[answer.turn] = answer.epoch
                        self.save()
                        await self._records.saved()
                    self._give(answer, part)
                    if answer.sound_s >= longest_answer_s(self.manner):
                        self._actor.counters["answers_cut"] += 1
                        self._actor.log.info("the answer was cut off", after_s=answer.sound_s)
                        break
            self._finish(answer, answer.whole())
        except AnswerFailedError as error:
            if error.unspoken:
                await answer.played(self.history)
            self._finish(answer, AnswerEnd.FAILED, str(error), error.unspoken)
        except asyncio.CancelledError:
            failure = "the backend was stopped"
            raise
        finally:
            # Whatever else goes wrong ends this process; the turn must not wait for that.
            self._finish(answer, AnswerEnd.FAILED, failure)

    async def _request(self, begin: Begin, answer: RunningAnswer) -> AnswerRequest:
        material = begin.material
        pcm = await self._input.sound(material.spans)
        if len(pcm) // 2 < material.samples:
            self._actor.counters["turns_cut_short"] += 1
        return AnswerRequest(
            session=self.name,
            turn=begin.turn,
            epoch=begin.epoch,
            kind=begin.kind,
            pcm=pcm,
            text="\n".join(material.lines),
            picture=self._input.picture(),
            history=self.history.contents(begin.turn, material.turns),
            tools=self.tools,
            manner=self.manner,
            call=answer.call,
            rest=self._unspoken.get(begin.turn, ""),
        )

    def _give(self, answer: RunningAnswer, part: Part) -> None:
        if isinstance(part, Heard):
            # Another backend may have told the pipeline already what the user said.
            answer.given.understand_anew(self.history.said(answer.turn))
        answer.give(part)
        if isinstance(part, Heard):
            self.history.understood(answer.turn, self._actor.name, answer.epoch, part.text)

    def _finish(
        self, answer: RunningAnswer, end: AnswerEnd, detail: str = "", unspoken: str = ""
    ) -> None:
        if answer.state is AnswerState.ON:
            self.turns.ended(answer.turn)
            self._current.end(answer, end, detail, unspoken)
            self.save()
