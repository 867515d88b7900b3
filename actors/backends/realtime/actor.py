"""A realtime backend: hands frames to the session they belong to."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Any, TypeVar

from actors.backends.realtime.health_summary import HealthSummary
from actors.backends.realtime.link import Service
from actors.backends.realtime.options import RealtimeOptions
from actors.backends.realtime.ports import INPUTS, OUTPUTS
from actors.backends.realtime.session import Session, check_rate
from actors.backends.realtime.shared import Shared
from actors.backends.realtime.toolbox import Toolbox
from pipeline.actor import Actor, Surroundings
from pipeline.frames import (
    Audio,
    Image,
    Playback,
    Route,
    SpeechEnded,
    SpeechStarted,
    ToolOffer,
    ToolResult,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.sessions import MOST_SESSIONS
from pipeline.store import Store

SWEEP_S = 5.0
"""How late a session may be found to be over."""
REMEMBER_ENDED_S = 60.0
"""Longer than any producer retains sound, so that what is replayed after a restart is not taken
for a new session."""
REMEMBER_SILENT_S = 300.0
"""Without a frame from the user: nobody waits so long for a network to come back."""
KEPT_ROUTES = 1000
"""For sessions that have not spoken here yet; as many as a publisher retains."""


OptionsT = TypeVar("OptionsT", bound=RealtimeOptions)


class RealtimeBackend(Actor[OptionsT]):
    """Answers turns over a vendor's realtime service, each session on a connection of its own.

    A vendor is a subclass with options of its own and `make_service`.

    The session of the config is connected from the start; others when they first speak or type,
    until their stream ends or nothing has come of them for long.
    """

    inputs = INPUTS
    outputs = OUTPUTS

    def __init__(self, options: OptionsT, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._local_turns = "speech" in surroundings.connected
        self._service = self.make_service()
        self._toolbox = Toolbox("offer" in surroundings.connected, self.log)
        self._summary = HealthSummary(self)
        self._serving = asyncio.Event()
        self._sessions: dict[str, Session] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._routes: OrderedDict[str, Route] = OrderedDict()
        self._listening: set[str] = set()
        self._early: asyncio.Task[None] | None = None
        self._store: Store | None = None

    def make_service(self) -> Service[OptionsT]:
        """Return the vendor's service; called once, before `start`."""
        raise NotImplementedError

    async def start(self) -> None:
        """Take up what a killed process left off."""
        self._store = Store(
            self.surroundings.state_dir / f"{self.name}.sqlite3",
            self.surroundings.started_ns,
            self.log,
        )
        self._shared = Shared(
            self,
            self._service,
            self._toolbox,
            self._summary,
            self._store,
            self._local_turns,
            self._serving,
        )
        self._own = Session(self.session, self.options, self._shared, self.log)
        self._sessions[self.session] = self._own
        self._own.begin()
        self._service.begin()
        if not self._local_turns:
            self.attend("audio")
        if not self.surroundings.checkpoint:
            # Nothing was left off of which others have yet to tell: connect while they get ready.
            self._early = self.spawn(self._own.run(), self.session)
        for name in self.checkpoint.get("sessions", []):
            self._open(name)

    async def run(self) -> None:
        """Keep connections for as long as they are of use."""
        self._serving.set()
        self.spawn(self._sweep(), "sweep")
        await (self._early or self._own.run())

    async def stop(self) -> None:
        """Let go of timers and of the client; the connections ended with `run`."""
        for conversation in self._sessions.values():
            conversation.stop()
        await self._service.close()
        if self._store is not None:
            self._store.close()

    # Input ports.

    def on_audio(self, frame: Audio) -> None:
        """Keep the sound; what belongs to a turn goes out at once."""
        session = frame.session
        conversation = self._sessions.get(session) or self._open(session)
        check_rate(frame)
        conversation.on_audio(frame)
        if session in self._listening and not conversation.needs_sound:
            self._stop_listening(session)

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """The user began or finished a turn."""
        session = frame.session
        (self._sessions.get(session) or self._open(session)).on_speech(frame)
        if isinstance(frame, SpeechStarted):
            # As long as one of them is in a turn, the sound of all is read as it comes.
            self._listening.add(session)
            self.attend("audio")

    def on_text(self, frame: UserText) -> None:
        """The user typed a turn."""
        session = frame.session
        conversation = self._sessions.get(session) or self._open(session)
        if conversation.ended:
            conversation.ended = False
            self._connect(conversation)
        conversation.on_text(frame)

    def on_video(self, frame: Image) -> None:
        """A picture for the session that is shown it."""
        if conversation := self._sessions.get(frame.session):
            conversation.on_video(frame)

    def on_offer(self, frame: ToolOffer) -> None:
        """The same tools serve all."""
        if self._toolbox.update(frame):
            for conversation in self._sessions.values():
                conversation.on_other_tools()

    def on_results(self, frame: ToolResult) -> None:
        """A tool is done."""
        if conversation := self._sessions.get(frame.session):
            conversation.on_results(frame)

    def on_transcript(self, frame: Transcript) -> None:
        """Somebody was understood or answered."""
        if conversation := self._sessions.get(frame.session):
            conversation.on_transcript(frame)

    def on_playback(self, frame: Playback) -> None:
        """An answer is heard."""
        if conversation := self._sessions.get(frame.session):
            conversation.on_playback(frame)

    def on_route(self, frame: Route) -> None:
        """A session's turns have an owner; it may not have said anything here yet."""
        self._routes[frame.session] = frame
        self._routes.move_to_end(frame.session)
        if len(self._routes) > KEPT_ROUTES:
            self._routes.popitem(last=False)
        if conversation := self._sessions.get(frame.session):
            conversation.on_route(frame)

    def on_turns(self, frame: TurnClosed) -> None:
        """A turn is closed, perhaps by another backend."""
        if conversation := self._sessions.get(frame.session):
            conversation.on_turns(frame)

    # Sessions.

    def _open(self, name: str) -> Session:
        if len(self._sessions) > MOST_SESSIONS:
            self._make_room()
        log = self.log.bind(session=name)
        conversation = Session(name, self.options, self._shared, log)
        self._sessions[name] = conversation
        conversation.begin()
        if route := self._routes.get(name):
            conversation.on_route(route)
        self._connect(conversation)
        self._note_sessions()
        return conversation

    def _connect(self, conversation: Session) -> None:
        async def run() -> None:
            # What it publishes would not be heard before.
            await self._serving.wait()
            await conversation.run()

        if conversation.name not in self._running and conversation is not self._own:
            self._running[conversation.name] = self.spawn(run(), conversation.name)

    def _hang_up(self, conversation: Session) -> None:
        task = self._running.pop(conversation.name, None)
        if task is not None:
            task.cancel()
            conversation.hang_up()
            self._summary.forget(conversation.name)

    def _drop(self, conversation: Session) -> None:
        self._hang_up(conversation)
        del self._sessions[conversation.name]
        self._stop_listening(conversation.name)
        if conversation.ended:
            conversation.forget()
        self._note_sessions()

    def _stop_listening(self, session: str) -> None:
        self._listening.discard(session)
        if self._local_turns and not self._listening:
            self.relax("audio")

    def _make_room(self) -> None:
        idle = [each for each in self._others() if each.idle]
        if idle:
            self._drop(min(idle, key=lambda each: each.heard_s))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            for conversation in self._others():
                silent_s = time.monotonic() - conversation.heard_s
                patience_s = REMEMBER_ENDED_S if conversation.ended else REMEMBER_SILENT_S
                if not conversation.idle:
                    continue
                if silent_s > patience_s:
                    self._drop(conversation)
                elif conversation.ended:
                    self._hang_up(conversation)

    def _others(self) -> list[Session]:
        return [each for each in self._sessions.values() if each is not self._own]

    def _note_sessions(self) -> None:
        others: list[Any] = [each.name for each in self._others()]
        self.checkpoint["sessions"] = others
