"""A realtime backend: hands frames to the session they belong to."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TypeVar

from actors.backends.audio_ring import RATE_HZ
from actors.backends.manner import functions_of, manner_of
from actors.backends.realtime.health_summary import HealthSummary
from actors.backends.realtime.link import Service
from actors.backends.realtime.options import RealtimeOptions
from actors.backends.realtime.ports import INPUTS, OUTPUTS
from actors.backends.realtime.session import Session
from actors.backends.realtime.shared import Shared
from actors.backends.realtime.toolbox import Toolbox
from pipeline.actor import Actor, Surroundings
from pipeline.errors import ConfigError
from pipeline.frames import (
    Audio,
    Image,
    Playback,
    Route,
    SessionEnd,
    SessionEnded,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    ToolOffer,
    ToolResult,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.session_work import SESSIONS_PORT
from pipeline.store import Store

OptionsT = TypeVar("OptionsT", bound=RealtimeOptions)


class RealtimeBackend(Actor[OptionsT], ABC):
    """Answers turns over a vendor's realtime service, each session on a connection of its own.

    A vendor is a subclass with options of its own and `make_service`. A session is connected when
    it is opened, so that its first turn need not wait, and let go of when it has ended.
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
        self._store: Store | None = None

    @abstractmethod
    def make_service(self) -> Service[OptionsT]:
        """Return the vendor's service; called once, before `start`."""

    async def start(self) -> None:
        """Open what outlives the process, and get the service ready."""
        path = self.surroundings.state_dir / f"{self.name}.sqlite3"
        self._store = Store(path, self.surroundings.started_ns, self.log)
        self._service.begin()

    async def run(self) -> None:
        """Work for the sessions that are open."""
        self.checkpoint["served"] = True
        self._serving.set()
        await super().run()

    async def stop(self) -> None:
        """Let go of timers and of the client; the connections ended with their tasks."""
        for session in self._open_sessions():
            session.stop()
        await self._service.close()
        if self._store is not None:
            self._store.close()

    # Sessions.

    def make_session(self, opened: SessionOpened) -> Session | None:
        """Connect a session; None if it cannot be had as asked, of which the caller is told."""
        assert self._store is not None, "start first"
        try:
            manner = manner_of(self.options, opened)
            functions = functions_of(opened)
        except ConfigError as error:
            self._refuse(opened.session, str(error))
            return None
        shared = Shared(
            self,
            self._service,
            self._toolbox,
            self._summary,
            self._store,
            self._local_turns,
            self._serving,
            self._refuse,
        )
        session = Session(opened, manner, functions, shared)
        session.begin()
        # Nothing was left off of which others have yet to tell: connect while they get ready.
        early = opened.session == self.session and not self.surroundings.checkpoint
        session.connected = self.spawn(self._connect(session, early=early), opened.session)
        return session

    def session_ended(self, state: Session | None, ended: SessionEnded) -> None:
        """Let go of connection, timers and what was kept: a session of this name is a new one."""
        if state is not None:
            state.stop()
            state.forget()

    async def _connect(self, session: Session, *, early: bool) -> None:
        if not early:
            # What it publishes would not be heard before.
            await self._serving.wait()
        await session.run()

    def _refuse(self, session: str, detail: str) -> None:
        """End a session that cannot be had as asked; that is no failure of this process."""
        if session == self.session:
            raise ConfigError(detail)
        self.counters["sessions_refused"] += 1
        self.log.warning("the session cannot be had as asked", problem=detail)
        ended = SessionEnded(session=session, reason=SessionEnd.FAILED, detail=detail)
        self.publish(SESSIONS_PORT, ended)

    def _session(self, name: str) -> Session | None:
        found: Session | None = self.sessions.get(name)
        return found

    def _open_sessions(self) -> list[Session]:
        return [session for session in self.sessions.states() if session is not None]

    # Input ports.

    def on_audio(self, frame: Audio) -> None:
        """Keep the sound; what belongs to a turn goes out at once."""
        name = frame.session
        session: Session | None = self.sessions.get(name)
        if session is None:
            return
        if frame.rate_hz != RATE_HZ:
            rates = f"audio has {frame.rate_hz} Hz; connect a stream of {RATE_HZ} Hz"
            self._refuse(name, rates)
            return
        session.on_audio(frame)

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """The user began or finished a turn."""
        if session := self._session(frame.session):
            session.on_speech(frame)

    def on_text(self, frame: UserText) -> None:
        """The user typed a turn."""
        if session := self._session(frame.session):
            session.on_text(frame)

    def on_video(self, frame: Image) -> None:
        """A picture for the session that is shown it."""
        if session := self._session(frame.session):
            session.on_video(frame)

    def on_offer(self, frame: ToolOffer) -> None:
        """The same tools serve all."""
        if self._toolbox.update(frame):
            for session in self._open_sessions():
                with self.work_of(session.name):
                    session.on_other_tools()

    def on_results(self, frame: ToolResult) -> None:
        """A tool is done."""
        if session := self._session(frame.session):
            session.on_results(frame)

    def on_transcript(self, frame: Transcript) -> None:
        """Somebody was understood or answered."""
        if session := self._session(frame.session):
            session.on_transcript(frame)

    def on_playback(self, frame: Playback) -> None:
        """An answer is heard."""
        if session := self._session(frame.session):
            session.on_playback(frame)

    def on_route(self, frame: Route) -> None:
        """A session's turns have an owner."""
        if session := self._session(frame.session):
            session.on_route(frame)

    def on_turns(self, frame: TurnClosed) -> None:
        """A turn is closed, perhaps by another backend."""
        if session := self._session(frame.session):
            session.on_turns(frame)
