"""The `device` backend: understands, acts and speaks on the device, without a network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
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
    opening,
    outcome,
    plan,
)
from actors.backends.on_device.connection import Connections, is_trouble
from actors.backends.on_device.intents import Context
from actors.backends.on_device.local_model import LocalModelError, converse
from actors.backends.on_device.options import DeviceOptions, is_english
from actors.backends.session import BackendSession
from actors.backends.turn_kind import TurnKind
from actors.backends.turnwise.backend import TurnBasedBackend
from actors.backends.turnwise.request import AnswerRequest, Heard, Part, Sound, Words
from actors.backends.turnwise.session import TurnBasedSession
from actors.lib.speech.recognizer import MoonshineRecognizer
from actors.lib.speech.sentences import sentences
from actors.lib.speech.synthesizer import VOICE_RATE_HZ, HibariSynthesizer
from pipeline.errors import ConfigError
from pipeline.frames import BackendState, BackendStatus, Fault, Route, SessionEnded, SessionOpened
from pipeline.ports import In
from pipeline.surroundings import Surroundings

NEEDED = {"moonshine_voice": "moonshine-voice", "hibari": "hibari-tts"}
"""Package to install, by the module it holds."""
REST_LEFT_OUT = "I left out the rest."


class Device(TurnBasedBackend[DeviceOptions]):
    """Answers what the device can: commands to tools, time, date, what is wrong."""

    options_type = DeviceOptions
    inputs: ClassVar = {
        **TurnBasedBackend.inputs,
        "backends": In((BackendStatus, Fault), replay=True, required=False),
    }

    def __init__(self, options: DeviceOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._recognizer = MoonshineRecognizer()
        self._synthesizer = HibariSynthesizer()
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
        await asyncio.gather(self._recognizer.stop(), self._synthesizer.stop())
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
        """Return the options as a session wants them: who speaks, if there is a local model."""
        words = self.options.words
        asked = {"instruction": opened.instruction, "temperature": opened.temperature}
        asked = {name: value for name, value in asked.items() if value is not None}
        if words is None or not asked:
            return self.options
        return self.options.model_copy(update={"words": words.model_copy(update=asked)})

    def status_of(self, session: TurnBasedSession) -> BackendStatus:
        """Return how it is for a session: one in another language is not answered here."""
        language = session.opened.language
        if language is None or is_english(language):
            return super().status_of(session)
        reason = f"the device speaks only English, and the session {language}"
        return BackendStatus(backend=self.name, state=BackendState.UNAVAILABLE, reason=reason)

    def session_ended(self, state: BackendSession, ended: SessionEnded) -> None:
        """Let go of what was known of its connections, too."""
        self._connections.pop(state.name, None)
        super().session_ended(state, ended)

    async def answer(self, request: AnswerRequest) -> AsyncGenerator[Part, None]:
        """Understand, then speak and act step by step."""
        self._load()
        await self._loaded.wait()
        said = request.text
        if request.pcm and not request.rest:
            heard = await self._recognizer.hear(request.pcm, RATE_HZ)
            said = f"{heard}\n{said}".strip()
            yield Heard(said)
        gap = ""
        async with aclosing(self._words(request, said)) as texts:
            async for text in texts:
                for sentence in sentences(text):
                    yield Words(f"{gap}{sentence}")
                    yield Sound(await self._synthesizer.speak(sentence), VOICE_RATE_HZ)
                    gap = " "

    async def _words(self, request: AnswerRequest, said: str) -> AsyncGenerator[str, None]:
        """The words of the answer, as they come about."""
        if request.rest:
            yield request.rest
            return
        context = self._context(request)
        if request.kind is TurnKind.PROMPTED:
            steps = opening(context)
        else:
            steps = plan(said, request.tools, context)
        for index, step in enumerate(steps):
            match step:
                case SayStep(text):
                    yield text
                case CallStep(command):
                    self.counters["commands"] += 1
                    response = await request.call(command.tool, command.arguments)
                    yield outcome(command, response)
                    if failed(response):
                        if index + 1 < len(steps):
                            yield REST_LEFT_OUT
                        return
                case ConverseStep(otherwise):
                    async with aclosing(self._converse(request, said, otherwise)) as answer:
                        async for sentence in answer:
                            yield sentence

    async def _converse(
        self, request: AnswerRequest, said: str, otherwise: str
    ) -> AsyncGenerator[str, None]:
        manner = request.manner
        assert isinstance(manner, DeviceOptions), "made by `manner_of`"
        assert manner.words is not None, "only planned with a local model"
        begun = False
        try:
            async with aclosing(converse(manner.words, request.history, said)) as answer:
                async for sentence in answer:
                    begun = True
                    yield sentence
        except LocalModelError as error:
            self.counters["local_model_failures"] += 1
            self.log.warning("the local language model failed", problem=str(error))
            if not begun:
                yield otherwise

    def _context(self, request: AnswerRequest) -> Context:
        known = self._connections.get(request.session, Connections())
        return Context(
            now=datetime.now().astimezone(),
            history=request.history,
            outlook=known.outlook(time.monotonic()),
            has_model=self.options.words is not None,
        )

    def _load(self) -> None:
        if not self.counters["model_loads"]:
            self.counters["model_loads"] += 1
            self.spawn(self._load_models(), "load")

    async def _load_models(self) -> None:
        begun_s = time.monotonic()
        await asyncio.gather(self._recognizer.start(), self._synthesizer.start())
        self.gauges["models_loaded"] = 1
        self.gauges["load_ms"] = round((time.monotonic() - begun_s) * 1000)
        self.log.info("speech models loaded", load_ms=self.gauges["load_ms"])
        self._loaded.set()
