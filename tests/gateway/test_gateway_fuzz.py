"""Nothing that a caller's client sends raises inside the gateway, and none of it is kept."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import random
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from belongings import belongings
from fuzz_messages import MessageFuzz
from fuzz_reception import Reception
from gateway_client import packed

from actors.backends.gemini.wire import Invalid
from actors.gateway.access.message_meter import MessageKind
from actors.gateway.errors import CallerError
from actors.gateway.events import Codec, Message
from actors.gateway.gemini.codec import GeminiCodec
from actors.gateway.gemini.conversation import GeminiConversation
from actors.gateway.link import ClientLink
from actors.gateway.options import GatewayOptions
from actors.gateway.website.codec import WebsiteCodec
from actors.gateway.website.conversation import WebsiteConversation
from actors.gateway.website.manner import Manners
from pipeline.frames import SessionEnd, SessionEnded

MESSAGES_PER_SESSION = 30
FLAT_BYTES = 2_000_000
WORDS = ("", "x", "नमस्ते", "\ud800", "0", "audio/pcm;rate=1", "pcm", "webm", "wav", "a" * 3000)
SOUND = packed(bytes(640))
KINDS = ("start_session", "audio_chunk", "audio_end", "text", "image", "function_result", "ping")
FIELDS = (
    "data",
    "format",
    "sample_rate",
    "channels",
    "text",
    "call_id",
    "response",
    "error",
    "voice",
    "temperature",
    "functions",
    "labels",
    "lasts_s",
    "record",
    "type",
)


class Client:
    """A connection whose client reads everything."""

    def __init__(self, codec: Codec) -> None:
        self.link = ClientLink(codec, self._read)
        self._reading = asyncio.create_task(self.link.run())

    async def _read(self, message: Message) -> None:
        json.loads(message)

    async def leave(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


def website_message(dice: random.Random) -> str:
    value: Callable[[], Any] = lambda: dice.choice(  # noqa: E731
        [*WORDS, SOUND, None, True, 0, -1, 16_000, 1e308, 2**70, [], {}, {"a": [1]}, [[]]]
    )
    message = {name: value() for name in FIELDS if dice.random() < 0.15}
    message["type"] = dice.choice(KINDS) if dice.random() < 0.95 else value()
    if message["type"] == "audio_chunk" and dice.random() < 0.7:
        message = {"type": "audio_chunk", "data": SOUND, "format": "pcm"}
    text = json.dumps(message)
    return text[: dice.randrange(len(text))] if dice.random() < 0.02 else text


async def website(reception: Reception, dice: random.Random) -> None:
    client = Client(WebsiteCodec())
    talk = WebsiteConversation(
        reception.own(), Manners(GatewayOptions()), client.link, reception.work_of
    )
    begins = talk.on_text('{"type": "start_session"}')
    assert not isinstance(begins, MessageKind)
    await begins
    for _ in range(MESSAGES_PER_SESSION):
        if dice.random() < 0.1:
            talk.on_bytes(dice.randbytes(dice.randrange(2000)))
        else:
            begins = talk.on_text(website_message(dice))
            if not isinstance(begins, MessageKind):
                await begins
    await talk.closed()
    await client.leave()


async def gemini(reception: Reception, fuzz: MessageFuzz) -> None:
    codec = GeminiCodec(Counter())
    client = Client(codec)
    talk = GeminiConversation(
        reception.own(), client.link, codec, reception.work_of, "v1beta", GatewayOptions()
    )
    message = fuzz.setup() if fuzz.chance(0.3) else {"setup": {"model": "models/gemini-3.8-live"}}
    with contextlib.suppress(Invalid, CallerError):
        for _ in range(1 + MESSAGES_PER_SESSION):
            taken = talk.on_message(json.dumps(message).encode())
            if not isinstance(taken, MessageKind):
                await taken
            message = fuzz.sound([]) if fuzz.chance(0.8) else fuzz.message()
    await talk.closed()
    await client.leave()


async def fuzzed(sessions: int, *, warm_up: int) -> int:
    """Return by how many bytes memory has grown over the sessions after those to warm up."""
    reception = Reception()
    dice, fuzz = random.Random(1), MessageFuzz(seed=3)
    before = 0
    tracemalloc.start()
    had = belongings()
    try:
        for number in range(warm_up + sessions):
            if number == warm_up:
                gc.collect()
                before = tracemalloc.get_traced_memory()[0]
            await website(reception, dice)
            await gemini(reception, fuzz)
            for caller in reception.callers:
                reception.callers.ended(
                    SessionEnded(session=caller.session, reason=SessionEnd.HUNG_UP)
                )
        assert len(reception.callers) == 0
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    for thread in threading.enumerate():
        if thread.name == "caller's sound":
            await asyncio.to_thread(thread.join, 20)
            assert not thread.is_alive()
    assert reception.failures == []
    await asyncio.get_running_loop().shutdown_default_executor()
    assert belongings() == had
    return grown


def test_seeded_messages_of_both_protocols_are_taken_or_refused_f28() -> None:
    asyncio.run(fuzzed(30, warm_up=0))


@pytest.mark.slow
def test_fifty_thousand_messages_leave_no_fault_and_no_memory() -> None:
    assert asyncio.run(fuzzed(600, warm_up=250)) < FLAT_BYTES
