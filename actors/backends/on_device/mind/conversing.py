"""Conversing with a language model: history, functions, and sentences as they are complete."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from actors.backends.on_device.mind.chat import (
    ChatCall,
    ChatRequest,
    Completion,
    MindError,
    NoToolsError,
)
from actors.backends.on_device.options import MindOptions
from actors.backends.options import language_instruction
from actors.backends.turnwise.request import CallTool
from actors.lib.speech.sentences import SpokenSentences

WHO = "You are the voice of a robot that has lost its connection."
READ_OUT = (
    "What you write is read out: answer in one or two short sentences, without lists or symbols."
)
WITHOUT_TOOLS = "You cannot move, see or look anything up; never say that you did."
WITH_TOOLS = (
    "You act by calling your functions and in no other way; never say that something is done "
    "before its function has returned."
)
MOST_ROUNDS = 4
"""Of functions called and their results read: a small model that wants more goes in circles."""
ROLES = {"user": "user", "model": "assistant"}


class Mind(Protocol):
    """Where a model is."""

    @property
    def name(self) -> str:
        """How it is called in messages to the operator."""

    def chunks(self, request: ChatRequest) -> AsyncGenerator[Any, None]:
        """Give the chunks of a completion."""


@dataclass(frozen=True)
class Question:
    """What the model is to answer.

    Attributes:
        said: What the user says now.
        history: Role (`user` or `model`) and text of what was said before.
        tools: As in `ToolOffer`.
        call: Has one of them carried out.
        language: To answer in; empty: the user's.
    """

    said: str
    history: tuple[tuple[str, str], ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()
    call: CallTool | None = None
    language: str = ""

    @cached_property
    def declared(self) -> list[dict[str, Any]]:
        """The tools, as the model is told of them."""
        return [_declared(each) for each in self.tools] if self.call else []


async def converse(
    mind: Mind, options: MindOptions, question: Question
) -> AsyncGenerator[str, None]:
    """Give the sentences of the model's answer, each as soon as it is complete.

    Closed early, as when the user speaks, the model is stopped.

    Raises:
        MindError: it cannot be reached, refuses, is too slow, or says nothing.
    """
    messages = _messages(options, question)
    tools, count = question.declared, 0
    for _ in range(MOST_ROUNDS):
        completion = Completion()
        request = ChatRequest(messages, tools, options.temperature)
        try:
            async with aclosing(
                _sentences(mind, request, completion, options, question.language)
            ) as sentences:
                async for sentence in sentences:
                    count += 1
                    yield sentence
        except NoToolsError:
            tools = []
            messages[0] = _system(options, question, with_tools=False)
            continue
        if not completion.calls:
            break
        messages.append(_shown(completion))
        for call in completion.calls.values():
            result = await _carried_out(call, question, options.tool_timeout_s)
            content = json.dumps(result, ensure_ascii=False, default=str)
            messages.append({"role": "tool", "tool_call_id": call.call_id, "content": content})
    if not count:
        raise MindError(f"{mind.name} answered with no words")


async def _sentences(
    mind: Mind,
    request: ChatRequest,
    completion: Completion,
    options: MindOptions,
    language: str,
) -> AsyncGenerator[str, None]:
    cutter = SpokenSentences(language)
    loop = asyncio.get_running_loop()
    async with aclosing(mind.chunks(request)) as chunks:
        due_s = loop.time() + options.timeout_s
        while True:
            try:
                async with asyncio.timeout_at(due_s):
                    chunk = await anext(chunks, None)
            except TimeoutError:
                raise MindError(
                    f"{mind.name} gave no sentence within {options.timeout_s:g} s; "
                    "take a smaller model or raise mind.timeout_s"
                ) from None
            if chunk is None:
                break
            for sentence in cutter.feed(completion.add(chunk)):
                yield sentence
                due_s = loop.time() + options.timeout_s
    for sentence in cutter.rest():
        yield sentence


async def _carried_out(call: ChatCall, question: Question, timeout_s: float) -> dict[str, Any]:
    arguments = call.parsed()
    known = {each["function"]["name"] for each in question.declared}
    if question.call is None or call.name not in known:
        return {"error": f"there is no function {call.name!r}, only {', '.join(sorted(known))}"}
    if arguments is None:
        return {"error": "the arguments are no JSON object; nothing was done"}
    try:
        async with asyncio.timeout(timeout_s):
            return await question.call(call.name, arguments)
    except TimeoutError:
        return {"error": "no result in time"}


def _messages(options: MindOptions, question: Question) -> list[dict[str, Any]]:
    spoken = [{"role": ROLES[role], "content": text} for role, text in question.history]
    system = _system(options, question, with_tools=bool(question.declared))
    return [system, *spoken, {"role": "user", "content": question.said}]


def _system(options: MindOptions, question: Question, *, with_tools: bool) -> dict[str, Any]:
    able = WITH_TOOLS if with_tools else WITHOUT_TOOLS
    language = language_instruction(question.language)
    texts = [options.instruction or WHO, READ_OUT, able, language]
    return {"role": "system", "content": " ".join(text for text in texts if text)}


def _shown(completion: Completion) -> dict[str, Any]:
    calls = [each.to_json() for each in completion.calls.values()]
    return {"role": "assistant", "content": completion.text, "tool_calls": calls}


def _declared(tool: Mapping[str, Any]) -> dict[str, Any]:
    nothing = {"type": "object", "properties": {}}
    function = {
        "name": tool["name"],
        "description": tool.get("description") or "",
        "parameters": tool.get("parametersJsonSchema") or tool.get("parameters") or nothing,
    }
    return {"type": "function", "function": function}
