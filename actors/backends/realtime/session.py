"""One session of a realtime backend: frames in, frames out."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from actors.backends.answer import AnswerFrames, Publish
from actors.backends.audio_ring import AudioRing
from actors.backends.manner import offered
from actors.backends.realtime import timeouts
from actors.backends.realtime.connection_loop import ConnectionLoop
from actors.backends.realtime.deadline import Deadline
from actors.backends.realtime.downlink import Downlink
from actors.backends.realtime.events import Event, GoAway, HandleIssued
from actors.backends.realtime.link import Seed
from actors.backends.realtime.options import RealtimeOptions
from actors.backends.realtime.sender import Sender
from actors.backends.realtime.session_memory import SessionMemory
from actors.backends.realtime.shared import Shared
from actors.backends.realtime.status_reporter import StatusReporter
from actors.backends.realtime.steps import Proved, Step
from actors.backends.realtime.turn_state import TurnState
from actors.backends.realtime.uplink import Uplink
from pipeline.frames import (
    AnswerAudio,
    AnswerEnded,
    Audio,
    BackendState,
    Frame,
    Image,
    Playback,
    Route,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    ToolResult,
    Transcript,
    TurnClosed,
    UserText,
    first_turn_id,
)


class Session:
    """Answers the turns of one session.

    Args:
        opened: How it was opened.
        manner: The actor's options with what it asked for laid over them.
        functions: Declarations of those that its caller answers.
        shared: What it has in common with others.
    """

    def __init__(
        self,
        opened: SessionOpened,
        manner: RealtimeOptions,
        functions: tuple[dict[str, Any], ...],
        shared: Shared,
    ) -> None:
        actor = shared.actor
        name = self.name = opened.session
        self.connected: asyncio.Task[None] | None = None
        """Runs `run`."""
        self._shared = shared
        self._actor = actor
        self._manner = manner
        self._functions = functions
        self._speaks_first = opened.speaks_first
        self._ring = AudioRing(replayed=not shared.serving.is_set())
        limits = shared.service.limits(manner, local_turns=shared.local_turns)
        self._state = TurnState(
            AnswerFrames(name, actor.name, manner.model), limits, actor.counters
        )
        self._uplink = Uplink(self._state)
        self._downlink = Downlink(self._state)
        self._memory = SessionMemory(
            actor, name, self._state, shared.store, actor.log, plays=opened.plays
        )
        self._deadline = Deadline(self._on_deadline)
        self._reporter = StatusReporter(actor, name, actor.log, shared.summary)
        self._connection = ConnectionLoop(shared.service, manner, self, self._reporter)
        self._sender = Sender(self._connection, self._ring)
        self._restored: list[Step] = []
        self._look_ahead()

    def begin(self) -> None:
        """Take up what a killed process left off."""
        self._restored = self._memory.restore()
        if "route" in self._actor.surroundings.connected:
            self._do(self._uplink.route(None, self._memory.epoch, time.monotonic()))
        if self._speaks_first:
            self._do(self._uplink.speak_first(first_turn_id(self.name), time.monotonic()))

    async def run(self) -> None:
        """Keep a connection for as long as that is of use; the first may be made early."""
        if self._shared.serving.is_set():
            await self.on_listened()
        self._reporter.status(BackendState.CONNECTING)
        await self._shared.toolbox.ready()
        await self._connection.run(self._on_event)

    def stop(self) -> None:
        """Let go of timers and of the connection, without another word."""
        self._connection.timer.stop()
        self._deadline.set(None)
        if self.connected is not None:
            self.connected.cancel()

    def forget(self) -> None:
        """The session is over: what was kept of it is removed."""
        self._shared.summary.forget(self.name)
        self._memory.forget()

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
        self._ring.append(frame.position, frame.pcm, self._hold_from)

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """The user began or finished a turn."""
        self._memory.began(frame.turn)
        self._state.heard_start = self._ring.start
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
        self._memory.began(frame.turn)
        now_s = time.monotonic()
        self._do(self._uplink.typed(frame.turn, frame.text, now_s))

    def on_other_tools(self) -> None:
        """Tools are part of the setup: other tools need another connection."""
        self._connection.timer.want()
        self._look_ahead()

    def on_results(self, frame: ToolResult) -> None:
        """A tool is done."""
        self._do(self._uplink.tool_result(frame, time.monotonic()))

    def on_transcript(self, frame: Transcript) -> None:
        """Somebody was understood or answered."""
        self._memory.transcript(frame)

    def on_playback(self, frame: Playback) -> None:
        """An answer is heard."""
        self._memory.playback(frame)
        if frame.backend != self._actor.name:
            self._uplink.answered_elsewhere(frame.turn)
            self._look_ahead()

    def on_route(self, frame: Route) -> None:
        """Another backend may own the turns now."""
        if frame.owner == self._actor.name and self._memory.behind:
            self._renew()
        self._do(self._uplink.route(frame.owner, frame.epoch, time.monotonic()))

    def on_turns(self, frame: TurnClosed) -> None:
        """A turn is closed, perhaps by another backend."""
        self._memory.closed(frame)
        self._uplink.answered_elsewhere(frame.turn)
        if self._memory.behind and self._state.owned:
            self._connection.timer.want()
        self._memory.save()
        self._look_ahead()

    # The connection.

    def seed(self, peer: str, left_out: frozenset[str]) -> Seed:
        """Return how to begin a connection to `peer`."""
        return self._memory.seed(
            peer,
            resumption=self._manner.resumption,
            local_turns=self._shared.local_turns,
            tools=offered(self._shared.toolbox.tools, self._functions),
            left_out=left_out,
        )

    def on_refused(self, detail: str) -> None:
        """There is no connection to be had for what this session asked for."""
        self._shared.refuse(self.name, detail)

    async def on_listened(self) -> None:
        """Before anything else is said, and once it is heard: go on with what was left off."""
        await self._shared.serving.wait()
        restored, self._restored = self._restored, []
        self._do(restored)

    def on_link_up(self) -> None:
        """Setup is confirmed."""
        self._do(self._downlink.link_up(time.monotonic()))

    def on_link_down(self, reason: str, *, drop_handle: bool) -> None:
        """The connection is gone, or could not be made."""
        if drop_handle:
            self._memory.drop_handle()
        self._do(self._downlink.link_down(reason))
        self._memory.save()

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
                    self._memory.keep_handle(handle, self._connection.peer)
            case GoAway(time_left_s):
                self._actor.counters["goaways"] += 1
                self._connection.timer.want(time_left_s)
                self._look_ahead()
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
        self._ring.append(frame.position, frame.pcm, self._hold_from)
        self._sender.origin_ns = frame.origin_ns
        now_s = time.monotonic()
        # Where nothing follows, as in silence, no deadline has changed either.
        if steps := self._uplink.audio_heard(self._ring.start, self._ring.end, now_s):
            self._do(steps)
        if frame.final:
            self._do(self._uplink.stream_ended())

    def _on_deadline(self) -> None:
        self._do(timeouts.expire(self._state, time.monotonic()))

    def _do(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case Publish(port, frame):
                    self._publish(port, frame)
                case Proved():
                    self._connection.policy.proved()
                case _:
                    self._sender.send(step)
        self._look_ahead()

    def _publish(self, port: str, frame: Frame) -> None:
        self._actor.publish(port, frame)
        match frame:
            case Transcript():
                self._memory.own(frame)
            case AnswerAudio(position=0) | AnswerEnded():
                self._memory.save()

    def _look_ahead(self) -> None:
        """Settle what holds until the next edge."""
        self._streaming = self._state.streaming
        self._hold_from = self._state.hold_from
        self._deadline.set(self._state.deadline_s)
        if not self._state.turns:
            self._connection.timer.pause()
