"""The `http` actor: turns in, words from one model, their sound from another."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncGenerator, Set
from contextlib import aclosing
from functools import partial
from pathlib import Path

from actors.backends.fault_info import FaultAction, FaultInfo
from actors.backends.gemini.http.availability import Availability
from actors.backends.gemini.http.health import (
    SERVICE,
    ServiceHealth,
    Subject,
    is_doubtful,
    subject_of,
    subjects,
)
from actors.backends.gemini.http.listing import Listing
from actors.backends.gemini.http.options import HttpOptions
from actors.backends.gemini.http.rendering import rendering
from actors.backends.gemini.http.service import HttpService, ServiceFailedError
from actors.backends.gemini.http.speech import VoiceFailedError, spoken
from actors.backends.gemini.http.voice import WholeSound
from actors.backends.gemini.http.words import BlockedError, given, words_of
from actors.backends.session import BackendSession
from actors.backends.status import shown
from actors.backends.turnwise.backend import TurnBasedBackend
from actors.backends.turnwise.request import AnswerFailedError, AnswerRequest, Part, Sound
from actors.backends.turnwise.session import TurnBasedSession
from actors.lib.shared_database import check_database
from pipeline.errors import ConfigError
from pipeline.frames import BackendStatus, FaultClass, SessionEnded, SessionOpened
from pipeline.surroundings import Surroundings
from pipeline.turns.fault_policy import Cause


class Http(TurnBasedBackend[HttpOptions]):
    """Answers turns over HTTP, for when a Live connection is not to be had."""

    options_type = HttpOptions
    preload = (
        "actors.backends.gemini.live.tables",
        "actors.backends.gemini.sdk",
        "actors.backends.gemini.http.warm",
    )

    def __init__(self, options: HttpOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._service = HttpService(options, surroundings, self.log, self.counters)
        self._health = ServiceHealth()
        self._listing = Listing()
        self._looked = asyncio.Event()
        """The service was asked once which models there are, whatever came of it."""
        self._doubts: set[str] = set()
        """Models at which it is to be looked at once."""
        self._told: dict[str, Availability] = {}
        self._changed = asyncio.Event()

    @classmethod
    def check(cls, options: HttpOptions, config_dir: Path) -> None:
        """Look whether there is such a database.

        Raises:
            ConfigError: there is none, or its driver is missing.
        """
        super().check(options, config_dir)
        check_database(options.database, config_dir)

    async def start(self) -> None:
        """Import the SDK."""
        importlib.import_module("actors.backends.gemini.http.warm")
        self._service.begin()

    async def serve(self) -> None:
        """See whether the service is there, and again whenever it failed."""
        await self._look()
        while True:
            self._changed.clear()
            try:
                async with asyncio.timeout(self._look_in_s()):
                    await self._changed.wait()
            except TimeoutError:
                await self._look()

    async def stop(self) -> None:
        """Close the connections."""
        await self._service.close()
        await super().stop()

    async def answer(self, request: AnswerRequest) -> AsyncGenerator[Part, None]:
        """Give the answer sentence by sentence.

        Raises:
            AnswerFailedError: the service failed, which was published before.
        """
        asked_s = time.monotonic()
        manner = request.manner
        assert isinstance(manner, HttpOptions), "made by `manner_of`"
        if manner.model != self.options.model:
            # Before there is a list, nobody knows whether there is the model of its own.
            await self._looked.wait()
            manner = self._listed(manner)
        rest = request.rest
        lines = given(rest) if rest else words_of(self._service, manner, request)
        try:
            async with aclosing(spoken(lines, partial(self._synthesize, manner))) as parts:
                async for part in parts:
                    if asked_s and isinstance(part, Sound):
                        delay_ms = (time.monotonic() - asked_s) * 1000
                        self.gauges["asked_to_sound_ms"] = round(delay_ms, 1)
                        asked_s = 0.0
                    yield part
        except VoiceFailedError as error:
            why = error.__cause__
            if isinstance(why, ServiceFailedError):
                self._on_failure(why, request.session)
            elif not isinstance(why, AnswerFailedError):
                raise
            raise AnswerFailedError(str(why), error.unspoken) from why
        except ServiceFailedError as error:
            self._on_failure(error, request.session)
            raise AnswerFailedError(str(error.info)) from error
        except BlockedError as error:
            info = FaultInfo(FaultClass.POLICY, FaultAction.STOP, None, str(error))
            self.publish_fault(request.session, info, retry=info.retry)
            raise
        asked = (manner.tts_model,) if rest else (manner.model, manner.tts_model)
        if self._health.proved(*subjects(request.session, asked)):
            self._tell()

    async def _synthesize(self, manner: HttpOptions, text: str) -> AsyncGenerator[Part, None]:
        """Speak a sentence; one that breaks off is asked for once more, and taken up there.

        Raises:
            ServiceFailedError: the service failed.
            AnswerFailedError: it gave less than the sentence, twice.
        """
        whole = WholeSound(text)
        for _ in range(2):
            async with aclosing(rendering(self._service, manner, text, whole)) as parts:
                async for part in parts:
                    yield part
            if whole.is_there:
                return
            self.counters["sentences_without_sound"] += 1
            self.log.warning("a sentence has no sound, or not all of it", problem=whole.problem)
        raise AnswerFailedError(whole.problem)

    async def _look(self) -> None:
        """Ask which models there are, which costs nothing."""
        doubts, self._doubts = self._doubts, set()
        try:
            self._listing = Listing(await self._service.models())
        except ServiceFailedError as error:
            info = error.info
            self._hold_against(subject_of(info, error.model, ""), info, self.session)
            self._tell(self.session)
        else:
            for session in self.sessions.states():
                self._settle_model(session)
            self._compare(doubts)
        self._looked.set()

    def _compare(self, doubts: Set[str]) -> None:
        """Take note of which models are listed; one that is, and was not found, is in doubt yet."""
        usual = (self.options.model, self.options.tts_model)
        missing = {name: info for name in usual if (info := self._listing.missing(name))}
        listed = {*usual, *self._health.models()} - doubts - set(missing)
        self._health.proved(SERVICE, *((Cause.MODEL, name) for name in listed))
        for name, info in missing.items():
            self._hold_against((Cause.MODEL, name), info, self.session)
        self._tell()

    def manner_of(self, opened: SessionOpened) -> HttpOptions:
        """Return the options as a session wants them; a model that is of `live` alone is not used.

        Raises:
            ConfigError: there is no such voice or model; names the nearest.
        """
        return self._listed(super().manner_of(opened))

    def _listed(self, manner: HttpOptions) -> HttpOptions:
        """Return a manner with a model that there is, as far as that is known.

        Raises:
            ConfigError: there is none of that name.
        """
        model = self._listing.model_for(manner.model, self.options.model)
        return manner.model_copy(update={"model": model})

    def _settle_model(self, session: TurnBasedSession) -> None:
        """Look at what a session asked for when nobody knew yet what there is."""
        manner = session.manner
        assert isinstance(manner, HttpOptions), "made by `manner_of`"
        try:
            session.manner = self._listed(manner)
        except ConfigError as error:
            self.fail_session(session.name, error)

    # How it is, for each session.

    def status_of(self, session: TurnBasedSession) -> BackendStatus:
        """Return how it is for a session: what another one asked for is not held against it."""
        now = self._availability_of(session)
        return BackendStatus(
            backend=self.name, state=now.state, reason=now.reason, retry_after_s=now.look_in_s
        )

    def session_ended(self, state: BackendSession, ended: SessionEnded) -> None:
        """Let go of what was held against its requests, too."""
        self._told.pop(state.name, None)
        self._health.forget((Cause.REQUEST, state.name))
        super().session_ended(state, ended)

    def _availability_of(self, session: TurnBasedSession) -> Availability:
        manner = session.manner
        assert isinstance(manner, HttpOptions), "made by `manner_of`"
        models = (manner.model, manner.tts_model)
        keys_in_s = self._service.wait_s(models)
        return self._health.availability(subjects(session.name, models), keys_in_s)

    def _on_failure(self, error: ServiceFailedError, session: str) -> None:
        """A request of a session failed."""
        info = error.info
        self._hold_against(subject_of(info, error.model, session), info, session)
        if is_doubtful(info):
            self._doubts.add(error.model)
        self._tell(session)

    def _hold_against(self, subject: Subject, info: FaultInfo, session: str) -> None:
        """Hold a fault against what it comes of, and publish it as a session's."""
        self._health.failed(subject, info)
        state = self.sessions.get(session)
        # Of one that is over there is nothing to come back to.
        after_s = self._availability_of(state).look_in_s if state is not None else None
        self.publish_fault(session, info, retry=info.retry, retry_after_s=after_s)

    def _tell(self, session: str = "") -> None:
        """Tell this session, and all others for which it is not as it was, how it is now."""
        own = self._availability_of(self.sessions[self.session])
        self.set_state(shown(own.state), own.reason)
        for each in self.sessions.states():
            before = self._told.get(each.name)
            now = self._told[each.name] = self._availability_of(each)
            # When it is looked at again changes with each failure of anybody, and is told nobody.
            is_news = before is None or (now.state, now.reason) != (before.state, before.reason)
            if is_news or each.name == session:
                self._publish_status_of(each)
        self._changed.set()

    def _look_in_s(self) -> float | None:
        """Time until the service is to be looked at; None: not before something changes."""
        if self._doubts:
            return 0.0
        waits = [now.look_in_s for now in self._told.values() if now.look_in_s is not None]
        return min(waits, default=None)
