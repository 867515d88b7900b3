"""The base of backends that answer whole turns: hears all, answers what it owns."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any, ClassVar, TypeVar

from actors.backends.answer import AnswerFrames, Publish
from actors.backends.audio_ring import check_rate
from actors.backends.manner import functions_of, manner_of
from actors.backends.ports import INPUTS, OUTPUTS
from actors.backends.status import shown
from actors.backends.store import open_store
from actors.backends.turnwise.answer import AnswerState, RunningAnswer
from actors.backends.turnwise.records import SessionRecords
from actors.backends.turnwise.request import AnswerFailedError, Heard, Part, Request, Sound
from actors.backends.turnwise.session import TurnBasedSession
from actors.backends.turnwise.turns import Abort, Begin, Interrupt, Step
from pipeline.actor import Actor, Options, Surroundings
from pipeline.frames import (
    ActorState,
    AnswerEnd,
    AnswerEnded,
    Audio,
    BackendState,
    BackendStatus,
    Frame,
    Image,
    Playback,
    Route,
    SessionEnded,
    SessionOpened,
    Side,
    SpeechEnded,
    SpeechStarted,
    ToolOffer,
    ToolResult,
    Transcript,
    TurnClosed,
    UserText,
    first_turn_id,
)

OptionsT = TypeVar("OptionsT", bound=Options)

LAST_WORD = {"turns": -1, "route": 1}
"""Order of ports in which replayed frames are taken; the others are in between."""


class TurnBasedBackend(Actor[OptionsT], ABC):
    """Knows the lines of every turn, and answers those that the route gives it.

    A subclass implements `answer`. `transcript`, `answers` and `turns` tell what other backends
    said, `playback` how much of it was heard. Without `route` every turn is answered.
    """

    inputs: ClassVar = INPUTS
    outputs: ClassVar = OUTPUTS

    def __init__(self, options: OptionsT, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._records = SessionRecords(open_store(surroundings, self.log))
        self._tools: tuple[dict[str, Any], ...] = ()
        self._status = BackendStatus(backend=self.name, state=BackendState.CONNECTING)
        self._early: list[tuple[str, Frame]] | None = []
        self._serving_ns = 0

    async def run(self) -> None:
        """Take up the turns once everybody listens, and serve."""
        early, self._early = self._early or [], None
        self._serving_ns = time.monotonic_ns()
        for session in self.sessions.states():
            self._greet(session)
        # What is closed must be known before it can be answered again.
        for port, frame in sorted(early, key=lambda item: LAST_WORD.get(item[0], 0)):
            self.receive(port, frame)
        for session in self.sessions.states():
            with self.work_of(session.name):
                self._speak_first(session)
        self.set_state(ActorState.CONNECTING)
        await self.serve()

    async def serve(self) -> None:
        """Work beside the answers until cancelled."""
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """Let go of the file; a subclass that overrides this calls it."""
        self._records.close()

    def receive(self, port: str, frame: Frame) -> None:
        """Hand a frame to its handler; before `run`, keep it: an answer would not be heard.

        Sound asks for none, and is kept by its session: what was retained of a hundred, kept here
        frame by frame, takes 160 MiB.
        """
        if self._early is None or port == "audio":
            super().receive(port, frame)
        else:
            self._early.append((port, frame))

    @abstractmethod
    def answer(self, request: Request) -> AsyncGenerator[Part, None]:
        """Give an answer part by part; cancelled when it is not wanted any more.

        Raises:
            AnswerFailedError: it cannot be given, or not to its end.
        """

    def say_status(
        self, state: BackendState, reason: str = "", retry_after_s: float | None = None
    ) -> None:
        """Say whether turns can be answered."""
        self.set_state(shown(state), reason)
        self._status = BackendStatus(
            backend=self.name, state=state, reason=reason, retry_after_s=retry_after_s
        )
        for session in self.sessions.states():
            self._publish_status(session)

    # Input ports.

    def on_audio(self, frame: Audio) -> None:
        """Keep the sound."""
        check_rate(frame.rate_hz)
        self._session(frame.session).hear(frame.position, frame.pcm)

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """The user began or finished a turn."""
        session = self._session(frame.session)
        session.history.began(frame.turn)
        turns = session.turns
        if isinstance(frame, SpeechStarted):
            self._do(session, turns.speech_started(frame.turn, frame.position))
        else:
            steps = turns.speech_ended(frame.turn, frame.start_position, frame.position)
            self._do(session, steps)

    def on_video(self, frame: Image) -> None:
        """Keep the newest picture."""
        self._session(frame.session).see(frame.jpeg)

    def on_text(self, frame: UserText) -> None:
        """The user typed a turn."""
        session = self._session(frame.session)
        session.history.began(frame.turn)
        self._do(session, session.turns.typed(frame.turn, frame.text))

    def on_transcript(self, frame: Transcript) -> None:
        """What was said to and by other backends belongs to the conversation."""
        if frame.backend != self.name:
            self._session(frame.session).history.transcript(frame)

    def on_answers(self, frame: AnswerEnded) -> None:
        """A turn that another backend answered in full needs no other answer."""
        if frame.backend != self.name and frame.end is AnswerEnd.COMPLETE:
            self._session(frame.session).turns.answered_elsewhere(frame.turn)

    def on_playback(self, frame: Playback) -> None:
        """What the user did not hear was not said."""
        session = self._session(frame.session)
        session.history.playback(frame)
        if frame.played_samples:
            session.turns.sounded(frame.turn)

    def on_route(self, frame: Route) -> None:
        """The turns have an owner."""
        session = self._session(frame.session)
        owned = frame.owner == self.name
        self._do(session, session.turns.route(owned=owned, epoch=frame.epoch), frame.sent_ns)

    def on_turns(self, frame: TurnClosed) -> None:
        """A turn has its outcome."""
        session = self._session(frame.session)
        session.history.closed(frame)
        session.begun.pop(frame.turn, None)
        self._do(session, session.turns.closed(frame.turn))
        self._records.save(session)

    def on_offer(self, frame: ToolOffer) -> None:
        """These tools may be called from now on."""
        self._tools = tuple(frame.tools)

    def on_results(self, frame: ToolResult) -> None:
        """A tool is done."""
        session = self._session(frame.session)
        reply = session.calls.result(frame)
        if reply is not None and session.answer is not None:
            session.answer.reply(reply)

    # Answers.

    def _do(self, session: TurnBasedSession, steps: list[Step], route_sent_ns: int = 0) -> None:
        for step in steps:
            match step:
                case Begin():
                    self._begin(session, step, route_sent_ns)
                case Interrupt(turn, epoch):
                    self._interrupt(session, turn, epoch)
                case Abort() if session.answer is not None:
                    session.answer.abort()
                    self._drop(session)

    def _begin(self, session: TurnBasedSession, begin: Begin, route_sent_ns: int) -> None:
        answer = self._new_answer(session, begin.turn, begin.epoch)
        session.answer = answer
        self.counters["answers_begun"] += 1
        if route_sent_ns > self._serving_ns:
            delay_ns = time.monotonic_ns() - route_sent_ns
            self.gauges["route_to_start_ms"] = round(delay_ns / 1e6, 3)
        answer.task = self.spawn(self._perform(session, answer, begin), begin.turn)

    async def _perform(
        self, session: TurnBasedSession, answer: RunningAnswer, begin: Begin
    ) -> None:
        failure = "internal error"
        try:
            request = await session.request(begin, self._tools, answer.call)
            if len(request.pcm) // 2 < begin.material.samples:
                self.counters["turns_cut_short"] += 1
            if begin.line:
                self._give(session, answer, Heard(begin.line))
            async with aclosing(self.answer(request)) as parts:
                async for part in parts:
                    if isinstance(part, Sound) and not answer.given.samples:
                        # Before it is heard: a process killed in between must not answer again.
                        session.begun[answer.turn] = answer.epoch
                        self._records.save(session)
                        await self._records.saved()
                    self._give(session, answer, part)
            self._finish(session, answer, AnswerEnd.COMPLETE)
        except AnswerFailedError as error:
            self._finish(session, answer, AnswerEnd.FAILED, str(error))
        except asyncio.CancelledError:
            failure = "the backend was stopped"
            raise
        finally:
            # Whatever else goes wrong ends this process; the turn must not wait for that.
            self._finish(session, answer, AnswerEnd.FAILED, failure)

    def _give(self, session: TurnBasedSession, answer: RunningAnswer, part: Part) -> None:
        if isinstance(part, Heard):
            # Another backend may have told the pipeline already what the user said.
            answer.given.understand_anew(session.history.said(answer.turn))
            session.history.understood(answer.turn, self.name, answer.epoch, part.text)
        answer.give(part)

    def _finish(
        self, session: TurnBasedSession, answer: RunningAnswer, end: AnswerEnd, detail: str = ""
    ) -> None:
        if answer.state is AnswerState.OVER:
            return
        self.counters[f"answers_{end}"] += 1
        session.turns.ended(answer.turn)
        if end is AnswerEnd.COMPLETE:
            answer.complete()
        else:
            answer.end(end, detail)
        self._drop(session)
        self._records.save(session)

    def _interrupt(self, session: TurnBasedSession, turn: str, epoch: int) -> None:
        answer = session.answer
        if answer is None or answer.turn != turn:
            # Its answer never began: the ledger must know that none will come.
            answer = self._new_answer(session, turn, epoch)
        self.counters[f"answers_{AnswerEnd.INTERRUPTED}"] += 1
        answer.end(AnswerEnd.INTERRUPTED)
        if answer is session.answer:
            self._drop(session)
        self._records.save(session)

    def _drop(self, session: TurnBasedSession) -> None:
        """Forget the answer in progress, which has had its last word."""
        answer, session.answer = session.answer, None
        if answer is None:
            return
        session.begun.pop(answer.turn, None)
        if answer.task is not None and answer.task is not asyncio.current_task():
            answer.task.cancel()

    def _new_answer(self, session: TurnBasedSession, turn: str, epoch: int) -> RunningAnswer:
        def on_begun() -> None:
            session.turns.sounded(turn)

        frames = AnswerFrames(session.name, self.name, epoch=epoch)
        publish = partial(self._send, session)
        return RunningAnswer(turn, frames, session.calls, publish=publish, on_begun=on_begun)

    def _send(self, session: TurnBasedSession, step: Publish) -> None:
        self.publish(step.port, step.frame)
        if isinstance(step.frame, Transcript) and step.frame.side is Side.MODEL:
            session.history.transcript(step.frame)

    # Sessions.

    def manner_of(self, opened: SessionOpened) -> OptionsT:
        """Return the options as a session wants them.

        Raises:
            ConfigError: it asks for what there is not; names what there is.
        """
        return manner_of(self.options, opened)

    def make_session(self, opened: SessionOpened) -> TurnBasedSession:
        """Open a session, with what an earlier process knew of it.

        Raises:
            ConfigError: it asks for what there is not; names what there is.
        """
        connected = self.surroundings.connected
        session = TurnBasedSession(
            opened,
            self.manner_of(opened),
            functions_of(opened),
            self.counters,
            owned="route" not in connected,
            reported="playback" in connected and opened.plays,
            replayed=self._early is not None,
        )
        self._records.restore(session)
        if self._early is None:
            self._greet(session)
            self._speak_first(session)
        return session

    def session_ended(self, state: TurnBasedSession, ended: SessionEnded) -> None:
        """Let go of its answer, its sound and its rows on the disk."""
        if state.answer is not None:
            state.answer.abort()
            self._drop(state)
        self._records.forget(state.name)

    def status_of(self, session: TurnBasedSession) -> BackendStatus:
        """Return how the backend is for a session."""
        return self._status

    def _session(self, name: str) -> TurnBasedSession:
        session: TurnBasedSession = self.sessions[name]
        return session

    def _greet(self, session: TurnBasedSession) -> None:
        """Say how it is, and what became of the answers that an earlier process had begun."""
        cut_off, session.cut_off = session.cut_off, {}
        for turn, epoch in cut_off.items():
            answer = self._new_answer(session, turn, epoch)
            answer.end(AnswerEnd.FAILED, "cut off: the process was restarted")
        self._publish_status(session)

    def _speak_first(self, session: TurnBasedSession) -> None:
        if session.opened.speaks_first:
            self._do(session, session.turns.speak_first(first_turn_id(session.name)))

    def _publish_status(self, session: TurnBasedSession) -> None:
        status = self.status_of(session)
        self.publish("status", status.model_copy(update={"session": session.name}))
