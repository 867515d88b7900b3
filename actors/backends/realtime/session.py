"""One session of a realtime backend: frames in, frames out, over one connection at a time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from actors.backends.answer import AnswerFrames, Publish
from actors.backends.realtime import timeouts
from actors.backends.realtime.connection_loop import ConnectionLoop
from actors.backends.realtime.context_seed import ContextSeed
from actors.backends.realtime.deadline import Deadline
from actors.backends.realtime.downlink import Downlink
from actors.backends.realtime.events import Event, GoAway, HandleIssued
from actors.backends.realtime.link import Seed
from actors.backends.realtime.options import RealtimeOptions
from actors.backends.realtime.sender import Sender
from actors.backends.realtime.shared import RealtimeShared
from actors.backends.realtime.status_reporter import StatusReporter
from actors.backends.realtime.steps import Proved, Step
from actors.backends.realtime.turn_state import TurnState
from actors.backends.realtime.uplink import Uplink
from actors.backends.records import KeptTurns
from actors.backends.session import BackendSession
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Audio,
    BackendState,
    Image,
    Playback,
    Route,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    ToolResult,
    TurnClosed,
    UserText,
    first_turn_id,
)


class RealtimeSession(BackendSession):
    """Answers the turns of one session.

    Args:
        shared: What it has in common with others.
        opened: How it was opened.
        manner: The actor's options with what it asked for laid over them.
        functions: Declarations of those that its caller answers.
    """

    def __init__(
        self,
        shared: RealtimeShared,
        opened: SessionOpened,
        manner: RealtimeOptions,
        functions: tuple[dict[str, Any], ...],
    ) -> None:
        super().__init__(shared, opened, functions)
        actor, name = shared.actor, self.name
        self.connected: asyncio.Task[None] | None = None
        """Runs `run`."""
        self._shared = shared
        self._manner = manner
        limits = shared.service.limits(manner, local_turns=shared.local_turns)
        frames = AnswerFrames(name, actor.name, manner.model)
        self._state = TurnState(frames, limits, actor.counters)
        self._uplink = Uplink(self._state)
        self._downlink = Downlink(self._state)
        self._context = ContextSeed(actor.name, name, self.history, shared.store)
        self._deadline = Deadline(self._on_deadline)
        reporter = StatusReporter(actor, name, shared.summary)
        self._connection = ConnectionLoop(shared.service, manner, self, reporter)
        self._reporter = reporter
        self._sender = Sender(self._connection, self.ring)
        self.look_ahead()

    def begin(self) -> None:
        """Take up what a killed process left off."""
        kept = self.restore()
        self._state.restore(kept)
        now_s = time.monotonic()
        if "route" in self._actor.surroundings.connected:
            self._do(self._uplink.route(None, kept.epoch, now_s))
        if self.opened.speaks_first:
            self._do(self._uplink.speak_first(first_turn_id(self.name), now_s))

    async def run(self) -> None:
        """Keep a connection for as long as that is of use; the first may be made early."""
        if self._shared.serving.is_set():
            await self.on_listened()
        self._reporter.status(BackendState.CONNECTING)
        await self._toolbox.ready()
        await self._connection.run(self._on_event)

    def stop(self) -> None:
        """Let go of timers and of the connection, without another word."""
        self._connection.timer.stop()
        self._deadline.set(None)
        if self.connected is not None:
            self.connected.cancel()

    def forget(self) -> None:
        """The session is over, and nobody comes back to it."""
        self._shared.summary.forget(self.name)
        super().forget()

    def kept(self) -> KeptTurns:
        """Return what a process that takes over must know of the turns."""
        return self._state.kept()

    # Input ports.

    def on_audio(self, frame: Audio) -> None:
        """Send a block of an open turn at once; any other is kept, and may begin something."""
        turn, link = self._streaming, self._connection.link
        if turn is None or link is None or turn.cursor != frame.position or frame.final:
            self._on_other_audio(frame)
            return
        link.send_audio(frame.pcm, frame.origin_ns)
        turn.cursor = self._state.heard_end = frame.position + len(frame.pcm) // 2
        # For the next connection, should this one break, and for another owner.
        self.ring.append(frame.position, frame.pcm, self._hold_from)

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """The user began or finished a turn."""
        self.history.began(frame.turn)
        self._state.heard_start = self.ring.start
        now_s = time.monotonic()
        if isinstance(frame, SpeechStarted):
            steps = self._uplink.speech_started(frame.turn, frame.position, now_s)
        else:
            start, end = frame.start_position, frame.position
            steps = self._uplink.speech_ended(frame.turn, start, end, now_s)
        self._do(steps)

    def on_video(self, frame: Image) -> None:
        """Pictures are worth sending only while they are new."""
        link = self._connection.link
        if link is not None and self._state.linked:
            link.send_image(frame.jpeg)
        else:
            self._actor.counters["video_skipped"] += 1

    def on_text(self, frame: UserText) -> None:
        """The user typed a turn."""
        self.history.began(frame.turn)
        self._do(self._uplink.typed(frame.turn, frame.text, time.monotonic()))

    def on_other_tools(self) -> None:
        """Tools are part of the setup: other tools need another connection."""
        self._connection.timer.want()
        self.look_ahead()

    def on_results(self, frame: ToolResult) -> None:
        """A tool is done."""
        self._do(self._uplink.tool_result(frame, time.monotonic()))

    def on_answers(self, frame: AnswerEnded) -> None:
        """Another backend has answered a turn in full."""
        self._uplink.answered_elsewhere(frame.turn)
        self.look_ahead()

    def on_playback(self, frame: Playback) -> None:
        """An answer is heard."""
        super().on_playback(frame)
        if frame.backend != self._actor.name:
            self._uplink.answered_elsewhere(frame.turn)
            self.look_ahead()

    def on_route(self, frame: Route) -> None:
        """Another backend may own the turns now."""
        if frame.owner == self._actor.name and self._context.behind:
            self._renew()
        self._do(self._uplink.route(frame.owner, frame.epoch, time.monotonic()))

    def on_turns(self, frame: TurnClosed) -> None:
        """A turn is closed, perhaps by another backend."""
        self._context.closed(frame)
        self._uplink.answered_elsewhere(frame.turn)
        if self._context.behind and self._state.owned:
            self._connection.timer.want()
        self.save()
        self.look_ahead()

    # The connection.

    def seed(self, peer: str, left_out: frozenset[str]) -> Seed:
        """Return how to begin a connection to `peer`: with a handle for it, or all told anew."""
        handle = self._context.handle(peer) if self._manner.resumption else None
        history = self._context.tell([turn.turn_id for turn in self._state.turns])
        told = () if handle else history
        return Seed(self._shared.local_turns, self.tools, told, handle, left_out)

    async def on_listened(self) -> None:
        """Before anything else is said, and once it is heard: go on with what was left off."""
        await self._shared.serving.wait()
        self.report_cut_off()

    def on_link_up(self) -> None:
        """Setup is confirmed."""
        self._do(self._downlink.link_up(time.monotonic()))

    def on_link_down(self, reason: str, *, drop_handle: bool) -> None:
        """The connection is gone, or could not be made."""
        if drop_handle:
            self._context.drop_handle()
        self._context.resumable = True
        self._do(self._downlink.link_down(reason))
        self.save()

    def on_link_gone(self, reason: str) -> None:
        """There will be none soon."""
        self._do(self._downlink.link_gone(reason))

    def on_connecting(self) -> None:
        """There may be one soon."""
        self._downlink.connecting()

    def _on_event(self, event: Event) -> None:
        match event:
            case HandleIssued(handle):
                if handle:
                    self._context.keep_handle(handle, self._connection.peer)
                    self.look_ahead()
                else:
                    self._context.resumable = False
            case GoAway(time_left_s):
                self._actor.counters["goaways"] += 1
                self._connection.timer.want(time_left_s)
                self.look_ahead()
            case _:
                self._do(self._downlink.on_event(event, time.monotonic()))

    def _renew(self) -> None:
        """Leave for a fresh session, which is told all: content in mid-session may interrupt."""
        if self._connection.link is not None:
            self._actor.counters["renewals"] += 1
            self._connection.leave()
            self._do(self._downlink.link_down("others answered meanwhile"))

    # What is to be done.

    def _on_other_audio(self, frame: Audio) -> None:
        self.ring.append(frame.position, frame.pcm, self._hold_from)
        self._sender.origin_ns = frame.origin_ns
        now_s = time.monotonic()
        # Where nothing follows, as in silence, no deadline has changed either.
        if steps := self._uplink.audio_heard(self.ring.start, self.ring.end, now_s):
            self._do(steps)
        if frame.final:
            self._do(self._uplink.stream_ended())

    def _on_deadline(self) -> None:
        self._do(timeouts.expire(self._state, time.monotonic()))

    def _do(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case Publish(frame=frame):
                    self.publish(step)
                    if isinstance(frame, AnswerEnded) and frame.end is AnswerEnd.COMPLETE:
                        self._context.outgrow_handle()
                    if isinstance(frame, AnswerEnded) or (
                        isinstance(frame, AnswerAudio) and frame.position == 0
                    ):
                        self.save()
                case Proved():
                    self._connection.policy.proved()
                case _:
                    self._sender.send(step)
        self.look_ahead()

    def look_ahead(self) -> None:
        """Settle what holds until the next edge."""
        self._streaming = self._state.streaming
        self._hold_from = self._state.hold_from
        self._deadline.set(self._state.deadline_s)
        if not self._state.turns:
            self._connection.timer.pause(resumable=self._context.resumable)
