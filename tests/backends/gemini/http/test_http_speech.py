"""Sentences are spoken in order, the next one while the one before is delivered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from actors.backends.gemini.http.speech import VoiceFailedError, spoken
from actors.backends.turnwise.request import Heard, Part, Sound, Words


class Voice:
    """Speaks a sentence when it is let; says what it was asked for."""

    def __init__(self, broken: str = "") -> None:
        self.asked: list[str] = []
        self.ended: list[str] = []
        self.let: dict[str, asyncio.Event] = {}
        self.broken = broken

    async def say(self, text: str) -> AsyncGenerator[Part, None]:
        self.asked.append(text)
        try:
            yield sound_of(text)
            await self.let.setdefault(text, asyncio.Event()).wait()
            if text == self.broken:
                raise OSError("the voice is gone")
            yield sound_of(text.upper())
        finally:
            self.ended.append(text)


def sound_of(text: str) -> Sound:
    return Sound(text.encode(), 24_000)


async def lines(*parts: Part, then: Exception | None = None) -> AsyncGenerator[Part, None]:
    for part in parts:
        yield part
    if then is not None:
        raise then


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_next_sentence_is_asked_for_while_the_one_before_is_delivered() -> None:
    async def main() -> None:
        voice = Voice()
        parts = spoken(lines(Words("a "), Words("b "), Words("c")), voice.say)
        assert await anext(parts) == Words("a ")
        assert await anext(parts) == sound_of("a")
        await settle()
        assert voice.asked == ["a", "b"]
        # The second is ready first, and waits for its turn.
        voice.let.setdefault("b", asyncio.Event()).set()
        await settle()
        voice.let["a"].set()
        assert await anext(parts) == sound_of("A")
        assert await anext(parts) == Words("b ")
        await settle()
        assert voice.asked == ["a", "b", "c"]
        voice.let["c"].set()
        assert [part async for part in parts] == [
            sound_of("b"),
            sound_of("B"),
            Words("c"),
            sound_of("c"),
            sound_of("C"),
        ]

    asyncio.run(main())


def test_what_cannot_be_spoken_is_passed_on() -> None:
    async def main() -> None:
        voice = Voice()
        parts = [part async for part in spoken(lines(Heard("hi"), Words("\U0001f642 ")), voice.say)]
        assert parts == [Heard("hi"), Words("\U0001f642 ")]
        assert not voice.asked

    asyncio.run(main())


def test_what_was_said_before_the_words_broke_off_is_still_spoken() -> None:
    async def main() -> None:
        voice = Voice()
        voice.let["a"] = asyncio.Event()
        voice.let["a"].set()
        seen: list[Part] = []

        async def listen() -> None:
            async for part in spoken(lines(Words("a"), then=OSError("gone")), voice.say):
                seen.append(part)

        with pytest.raises(OSError, match="gone"):
            await listen()
        assert seen == [Words("a"), sound_of("a"), sound_of("A")]

    asyncio.run(main())


def test_voice_that_fails_ends_the_answer_there() -> None:
    async def main() -> None:
        voice = Voice(broken="b")
        for name in "abc":
            voice.let[name] = asyncio.Event()
            voice.let[name].set()
        seen: list[Part] = []

        async def listen() -> None:
            async for part in spoken(lines(Words("a"), Words("b"), Words("c")), voice.say):
                seen.append(part)

        with pytest.raises(VoiceFailedError) as failed:
            await listen()
        assert str(failed.value.__cause__) == "the voice is gone"
        assert failed.value.unspoken == "bc"
        assert seen == [Words("a"), sound_of("a"), sound_of("A"), Words("b"), sound_of("b")]

    asyncio.run(main())


def test_answer_given_up_leaves_nothing_running() -> None:
    async def main() -> None:
        voice = Voice()
        parts = spoken(lines(*[Words(name) for name in "abcd"]), voice.say)
        await anext(parts)
        await anext(parts)
        await settle()
        await parts.aclose()
        assert voice.ended == ["a", "b"]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
