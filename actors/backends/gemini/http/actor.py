"""The `http` actor: turns in, words from one model, their sound from another."""

from __future__ import annotations

import asyncio
import importlib
import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from actors.backends.fault_info import FaultAction, FaultInfo
from actors.backends.gemini.http.availability import Availability, availability_of
from actors.backends.gemini.http.contents import speech_config_of
from actors.backends.gemini.http.options import HttpOptions
from actors.backends.gemini.http.pcm_stream import PcmStream
from actors.backends.gemini.http.service import HttpService, ServiceFailedError
from actors.backends.gemini.http.speech import VoiceFailedError, spoken
from actors.backends.gemini.http.voice import WholeSound
from actors.backends.gemini.http.words import BlockedError, given, words_of
from actors.backends.gemini.models import ListedModel
from actors.backends.gemini.usage import http_tokens
from actors.backends.turnwise.backend import TurnBasedBackend
from actors.backends.turnwise.request import AnswerFailedError, AnswerRequest, Part, Sound
from actors.backends.turnwise.session import TurnBasedSession
from pipeline.errors import ConfigError, did_you_mean
from pipeline.frames import BackendState, FaultClass, SessionOpened
from pipeline.surroundings import Surroundings

METHOD = "generateContent"
"""What a model must offer to be asked over HTTP, streamed or not."""
LIVE_MODEL = re.compile("live|native-audio")
"""In the names of all Live models published until November 2026, and of no others."""


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
        self._availability = Availability(BackendState.CONNECTING)
        self._models: list[ListedModel] = []
        self._failures = 0
        self._changed = asyncio.Event()

    async def start(self) -> None:
        """Import the SDK."""
        importlib.import_module("actors.backends.gemini.http.warm")

    async def serve(self) -> None:
        """See whether the service is there, and again whenever it failed."""
        await self._look()
        while True:
            self._changed.clear()
            try:
                async with asyncio.timeout(self._availability.look_in_s):
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
                self._record_outcome(why.info, request.session)
            elif not isinstance(why, AnswerFailedError):
                raise
            raise AnswerFailedError(str(why), error.unspoken) from why
        except ServiceFailedError as error:
            self._record_outcome(error.info, request.session)
            raise AnswerFailedError(str(error.info)) from error
        except BlockedError as error:
            info = FaultInfo(FaultClass.POLICY, FaultAction.STOP, None, str(error))
            self.publish_fault(request.session, info, retry=info.retry)
            raise
        self._record_outcome(None, request.session)

    async def _synthesize(self, manner: HttpOptions, text: str) -> AsyncGenerator[Part, None]:
        """Speak a sentence; one that breaks off is asked for once more, and taken up there.

        Raises:
            ServiceFailedError: the service failed.
            AnswerFailedError: it gave less than the sentence, twice.
        """
        whole = WholeSound(text)
        for _ in range(2):
            async with aclosing(self._speak_once(manner, text, whole)) as parts:
                async for part in parts:
                    yield part
            if whole.is_there:
                return
            self.counters["sentences_without_sound"] += 1
            self.log.warning("a sentence has no sound, or not all of it", problem=whole.problem)
        raise AnswerFailedError(whole.problem)

    async def _speak_once(
        self, manner: HttpOptions, text: str, whole: WholeSound
    ) -> AsyncGenerator[Part, None]:
        stream = PcmStream()
        config = speech_config_of(manner)
        model = manner.tts_model
        usage = None
        whole.begin()
        async with aclosing(self._service.stream(model, text, config)) as pieces:
            async for piece in pieces:
                usage = piece.usage_metadata or usage
                for candidate in (piece.candidates or [])[:1]:
                    if candidate.finish_reason is not None:
                        whole.finish = str(candidate.finish_reason.value)
                    for part in (candidate.content.parts if candidate.content else None) or []:
                        blob = part.inline_data
                        if blob is not None and blob.data:
                            sound = stream.feed(blob.data, blob.mime_type or "")
                            fresh = whole.add(sound) if sound is not None else None
                            if fresh is not None:
                                yield fresh
        if usage is not None:
            yield http_tokens(model, usage, "audio")

    async def _look(self) -> None:
        """Ask which models there are, which costs nothing."""
        try:
            self._models = await self._service.models()
        except ServiceFailedError as error:
            self._record_outcome(error.info, self.session)
        else:
            self._record_outcome(self._missing(), self.session)
            for session in self.sessions.states():
                self._settle_model(session)

    def manner_of(self, opened: SessionOpened) -> HttpOptions:
        """Return the options as a session wants them; a model that is of `live` alone is not used.

        Raises:
            ConfigError: there is no such voice or model; names the nearest.
        """
        manner = super().manner_of(opened)
        return manner.model_copy(update={"model": self._model(manner.model)})

    def _model(self, wanted: str) -> str:
        """The model to use where this one is wanted; before there is a list, any may exist."""
        name = wanted.removeprefix("models/")
        known = {model.name: model for model in self._models}
        if wanted == self.options.model or not known:
            return wanted
        if name in known:
            # One without: the session named it for another backend, and is answered all the same.
            return wanted if METHOD in known[name].methods else self.options.model
        if LIVE_MODEL.search(name):
            # Previews and aliases of Live models are taken, and not listed.
            return self.options.model
        raise ConfigError(f"no model {wanted!r} for {METHOD}: {did_you_mean(name, known)}")

    def _settle_model(self, session: TurnBasedSession) -> None:
        """Look at what a session asked for when nobody knew yet what there is."""
        manner = session.manner
        assert isinstance(manner, HttpOptions), "made by `manner_of`"
        try:
            model = self._model(manner.model)
        except ConfigError as error:
            self.fail_session(session.name, error)
        else:
            session.manner = manner.model_copy(update={"model": model})

    def _missing(self) -> FaultInfo | None:
        names = [model.name for model in self._models if METHOD in model.methods]
        for wanted in (self.options.model, self.options.tts_model):
            if wanted.removeprefix("models/") not in names:
                reason = f"no model {wanted!r} for {METHOD}: {did_you_mean(wanted, names)}"
                advice = "`greenroom models` lists the models there are."
                return FaultInfo(FaultClass.MODEL, FaultAction.STOP, 404, reason, advice)
        return None

    def _record_outcome(self, info: FaultInfo | None, session: str) -> None:
        """Take note of how a request went, and tell the pipeline what changed."""
        self._failures = 0 if info is None else self._failures + 1
        now = availability_of(info, self._service.wait_s(), self._failures)
        if info is not None:
            self.publish_fault(session, info, retry=info.retry, retry_after_s=now.look_in_s)
        if info is not None or now != self._availability:
            self._availability = now
            self._changed.set()
            self.say_status(now.state, now.reason, now.look_in_s)
