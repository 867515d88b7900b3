"""The `device` backend: understands, acts and speaks on the device, without a network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from actors.backends.on_device.brain import opening, plan
from actors.backends.on_device.connection import Connections, is_trouble
from actors.backends.on_device.executor import LineInLanguage, StepExecutor
from actors.backends.on_device.hearing import DeviceHearing
from actors.backends.on_device.intents import Context
from actors.backends.on_device.language import DEFAULT, language_of, phrases_for
from actors.backends.on_device.options import DeviceOptions
from actors.backends.on_device.requirements import check_requirements, why_not_spoken
from actors.backends.session import BackendSession
from actors.backends.turn_kind import TurnKind
from actors.backends.turnwise.backend import TurnBasedBackend
from actors.backends.turnwise.request import (
    AnswerFailedError,
    AnswerRequest,
    Heard,
    Part,
    Sound,
    Words,
)
from actors.backends.turnwise.session import TurnBasedSession
from actors.lib.languages.line import Line, gap_after
from actors.lib.speech.espeak import NoVoiceError
from actors.lib.speech.sentences import sentences
from actors.lib.speech.synthesizer import VOICE_RATE_HZ
from actors.lib.speech.voices import Voices
from pipeline.frames import BackendState, BackendStatus, Fault, Route, SessionEnded, SessionOpened
from pipeline.languages import languages_of
from pipeline.ports import In
from pipeline.surroundings import Surroundings


class Device(TurnBasedBackend[DeviceOptions]):
    """Answers what the device can: commands to tools, time, date, what is wrong."""

    options_type = DeviceOptions
    inputs: ClassVar = {
        **TurnBasedBackend.inputs,
        "backends": In((BackendStatus, Fault), replay=True, required=False),
    }

    def __init__(self, options: DeviceOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._hearing = DeviceHearing(options.recognition, self.counters, self.log)
        self._executor = StepExecutor(options.mind, self.counters, self.log)
        self._voices = Voices()
        self._connections: dict[str, Connections] = {}
        self._loaded = asyncio.Event()

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """The speech models must be installed: when they are needed there is no network."""
        check_requirements(options, config_dir)

    async def start(self) -> None:
        """Load the models if they are wanted at the start."""
        self.gauges["models_loaded"] = 0
        if self.options.load == "at_start":
            self._load()
            await self._loaded.wait()

    async def serve(self) -> None:
        """Turns can be answered from now on, if need be after loading the models."""
        self.say_status(BackendState.READY)
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """End the worker threads."""
        await asyncio.gather(self._hearing.stop(), self._voices.stop(), self._executor.stop())
        await super().stop()

    def on_backends(self, frame: BackendStatus | Fault) -> None:
        """Another backend is in trouble, or over it."""
        if frame.backend == self.name:
            return
        known = self._connections.setdefault(frame.session, Connections())
        if isinstance(frame, Fault):
            known.fault(frame, time.monotonic())
        else:
            known.status(frame, time.monotonic())
        if is_trouble(frame):
            self._load()

    def on_route(self, frame: Route) -> None:
        """The turns may be ours now."""
        if frame.owner == self.name:
            self._load()
        super().on_route(frame)

    def manner_of(self, opened: SessionOpened) -> DeviceOptions:
        """Return the options as a session wants them: its language, who speaks if there is a
        local model."""
        options = self.options
        if opened.language is not None:
            options = options.model_copy(update={"language": opened.language})
        mind = options.mind
        asked = {"instruction": opened.instruction, "temperature": opened.temperature}
        asked = {name: value for name, value in asked.items() if value is not None}
        if mind is None or not asked:
            return options
        return options.model_copy(update={"mind": mind.model_copy(update=asked)})

    def status_of(self, session: TurnBasedSession) -> BackendStatus:
        """Return how it is for a session: one in a language without a voice is left to others."""
        languages = languages_of(session.opened.language)
        why = [why_not_spoken(each, self.options) for each in languages]
        if not why or not all(why):
            return super().status_of(session)
        return BackendStatus(backend=self.name, state=BackendState.UNAVAILABLE, reason=why[0])

    def session_ended(self, state: BackendSession, ended: SessionEnded) -> None:
        """Let go of what was known of its connections, too."""
        self._connections.pop(state.name, None)
        super().session_ended(state, ended)

    async def answer(self, request: AnswerRequest) -> AsyncGenerator[Part, None]:
        """Understand, then speak and act step by step."""
        self._load()
        await self._loaded.wait()
        before = ""
        try:
            async with aclosing(self._lines(request)) as said:
                async for part in said:
                    if isinstance(part, Heard):
                        yield part
                        continue
                    for sentence in _sentences(part.line, part.language):
                        yield Words(f"{gap_after(before)}{sentence.written}")
                        pcm = await self._voices.speak(sentence.spoken, part.language)
                        yield Sound(pcm, VOICE_RATE_HZ)
                        before = sentence.written
        except NoVoiceError as error:
            raise AnswerFailedError(str(error)) from error

    async def _lines(self, request: AnswerRequest) -> AsyncGenerator[Heard | LineInLanguage, None]:
        """What was heard, if anything was, and what is said to it."""
        manner = request.manner
        assert isinstance(manner, DeviceOptions), "made by `manner_of`"
        languages = manner.languages
        if request.rest:
            yield LineInLanguage(Line(request.rest), language_of(request.rest, languages))
            return
        if request.kind is TurnKind.PROMPTED:
            language = (languages or DEFAULT)[0]
        elif not request.pcm:
            language = language_of(request.text, languages)
        else:
            heard = await self._hearing.hear(request, languages or DEFAULT)
            if heard.language is None:
                phrases, language = phrases_for((languages or DEFAULT)[0])
                yield LineInLanguage(phrases.say("no_ears"), language)
                return
            language = heard.language
            request = replace(request, text=f"{heard.text}\n{request.text}".strip())
            yield Heard(request.text)
        context = self._context(request, language)
        if request.kind is TurnKind.PROMPTED:
            steps = opening(context)
        else:
            steps = plan(request.text, request.tools, context)
        async with aclosing(self._executor.carry_out(steps, request, language)) as said:
            async for each in said:
                yield each

    def _context(self, request: AnswerRequest, language: str) -> Context:
        known = self._connections.get(request.session, Connections())
        return Context(
            now=datetime.now().astimezone(),
            history=request.history,
            outlook=known.outlook(time.monotonic()),
            has_model=self.options.mind is not None,
            phrases=phrases_for(language)[0],
        )

    def _load(self) -> None:
        if not self.counters["model_loads"]:
            self.counters["model_loads"] += 1
            self.spawn(self._load_models(), "load")

    async def _load_models(self) -> None:
        begun_s = time.monotonic()
        named = self.surroundings.language or self.options.language
        languages = languages_of(named) or DEFAULT
        try:
            await self._voices.start(languages[0])
        except NoVoiceError as error:
            # The status says so to sessions in that language; others may be in another.
            self.log.warning("the language of the config has no voice", problem=str(error))
        await self._hearing.start(languages)
        self.gauges["models_loaded"] = 1
        self.gauges["load_ms"] = round((time.monotonic() - begun_s) * 1000)
        self.log.info("speech models loaded", load_ms=self.gauges["load_ms"])
        self._loaded.set()


def _sentences(line: Line, language: str) -> list[Line]:
    written, spoken = sentences(line.written, language), sentences(line.spoken, language)
    if len(written) != len(spoken):
        return [line]
    return [Line(*both) for both in zip(written, spoken, strict=True)]
