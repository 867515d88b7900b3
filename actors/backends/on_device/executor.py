"""Carrying out the steps of an answer: it says, has tools carried out, asks the local model."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from actors.backends.on_device.brain import CallStep, ConverseStep, Plan, SayStep, failed, outcome
from actors.backends.on_device.language import phrases_for
from actors.backends.on_device.mind import MindError, Question, converse
from actors.backends.on_device.mind.file import FileMind
from actors.backends.on_device.mind.server import ServedMind
from actors.backends.on_device.options import DeviceOptions, MindOptions
from actors.backends.turnwise.request import AnswerRequest
from actors.lib.languages.line import Line
from actors.lib.speech.commands import Command
from pipeline.logs import Logger


@dataclass(frozen=True)
class LineInLanguage:
    """A line and the language in which it is said."""

    line: Line
    language: str


class StepExecutor:
    """Carries out one step after the other; what there is to say comes as it comes about."""

    def __init__(self, options: MindOptions | None, counters: Counter[str], log: Logger) -> None:
        self._file_mind = FileMind(options) if options is not None and options.file else None
        self._counters = counters
        self._log = log

    async def carry_out(
        self, steps: Plan, request: AnswerRequest, language: str
    ) -> AsyncGenerator[LineInLanguage, None]:
        """Give what is said to a turn in a language; a tool that fails ends it."""
        phrases, own = phrases_for(language)
        for index, step in enumerate(steps):
            match step:
                case SayStep(text):
                    yield LineInLanguage(text, own)
                case CallStep(command):
                    response = await self._call(request, command)
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

    async def stop(self) -> None:
        """End the worker of a model in a file; the model stays with the process."""
        if self._file_mind is not None:
            await self._file_mind.stop()

    async def _converse(self, request: AnswerRequest, language: str) -> AsyncGenerator[Line, None]:
        """Sentences of the local model; what it did is said if it has no words for it."""
        manner = request.manner
        assert isinstance(manner, DeviceOptions), "made by `manner_of`"
        options = manner.mind
        assert options is not None, "only planned with a local model"
        done: list[tuple[Command, dict[str, Any]]] = []

        async def call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
            command = Command(name, arguments)
            response = await self._call(request, command)
            done.append((command, response))
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
            self._counters["local_model_failures"] += 1
            self._log.warning("the local language model failed", problem=str(error))
        if done and not told:
            yield outcome(*done[-1], phrases_for(language)[0])

    async def _call(self, request: AnswerRequest, command: Command) -> dict[str, Any]:
        self._counters["commands"] += 1
        return await request.call(command.tool, command.arguments)
