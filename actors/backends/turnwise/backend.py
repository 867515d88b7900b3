"""The base of backends that answer whole turns: hears all, answers what it owns."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator
from typing import TypeVar

from actors.backends.backend import Backend
from actors.backends.manner import functions_of
from actors.backends.shared import Shared
from actors.backends.status import shown
from actors.backends.turnwise.request import AnswerRequest, Part
from actors.backends.turnwise.session import TurnBasedSession
from pipeline.actor import Options
from pipeline.frames import (
    ActorState,
    BackendState,
    BackendStatus,
    Frame,
    SessionOpened,
)
from pipeline.surroundings import Surroundings

OptionsT = TypeVar("OptionsT", bound=Options)

LAST_WORD = {"turns": -1, "route": 1}
"""Order of ports in which replayed frames are taken; the others are in between."""


class TurnBasedBackend(Backend[OptionsT]):
    """Knows the lines of every turn, and answers those that the route gives it.

    A subclass implements `answer`.
    """

    def __init__(self, options: OptionsT, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._shared = Shared(self, self._store, self._toolbox, self._serving)
        self._status = BackendStatus(backend=self.name, state=BackendState.CONNECTING)
        self._early: list[tuple[str, Frame]] = []

    async def run(self) -> None:
        """Take up the turns once everybody listens, and serve."""
        self._serving.set()
        early, self._early = self._early, []
        for session in self._open_sessions():
            self._begin(session)
        # What is closed must be known before it can be answered again.
        for port, frame in sorted(early, key=lambda item: LAST_WORD.get(item[0], 0)):
            self.receive(port, frame)
        for session in self._open_sessions():
            with self.work_of(session.name):
                session.speak_first()
        self.set_state(ActorState.CONNECTING)
        await self.serve()

    async def serve(self) -> None:
        """Work beside the answers until cancelled."""
        await asyncio.Event().wait()

    def receive(self, port: str, frame: Frame) -> None:
        """Hand a frame to its handler; before `run`, keep it: an answer would not be heard.

        Sound asks for none, and is kept by its session: what was retained of a hundred, kept here
        frame by frame, takes 160 MiB.
        """
        if self._serving.is_set() or port == "audio":
            super().receive(port, frame)
        else:
            self._early.append((port, frame))

    @abstractmethod
    def answer(self, request: AnswerRequest) -> AsyncGenerator[Part, None]:
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
        for session in self._open_sessions():
            self._publish_status_of(session)

    def status_of(self, session: TurnBasedSession) -> BackendStatus:
        """Return how the backend is for a session."""
        return self._status

    def make_session(self, opened: SessionOpened) -> TurnBasedSession:
        """Open a session, with what an earlier process knew of it.

        Raises:
            ConfigError: it asks for what there is not; names what there is.
        """
        session = TurnBasedSession(
            self._shared,
            opened,
            self.manner_of(opened),
            functions_of(opened),
            owned="route" not in self.surroundings.connected,
            give_answer=self._give_answer,
        )
        if self._serving.is_set():
            self._begin(session)
            session.speak_first()
        return session

    def _give_answer(self, request: AnswerRequest) -> AsyncGenerator[Part, None]:
        # Looked up at each turn: an instance may be given another.
        return self.answer(request)

    def _begin(self, session: TurnBasedSession) -> None:
        session.serve()
        self._publish_status_of(session)

    def _publish_status_of(self, session: TurnBasedSession) -> None:
        status = self.status_of(session)
        self.publish_status(session.name, status.state, status.reason, status.retry_after_s)
