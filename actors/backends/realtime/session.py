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
from actors.backends.realtime.events import Event, GoAway, HandleIssued, LinkChange, LinkDown
from actors.backends.realtime.link import Seed
from actors.backends.realtime.options import RealtimeOptions
from actors.backends.realtime.sender import Sender
from actors.backends.realtime.shared import RealtimeShared
from actors.backends.realtime.status_reporter import StatusReporter
from actors.backends.realtime.steps import Note, Proved, Step
from actors.backends.realtime.turn_state import TurnState
from actors.backends.realtime.uplink import Uplink
from actors.backends.records import KeptTurns
from actors.backends.session import BackendSession
from actors.lib.this_pipeline import pipeline_id
from pipeline.frames import (
    AnswerAudio,
    AnswerEnded,
    Audio,
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
        self.running: asyncio.Task[None] | None = None
        self.wanted = asyncio.Event()
        """Something was said or typed."""
        self._shared = shared
        self._manner = manner
        limits = shared.service.limits(manner, local_turns=shared.local_turns)
        frames = AnswerFrames(name, actor.name, manner.model)
        self._state = TurnState(frames, limits, actor.counters)
        self._uplink = Uplink(self._state)
        self._downlink = Downlink(self._state)
        self._context = ContextSeed(
            actor.name, name, self.history, shared.store, opened.conversation
        )
        self._deadline = Deadline(lambda: self._do(timeouts.expire(self._state, time.monotonic())))
        place = opened.conversation or f"{pipeline_id(actor.surroundings.state_dir)}:{name}"
        reporter = StatusReporter(actor, name, shared.summary)
        self._connection = ConnectionLoop(shared.service, manner, place, self, reporter)
        self._sender = Sender(self._connection, self.ring)
        self.look_ahead()

    def begin(self) -> None:
        """Take up what a killed process left off."""
        now_s = time.monotonic()
        self._state.restore(kept := self.restore(), now_s)
        routed = "route" in self._actor.surroundings.connected
        owner = None if routed else self._actor.name
        self._do(self._uplink.route(owner, kept.epoch, now_s))
        if self.opened.speaks_first:
            self._do(self._uplink.speak_first(first_turn_id(self.name), now_s))

    async def run(self) -> None:
        """Keep a connection for as long as that is of use; the first may be made early."""
        if self._shared.serving.is_set():
            await self.on_listened()
        self._connection.announce()
        await self._toolbox.ready()
        await self._connection.run(self._on_event)

    def stop(self) -> None:
        """Let go of timers and of the connection, without another word."""
        self._connection.timer.stop()
        self._deadline.set(None)
        if self.running is not None:
            self.running.cancel()

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
        self.wanted.set()
        self.history.began(frame.turn)
        self._state.heard_start = self.ring.start
        now_s, turn, at = time.monotonic(), frame.turn, frame.position
        if isinstance(frame, SpeechStarted):
            self._do(self._uplink.speech_started(turn, at, now_s))
        else:
            self._do(self._uplink.speech_ended(turn, frame.start_position, at, now_s))

    def on_video(self, frame: Image) -> None:
        """Pictures are worth sending only while they are new."""
        link = self._connection.link
        if link is not None and self._state.linked:
            link.send_image(frame.jpeg)
        else:
            self._actor.counters["video_skipped"] += 1

    def on_text(self, frame: UserText) -> None:
        """The user typed a turn."""
        self.wanted.set()
        self.history.began(frame.turn)
        self._do(self._uplink.typed(frame.turn, frame.text, time.monotonic()))

    def on_other_tools(self) -> None:
        """Tools are part of the setup: other tools need another connection."""
        self._connection.timer.want()
        self.look_ahead()

    def on_results(self, frame: ToolResult) -> None:
        """A tool is done."""
        self._do(self._uplink.tool_result(frame, time.monotonic()))
        # What was sent is not known to be told: a process that takes over must tell it.
        self.save()

    def answered_elsewhere(self, turn: str) -> None:
        """Another backend has answered a turn in full, or is heard to do so."""
        self._uplink.answered_elsewhere(turn)
        self.look_ahead()

    def on_playback(self, frame: Playback) -> None:
        """An answer is heard."""
        super().on_playback(frame)
        if frame.backend != self._actor.name:
            self.answered_elsewhere(frame.turn)

    def on_route(self, frame: Route) -> None:
        """Another backend may own the turns now."""
        now_s, ours = time.monotonic(), frame.owner == self._actor.name
        if ours and self._context.behind and self._connection.link is not None:
            # For a fresh session, which is told all: content in mid-session may interrupt.
            self._actor.counters["renewals"] += 1
            self._connection.leave()
            self._do(self._downlink.link_down("others answered meanwhile", now_s))
        rests = self._context.rests(frame.unspoken)
        self._do(self._uplink.route(frame.owner, frame.epoch, now_s, rests))

    def on_turns(self, frame: TurnClosed) -> None:
        """A turn is closed, perhaps by another backend."""
        self._context.closed(frame)
        self.answered_elsewhere(frame.turn)
        if self._context.behind and self._state.owned:
            self._connection.timer.want()
            self.look_ahead()
        self.save()

    # The connection.

    def seed(self, peer: str, left_out: frozenset[str]) -> Seed:
        """Return how to begin a connection to `peer`: with a handle for it, or all told anew."""
        handle = self._context.handle(peer) if self._manner.resumption else None
        said = self._context.tell([turn.turn_id for turn in self._state.turns])
        return Seed(self._shared.local_turns, self.tools, () if handle else said, handle, left_out)

    async def on_listened(self) -> None:
        """Before anything else is said, and once it is heard: go on with what was left off."""
        await self._shared.serving.wait()
        self.report_cut_off()

    def on_link(self, change: LinkChange) -> None:
        """Something became of the connection."""
        if isinstance(change, LinkDown):
            self._context.on_link_down(drop_handle=change.drop_handle)
        self._do(self._downlink.on_link(change, time.monotonic()))
        self.save()

    def _on_event(self, event: Event) -> None:
        if self.running is not None and self.running.cancelling():
            # Until its tasks end, a connection hands on what has come: a row or a timer
            # that this left would stay for good.
            return
        match event:
            case HandleIssued(handle):
                self._context.keep_handle(handle, self._connection.peer)
                self.look_ahead()
            case GoAway(time_left_s):
                self._actor.counters["goaways"] += 1
                self._connection.timer.want(time_left_s)
                self.look_ahead()
            case _:
                self._do(self._downlink.on_event(event, time.monotonic()))

    # What is to be done.

    def _on_other_audio(self, frame: Audio) -> None:
        self.ring.append(frame.position, frame.pcm, self._hold_from)
        self._sender.origin_ns = frame.origin_ns
        # Where nothing follows, as in silence, no deadline has changed either.
        if steps := self._uplink.audio_heard(self.ring.start, self.ring.end, time.monotonic()):
            self._do(steps)
        if frame.final:
            self._do(self._uplink.stream_ended())

    def _do(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case Publish(frame=AnswerAudio(position=0) | AnswerEnded()):
                    self.publish(step)
                    self.save()
                case Publish():
                    self.publish(step)
                case Note(text, turn, words):
                    self._actor.log.info(text, turn=turn, words=words)
                case Proved():
                    self._connection.policy.proved()
                    self._context.outgrow_handle()
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
