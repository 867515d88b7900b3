"""Asking a language model behind an OpenAI-compatible server."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from actors.backends.handshake import watch_handshake
from actors.backends.on_device.mind.chat import ChatRequest, MindError, NoToolsError
from actors.backends.on_device.options import MindOptions

MOST_LINE_BYTES = 1 << 20
"""Of one event: a thousand times a usual one. What has no end is not waited for."""


class ServedMind:
    """A model on a server; nothing is kept open between answers."""

    def __init__(self, options: MindOptions) -> None:
        self._options = options

    @property
    def name(self) -> str:
        """How it is called in messages to the operator."""
        return f"{self._options.model} at {self._options.url}"

    async def chunks(self, request: ChatRequest) -> AsyncGenerator[Any, None]:
        """Give the chunks of a completion; closed early, the server is hung up on.

        Raises:
            MindError: it cannot be reached or refuses.
        """
        import httpx2

        url = f"{self._options.url}/chat/completions"
        body = {"model": self._options.model, **request.body()}
        hooks = {"request": [watch_handshake]}
        timeout_s = self._options.timeout_s
        try:
            # A proxy from the environment leads out of the house.
            async with (
                httpx2.AsyncClient(trust_env=False, timeout=timeout_s, event_hooks=hooks) as client,
                client.stream("POST", url, json=body) as response,
            ):
                if response.status_code != httpx2.codes.OK:
                    raise await _refusal(response, url, with_tools=bool(request.tools))
                async with aclosing(_events(response.aiter_bytes())) as events:
                    async for event in events:
                        yield event
        except httpx2.HTTPError as error:
            raise MindError(f"{url}: {error!r}; is the server running?") from error


async def _refusal(response: Any, url: str, *, with_tools: bool) -> MindError:
    detail = b""
    async for piece in response.aiter_bytes():
        detail += piece
        if len(detail) > 2000:
            break
    words = " ".join(detail.decode(errors="replace").split())[:200]
    if with_tools and response.status_code == 400 and b"tool" in detail.lower():
        return NoToolsError(words)
    advice = "; is that the name of a model on it?" if response.status_code == 404 else ""
    return MindError(f"{url} answered {response.status_code}: {words}{advice}")


async def _events(pieces: AsyncIterator[bytes]) -> AsyncGenerator[Any, None]:
    """The data of server-sent events, up to `[DONE]`; or a whole answer that is no stream."""
    held = b""
    async for piece in pieces:
        held += piece
        *lines, held = held.split(b"\n")
        for line in lines:
            data = _data(line)
            if data == b"[DONE]":
                return
            if data:
                yield _read(data)
        if len(held) > MOST_LINE_BYTES:
            raise MindError(f"an event of more than {MOST_LINE_BYTES} bytes has no end")
    rest = _data(held) or held.strip()
    if rest.startswith(b"{"):
        yield _read(rest)


def _data(line: bytes) -> bytes:
    stripped = line.strip()
    if stripped.startswith(b"data:"):
        return stripped.removeprefix(b"data:").strip()
    return stripped if stripped.startswith(b"{") else b""


def _read(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MindError(f"not a chat completion: {data[:200]!r}") from error
