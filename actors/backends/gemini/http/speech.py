"""Speaks sentences in order, the next one being made while the one before is delivered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from actors.backends.turnwise.request import Part, Sound, Words
from pipeline.errors import GreenroomError

AT_ONCE = 2
"""Sentences being spoken by the service at the same time: the one that is delivered and the next.
More would be paid for and, when the user interrupts, never heard."""

REST_S = 2.0
"""For the words that are still to come when the voice has failed: a text model writes an answer in
less, and somebody is waiting."""

Say = Callable[[str], AsyncGenerator[Part, None]]
"""Gives the sound of a sentence."""


class VoiceFailedError(GreenroomError):
    """There is no sound to be had for a sentence, as `__cause__` says.

    Args:
        unspoken: The sentence and all that follows; empty if the words broke off too.
    """

    def __init__(self, unspoken: str) -> None:
        super().__init__(f"no sound for {unspoken!r}")
        self.unspoken = unspoken


class _Voiced:
    """A sentence whose sound is being made."""

    def __init__(self, text: str, say: Say, gate: asyncio.Semaphore) -> None:
        self.text = text
        self.parts: asyncio.Queue[Part | None] = asyncio.Queue()
        self.task = asyncio.create_task(self._make(say, gate))

    async def _make(self, say: Say, gate: asyncio.Semaphore) -> None:
        try:
            async with gate, aclosing(say(self.text.strip())) as parts:
                async for part in parts:
                    self.parts.put_nowait(part)
        finally:
            self.parts.put_nowait(None)


async def spoken(lines: AsyncGenerator[Part, None], say: Say) -> AsyncGenerator[Part, None]:
    """Give the parts of `lines` in order, each `Words` that has a sound followed by it.

    Raises what `lines` raises, once all that came before is out.

    Raises:
        VoiceFailedError: `say` failed.
    """
    gate = asyncio.Semaphore(AT_ONCE)
    queue: asyncio.Queue[Part | _Voiced | None] = asyncio.Queue()
    tasks: list[asyncio.Task[None]] = []

    async def read() -> None:
        try:
            async with aclosing(lines):
                async for part in lines:
                    if isinstance(part, Words) and any(map(str.isalnum, part.text)):
                        voiced = _Voiced(part.text, say, gate)
                        tasks.append(voiced.task)
                        queue.put_nowait(voiced)
                    else:
                        queue.put_nowait(part)
        finally:
            queue.put_nowait(None)

    tasks.append(asyncio.create_task(read()))
    try:
        while (item := await queue.get()) is not None:
            if not isinstance(item, _Voiced):
                yield item
                continue
            # The words go out with their sound: what is not heard is not part of the history.
            told = False
            while (part := await item.parts.get()) is not None:
                if isinstance(part, Sound) and not told:
                    told = True
                    yield Words(item.text)
                yield part
            try:
                await item.task
            except Exception as error:
                raise VoiceFailedError(await _unspoken(item.text, queue, tasks[0])) from error
        await tasks[0]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _unspoken(
    text: str, queue: asyncio.Queue[Part | _Voiced | None], reading: asyncio.Task[None]
) -> str:
    """Return a sentence and all that follows; nothing if it is not known to its end."""
    try:
        async with asyncio.timeout(REST_S):
            while (item := await queue.get()) is not None:
                if isinstance(item, _Voiced | Words):
                    text += item.text
            await reading
    except (TimeoutError, GreenroomError):
        # Who asks has a failure to tell of already.
        return ""
    return text
