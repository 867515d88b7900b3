"""The `device` backend: understands, acts and speaks on the device, without a network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from actors.backends.audio_ring import RATE_HZ
from actors.backends.on_device.brain import (
    CallStep,
    ConverseStep,
    SayStep,
    failed,
    makes_sense,
    opening,
    outcome,
    plan,
)
from actors.backends.on_device.connection import Connections, is_trouble
from actors.backends.on_device.ears import Ears, HeardWords
from actors.backends.on_device.intents import Context
from actors.backends.on_device.language import DEFAULT, language_of, phrases_for
from actors.backends.on_device.mind import MindError, Question, converse
from actors.backends.on_device.mind.file import FileMind, wrong_file
from actors.backends.on_device.mind.server import ServedMind
from actors.backends.on_device.options import DeviceOptions
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
from actors.lib.languages.phrases import phrases_of
from actors.lib.languages.tags import tabled
from actors.lib.speech.commands import Command
from actors.lib.speech.espeak import NoVoiceError
from actors.lib.speech.sentences import sentences
from actors.lib.speech.synthesizer import VOICE_RATE_HZ
from actors.lib.speech.voices import Voices, cannot_speak
from actors.lib.speech.whisper import RecognitionError, wrong_folder
from pipeline.errors import ConfigError
from pipeline.frames import BackendState, BackendStatus, Fault, Route, SessionEnded, SessionOpened
from pipeline.languages import languages_of
from pipeline.ports import In
from pipeline.surroundings import Surroundings

NEEDED = {"moonshine_voice": "moonshine-voice", "hibari": "hibari-tts"}
"""Package to install, by the module it holds."""


@dataclass(frozen=True)
class LineInLanguage:
    """A line and the language in which it is said."""

    line: Line
    language: str


class Device(TurnBasedBackend[DeviceOptions]):
    """Answers what the device can: commands to tools, time, date, what is wrong."""

    options_type = DeviceOptions
    inputs: ClassVar = {
        **TurnBasedBackend.inputs,
        "backends": In((BackendStatus, Fault), replay=True, required=False),
    }

    def __init__(self, options: DeviceOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._ears = Ears(options.recognition)
        self._voices = Voices()
        mind = options.mind
        self._file_mind = FileMind(mind) if mind is not None and mind.file is not None else None
        named = surroundings.language or options.language
        self._languages = languages_of(named) or DEFAULT
        self._connections: dict[str, Connections] = {}
        self._loaded = asyncio.Event()

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """The speech models must be installed: when they are needed there is no network."""
        missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
        if missing:
            raise ConfigError(
                f"the device backend needs {' and '.join(missing)}: "
                "install greenroom with its extra `device`"
            )
        for language in languages_of(options.language):
            if why := why_not_spoken(language, options):
                raise ConfigError(f"language: {why}")
        recognition = options.recognition
        if recognition is not None and (why := wrong_folder(config_dir / recognition.folder)):
            raise ConfigError(f"recognition.folder: {why}")
        file = options.mind.file if options.mind is not None else None
        if file is not None and (why := wrong_file(config_dir / file)):
            raise ConfigError(f"mind.file: {why}")

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
        file_mind = [self._file_mind.stop()] if self._file_mind is not None else []
        await asyncio.gather(self._ears.stop(), self._voices.stop(), *file_mind)
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
        languages = _manner(request).languages
        if request.rest:
            yield LineInLanguage(Line(request.rest), language_of(request.rest, languages))
            return
        if request.kind is TurnKind.PROMPTED:
            language = (languages or DEFAULT)[0]
        elif not request.pcm:
            language = language_of(request.text, languages)
        else:
            heard = await self._hear(request, languages or DEFAULT)
            if heard.language is None:
                phrases, language = phrases_for((languages or DEFAULT)[0])
                yield LineInLanguage(phrases.say("no_ears"), language)
                return
            language = heard.language
            request = replace(request, text=f"{heard.text}\n{request.text}".strip())
            yield Heard(request.text)
        async with aclosing(self._steps(request, language)) as said:
            async for each in said:
                yield each

    async def _hear(self, request: AnswerRequest, languages: tuple[str, ...]) -> HeardWords:
        """Return the words; without a language where it cannot tell what was spoken.

        Where it understands only some of the languages, it goes by what makes sense in one that
        it does understand: any other speech it would take for nonsense in it.
        """
        understood = self._ears.understood(languages)
        if not understood:
            return HeardWords("")
        try:
            heard = await self._ears.hear(request.pcm, RATE_HZ, understood)
        except RecognitionError as error:
            self._count_deaf(error)
            return HeardWords("")
        if len(understood) == len(languages):
            return heard
        context = self._context(request, understood[0])
        sure = makes_sense(heard.text, request.tools, context)
        return heard if sure else HeardWords("")

    async def _steps(
        self, request: AnswerRequest, language: str
    ) -> AsyncGenerator[LineInLanguage, None]:
        """What is said to the words of a turn, as it comes about."""
        context = self._context(request, language)
        phrases, own = phrases_for(language)
        if request.kind is TurnKind.PROMPTED:
            steps = opening(context)
        else:
            steps = plan(request.text, request.tools, context)
        for index, step in enumerate(steps):
            match step:
                case SayStep(text):
                    yield LineInLanguage(text, own)
                case CallStep(command):
                    self.counters["commands"] += 1
                    response = await request.call(command.tool, command.arguments)
                    yield LineInLanguage(outcome(command, response, phrases), own)
                    if failed(response):
                        if index + 1 < len(steps):
                            yield LineInLanguage(phrases.say("left_out"), own)
                        return
                case ConverseStep(otherwise):
                    begun = False
                    async with aclosing(self._converse(request, language)) as answer:
                        async for sentence in answer:
                            begun = True
                            yield LineInLanguage(sentence, language)
                    if not begun:
                        yield LineInLanguage(otherwise, own)

    async def _converse(self, request: AnswerRequest, language: str) -> AsyncGenerator[Line, None]:
        """Sentences of the local model; what it did is said if it has no words for it."""
        manner = _manner(request)
        options = manner.mind
        assert options is not None, "only planned with a local model"
        done: list[tuple[Command, dict[str, Any]]] = []

        async def call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
            self.counters["commands"] += 1
            response = await request.call(name, arguments)
            done.append((Command(name, arguments), response))
            return response

        question = Question(
            request.text,
            request.history,
            request.tools,
            call,
            language if manner.languages else "",
        )
        told = False
        try:
            mind = self._file_mind or ServedMind(options)
            async with aclosing(converse(mind, options, question)) as answer:
                async for sentence in answer:
                    told = True
                    yield Line(sentence)
        except MindError as error:
            self.counters["local_model_failures"] += 1
            self.log.warning("the local language model failed", problem=str(error))
        if done and not told:
            yield outcome(*done[-1], phrases_for(language)[0])

    def _context(self, request: AnswerRequest, language: str) -> Context:
        known = self._connections.get(request.session, Connections())
        return Context(
            now=datetime.now().astimezone(),
            history=request.history,
            outlook=known.outlook(time.monotonic()),
            has_model=self.options.mind is not None,
            phrases=phrases_for(language)[0],
        )

    def _count_deaf(self, error: RecognitionError) -> None:
        self.counters["recognition_failures"] += 1
        self.log.error("speech cannot be recognised", problem=str(error))

    def _load(self) -> None:
        if not self.counters["model_loads"]:
            self.counters["model_loads"] += 1
            self.spawn(self._load_models(), "load")

    async def _load_models(self) -> None:
        begun_s = time.monotonic()
        await self._voices.start(self._languages[0])
        try:
            await self._ears.start(self._languages)
        except RecognitionError as error:
            self._count_deaf(error)
        self.gauges["models_loaded"] = 1
        self.gauges["load_ms"] = round((time.monotonic() - begun_s) * 1000)
        self.log.info("speech models loaded", load_ms=self.gauges["load_ms"])
        self._loaded.set()


def why_not_spoken(language: str, options: DeviceOptions) -> str:
    """Return why the device does not speak a language, and what to do; empty if it does."""
    if phrases_of(language) is None and options.mind is None:
        known = ", ".join(tabled())
        return (
            f"the device has nothing to say in {language!r}, only in {known}: "
            "name one of these, or a local model in `mind`"
        )
    return cannot_speak(language)


def _manner(request: AnswerRequest) -> DeviceOptions:
    assert isinstance(request.manner, DeviceOptions), "made by `manner_of`"
    return request.manner


def _sentences(line: Line, language: str) -> list[Line]:
    written, spoken = sentences(line.written, language), sentences(line.spoken, language)
    if len(written) != len(spoken):
        return [line]
    return [Line(*both) for both in zip(written, spoken, strict=True)]
