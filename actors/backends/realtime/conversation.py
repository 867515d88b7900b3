"""One session with the Gemini Live API: frames in, frames out."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import quote

from actors.backends.audio_ring import RATE_HZ, AudioRing
from actors.backends.gemini.live.connection_attempt import Ending, Session
from actors.backends.gemini.live.events import Event, GoAway, HandleIssued
from actors.backends.gemini.live.limits import limits_of
from actors.backends.history import History
from actors.backends.realtime.answers import Answers
from actors.backends.realtime.context_seed import Briefing
from actors.backends.realtime.deadline import Alarm
from actors.backends.realtime.memory import Keeper
from actors.backends.realtime.performer import Performer
from actors.backends.realtime.reconnect import Dialler
from actors.backends.realtime.reconnect_timer import Mover
from actors.backends.realtime.shared import Shared
from actors.backends.realtime.status_reporter import Announcer
from actors.backends.realtime.steps import Step
from actors.backends.realtime.turn_state import Exchange
from pipeline.frames import (
    Audio,
    BackendState,
    Image,
    Playback,
    Route,
    SpeechEnded,
    SpeechStarted,
    ToolResult,
    Transcript,
    TurnClosed,
    UserText,
)

STABLE_S = 30.0
"""A connection that lived this long worked, even if nobody asked it anything."""


class Conversation:
    """Answers the turns of one session.

    Args:
        name: Of the session.
        shared: What it has in common with others.
    """

    def __init__(self, name: str, shared: Shared) -> None:
        self.name = name
        actor, options = shared.actor, shared.actor.options
        surroundings = actor.surroundings
        self.heard_s = time.monotonic()
        """When the user last gave a sign of life."""
        self.ended = False
        """The user's stream has ended."""
        log = actor.log if name == actor.session else actor.log.bind(session=name)
        self._shared = shared
        self._routed = "route" in surroundings.connected
        self._ring = AudioRing()
        self._briefing = Briefing(
            actor.name, History(reported="playback" in surroundings.connected)
        )
        path = surroundings.state_dir / f"{actor.name}-{quote(name, safe='')}.json"
        self._keeper = Keeper(path, surroundings.started_ns, self._briefing.history, log)
        self._session = Session(
            options, shared.service, self._keeper.memory, log, actor.counters, actor.gauges
        )
        limits = limits_of(options, shared.service.family, local_turns=shared.local_turns)
        answers = Answers(name, actor.name, options.model)
        self._exchange = Exchange(answers, limits, actor.counters)
        self._dialler = Dialler(options.connect)
        self._performer = Performer(
            actor,
            self._session,
            self._exchange,
            self._dialler,
            self._ring,
            self._briefing.history,
            self._keeper,
        )
        self._alarm = Alarm(lambda: self._do(self._exchange.tick(time.monotonic())))
        self._mover = Mover(self._session.leave)
        self._announcer = Announcer(actor, name, log, shared.showcase.show)
        self._restored: list[Step] = []

    def begin(self) -> None:
        """Take up what a killed process left off."""
        memory = self._keeper.memory
        self._restored = self._exchange.restore(memory.turns())
        if self._routed:
            self._do(self._exchange.route(None, memory.epoch, time.monotonic()))

    async def run(self) -> None:
        """Keep a connection for as long as that is of use; the first may be made early."""
        if self._shared.serving.is_set():
            await self._take_up()
        self._announcer.status(BackendState.CONNECTING)
        await self._shared.toolbox.ready()
        while True:
            self._mover.moved()
            opened_s = time.monotonic()
            ending = await self._session.run(
                local_turns=self._shared.local_turns,
                tools=self._shared.toolbox.tools,
                left_out=frozenset(self._dialler.left_out),
                history=self._briefing.tell(self._exchange.open_turns()),
                on_open=self._on_open,
                on_event=self._on_event,
            )
            await self._take_up()
            if time.monotonic() - opened_s > STABLE_S:
                self._dialler.proved()
            wait_s = self._on_ended(ending)
            if wait_s is None:
                await asyncio.Event().wait()
            elif wait_s:
                await asyncio.sleep(wait_s)
            self._exchange.dialling()

    def stop(self) -> None:
        """Let go of timers; the connection ended with `run`."""
        self._mover.moved()
        self._alarm.set(None)

    def hang_up(self) -> None:
        """Nobody speaks here any more, and `run` has been cancelled."""
        self._do(self._exchange.link_down("the session has ended"))
        self.stop()

    def forget(self) -> None:
        """Remove what was kept on disk."""
        self._keeper.remove()

    @property
    def idle(self) -> bool:
        """No turn is open."""
        return self._exchange.idle()

    @property
    def needs_sound(self) -> bool:
        """A turn is open to which sound may belong that is still to come."""
        return self._exchange.hold_from() is not None

    # Input ports.

    def on_audio(self, frame: Audio) -> None:
        """Keep the sound; what belongs to a turn goes out at once."""
        if frame.rate_hz != RATE_HZ:
            raise ValueError(f"audio has {frame.rate_hz} Hz; connect a stream of {RATE_HZ} Hz")
        self._ring.append(frame.position, frame.pcm, self._exchange.hold_from())
        self._performer.origin_ns = frame.origin_ns
        now_s = self.heard_s = time.monotonic()
        # Where nothing follows, as in silence, no deadline has changed either.
        if steps := self._exchange.audio_heard(self._ring.start, self._ring.end, now_s):
            self._do(steps)
        if frame.final:
            self.ended = True
            self._do(self._exchange.stream_ended())

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """The user began or finished a turn."""
        self._briefing.history.began(frame.turn)
        now_s = self.heard_s = time.monotonic()
        if isinstance(frame, SpeechStarted):
            self._do(self._exchange.speech_started(frame.turn, frame.position, now_s))
        else:
            self._do(
                self._exchange.speech_ended(frame.turn, frame.start_position, frame.position, now_s)
            )

    def on_video(self, frame: Image) -> None:
        """Pictures are worth sending only while they are new."""
        connection = self._session.connection
        if connection is not None and self._exchange.linked():
            connection.send_picture(frame.jpeg)
        else:
            self._shared.actor.counters["video_skipped"] += 1

    def on_text(self, frame: UserText) -> None:
        """The user typed a turn."""
        self._briefing.history.began(frame.turn)
        now_s = self.heard_s = time.monotonic()
        self._do(self._exchange.typed(frame.turn, frame.text, now_s))

    def on_other_tools(self) -> None:
        """Tools are part of the setup: other tools need another connection."""
        self._mover.want()
        self._do([])

    def on_results(self, frame: ToolResult) -> None:
        """A tool is done."""
        self._do(self._exchange.tool_result(frame.call_id, frame.response, time.monotonic()))

    def on_transcript(self, frame: Transcript) -> None:
        """What was said to and by other backends belongs to the conversation."""
        if frame.backend != self._shared.actor.name:
            self._briefing.history.transcript(frame)

    def on_playback(self, frame: Playback) -> None:
        """What the user did not hear was not said."""
        self._briefing.history.playback(frame)
        if frame.backend != self._shared.actor.name:
            self._exchange.answered_elsewhere(frame.turn)

    def on_route(self, frame: Route) -> None:
        """Another backend may own the turns now."""
        if frame.owner == self._shared.actor.name and self._briefing.behind:
            self._renew()
        self._do(self._exchange.route(frame.owner, frame.epoch, time.monotonic()))

    def on_turns(self, frame: TurnClosed) -> None:
        """A turn is closed, perhaps by another backend."""
        self._briefing.closed(frame)
        self._exchange.answered_elsewhere(frame.turn)
        if self._briefing.behind:
            # A resumed session does not know this turn, and must not be told.
            self._keeper.memory.handle = None
            if self._exchange.owned():
                self._mover.want()
        self._performer.remember()
        self._do([])

    # The connection.

    async def _take_up(self) -> None:
        """Before anything else is said, and once it is heard: go on with what was left off."""
        await self._shared.serving.wait()
        restored, self._restored = self._restored, []
        self._do(restored)

    async def _on_open(self) -> None:
        await self._take_up()
        self._dialler.connected()
        self._announcer.status(BackendState.READY)
        self._do(self._exchange.link_up(time.monotonic()))

    def _on_event(self, event: Event) -> None:
        match event:
            case HandleIssued(handle):
                if handle and not self._briefing.behind:
                    peer = self._shared.service.peer
                    self._keeper.memory.keep_handle(handle, peer, time.time())
                    self._performer.remember()
            case GoAway(time_left_s):
                self._shared.actor.counters["goaways"] += 1
                self._mover.want(time_left_s)
                self._do([])
            case _:
                self._do(self._exchange.server(event, time.monotonic()))

    def _on_ended(self, ending: Ending) -> float | None:
        """Return the wait until the next attempt; None: there is none."""
        verdict = ending.verdict
        if verdict is None:
            self._do(self._exchange.link_down("moved to another connection"))
            self._announcer.status(BackendState.DEGRADED, "moving to a new connection", 0.0)
            return 0.0
        decision = self._dialler.ended(verdict, with_handle=ending.with_handle)
        if decision.drop_handle:
            self._keeper.memory.handle = None
        self._announcer.fault(verdict, decision)
        self._do(self._exchange.link_down(str(verdict)))
        if decision.state is BackendState.UNAVAILABLE:
            self._do(self._exchange.unavailable(str(verdict)))
        self._performer.remember()
        return decision.wait_s

    def _renew(self) -> None:
        """Leave for a fresh session, which is told all: content in mid-session may interrupt."""
        if self._session.connection is not None:
            self._shared.actor.counters["renewals"] += 1
            self._session.leave()
            self._do(self._exchange.link_down("others answered meanwhile"))

    def _do(self, steps: list[Step]) -> None:
        self._performer.perform(steps)
        self._alarm.set(self._exchange.deadline_s())
        if self._exchange.idle():
            self._mover.pause()
