"""A language model behind an OpenAI-compatible server: Ollama, llama.cpp, vLLM and others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from actors.backends.handshake import watch_handshake
from actors.backends.on_device.options import WordsOptions
from actors.lib.speech.sentences import SpokenSentences
from pipeline.errors import GreenroomError

WHO = "You are the voice of a robot that has lost its connection."
INSTRUCTION = (
    "What you write is read out: answer in one or two short sentences, without lists or symbols. "
    "You cannot move, see or look anything up; never say that you did."
)
MOST_TOKENS = 300
"""Two minutes of speech: a model that does not stop by itself is stopped."""
ROLES = {"user": "user", "model": "assistant"}


class LocalModelError(GreenroomError):
    """The server gave no answer, or not to its end."""


async def converse(
    options: WordsOptions, history: tuple[tuple[str, str], ...], said: str
) -> AsyncGenerator[str, None]:
    """Give the sentences of the model's answer, each as soon as it is complete.

    Args:
        options: Where the server is.
        history: Role (`user` or `model`) and text of what was said before.
        said: What the user says now.

    Raises:
        LocalModelError: it cannot be reached, refuses, is too slow, or says nothing.
    """
    count = 0
    async with aclosing(_sentences(options, history, said)) as answer:
        while True:
            try:
                async with asyncio.timeout(options.timeout_s):
                    sentence = await anext(answer, None)
            except TimeoutError:
                raise LocalModelError(
                    f"{options.base_url} gave no sentence within {options.timeout_s:g} s; "
                    "take a smaller model or raise words.timeout_s"
                ) from None
            if sentence is None:
                break
            count += 1
            yield sentence
    if not count:
        raise LocalModelError(f"{options.model} at {options.base_url} answered with no words")


async def _sentences(
    options: WordsOptions, history: tuple[tuple[str, str], ...], said: str
) -> AsyncGenerator[str, None]:
    cutter = SpokenSentences()
    async with aclosing(_pieces(options, _messages(options, history, said))) as pieces:
        async for piece in pieces:
            for sentence in cutter.feed(piece):
                yield sentence
    for sentence in cutter.rest():
        yield sentence


async def _pieces(
    options: WordsOptions, messages: list[dict[str, str]]
) -> AsyncGenerator[str, None]:
    import httpx2

    body: dict[str, Any] = {
        "model": options.model,
        "messages": messages,
        "stream": True,
        "max_tokens": MOST_TOKENS,
    }
    if options.temperature is not None:
        body["temperature"] = options.temperature
    url = f"{options.base_url}/chat/completions"
    hooks = {"request": [watch_handshake]}
    try:
        # A proxy from the environment leads out of the house.
        async with (
            httpx2.AsyncClient(
                trust_env=False, timeout=options.timeout_s, event_hooks=hooks
            ) as client,
            client.stream("POST", url, json=body) as response,
        ):
            if response.status_code != httpx2.codes.OK:
                detail = (await response.aread()).decode(errors="replace")[:200]
                raise LocalModelError(f"{url} answered {response.status_code}: {detail}")
            async with aclosing(_deltas(response.aiter_lines())) as deltas:
                async for delta in deltas:
                    yield delta
    except httpx2.HTTPError as error:
        raise LocalModelError(f"{url}: {error!r}; is the server running?") from error


async def _deltas(lines: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """The text in a stream of server-sent events."""
    async for line in lines:
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        try:
            text = _text_of(json.loads(data))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise LocalModelError(f"not a chat completion: {data[:200]}") from error
        if text:
            yield text


def _text_of(event: Any) -> str:
    if "error" in event:
        raise LocalModelError(f"the server says: {str(event['error'])[:200]}")
    choices = event["choices"]
    text = choices[0]["delta"].get("content") if choices else ""
    return text if isinstance(text, str) else ""


def _messages(
    options: WordsOptions, history: tuple[tuple[str, str], ...], said: str
) -> list[dict[str, str]]:
    spoken = [(ROLES[role], text) for role, text in history]
    all_ = [("system", f"{options.instruction or WHO} {INSTRUCTION}"), *spoken, ("user", said)]
    return [{"role": role, "content": text} for role, text in all_]
