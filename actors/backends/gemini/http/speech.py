"""Speaks sentences in order, the next one being made while the one before is delivered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from actors.backends.turnwise.request import Part, Words

AT_ONCE = 2
"""Sentences being spoken by the service at the same time: the one that is delivered and the next.
More would be paid for and, when the user interrupts, never heard."""

Say = Callable[[str], AsyncGenerator[Part, None]]
"""Gives the sound of a sentence."""


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
    """Give the parts of `lines` in order, each `Words` followed by its sound.

    Raises what `lines` and `say` raise, once all that came before is out.
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
            sound = await item.parts.get()
            yield Words(item.text)
            while sound is not None:
                yield sound
                sound = await item.parts.get()
            await item.task
        await tasks[0]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
