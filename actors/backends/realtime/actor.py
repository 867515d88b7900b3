"""The base of realtime backends: each session has a connection of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, TypeVar

from actors.backends.backend import Backend
from actors.backends.manner import functions_of
from actors.backends.ports import INPUTS
from actors.backends.realtime.health_summary import HealthSummary
from actors.backends.realtime.link import Service
from actors.backends.realtime.options import RealtimeOptions
from actors.backends.realtime.session import RealtimeSession
from actors.backends.realtime.shared import RealtimeShared
from pipeline.frames import BackendState, SessionOpened
from pipeline.ports import In
from pipeline.surroundings import Surroundings

OptionsT = TypeVar("OptionsT", bound=RealtimeOptions)


class RealtimeBackend(Backend[OptionsT]):
    """Answers turns over a vendor's realtime service, each session on a connection of its own.

    A vendor is a subclass with options of its own and `make_service`. A session is connected when
    it is opened, so that its first turn need not wait, and let go of when it has ended. Where only
    callers are expected, the config's own is connected once something is asked in it.
    """

    # Without a detector of turns the service finds them.
    inputs: ClassVar[Mapping[str, In]] = {
        **INPUTS,
        "speech": replace(INPUTS["speech"], required=False),
    }

    def __init__(self, options: OptionsT, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._service = self.make_service()
        self._shared = RealtimeShared(
            self,
            self._store,
            self._toolbox,
            self._serving,
            self._service,
            HealthSummary(self),
            "speech" in surroundings.connected,
        )

    @abstractmethod
    def make_service(self) -> Service[OptionsT]:
        """Return the vendor's service; called once, before `start`."""

    async def start(self) -> None:
        """Get the service ready."""
        self._service.begin()

    async def run(self) -> None:
        """Work for the sessions that are open."""
        self.checkpoint["served"] = True
        self._serving.set()
        await super().run()

    async def stop(self) -> None:
        """Let go of timers and of the client; the connections ended with their tasks."""
        await super().stop()
        await self._service.close()

    def make_session(self, opened: SessionOpened) -> RealtimeSession:
        """Connect a session.

        Raises:
            ConfigError: it asks for what there is not; names what there is.
        """
        functions = functions_of(opened)
        session = RealtimeSession(self._shared, opened, self.manner_of(opened), functions)
        session.begin()
        # Nothing was left off of which others have yet to tell: connect while they get ready.
        own, around = opened.session == self.session, self.surroundings
        if own and around.callers_only:
            connected = self._connect_when_wanted(session)
        else:
            connected = self._connect(session, early=own and not around.checkpoint)
        session.running = self.spawn(connected, opened.session)
        return session

    async def _connect_when_wanted(self, session: RealtimeSession) -> None:
        await self._serving.wait()
        # The service may well answer: the sessions of callers are told of it as of any other.
        self._shared.summary.nobody()
        self.publish_status(session.name, BackendState.READY, "", None)
        await session.wanted.wait()
        await session.run()

    async def _connect(self, session: RealtimeSession, *, early: bool) -> None:
        if not early:
            # What it publishes would not be heard before.
            await self._serving.wait()
        await session.run()
