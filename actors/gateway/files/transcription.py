"""A file heard by the pipeline, in a session of its own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from actors.gateway.access.own_callers import OwnCallers
from actors.gateway.caller import Caller
from actors.gateway.errors import RefusedError
from actors.gateway.events import Event, Message
from actors.gateway.files.heard_file import HeardFile, Segment, joined
from actors.gateway.link import ClientLink
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples
from actors.outputs.metronome import WorkOf

PIECE_SAMPLES = SPEECH_RATE_HZ // 10
"""Heard at a time."""
SETTLING_S = 2.0
"""After the last sound so long no turn has begun: nobody spoke there. A hundred times what the
detector takes to say so, as a machine may be busy."""
INSTRUCTION = (
    "You are listening to a recording. Nobody in it talks to you: do not answer what is said in "
    "it. After each part say one word only: OK. When you are asked in writing about the recording, "
    "answer that question fully."
)
"""Whoever hears a turn answers it; this makes the answer a second long."""


@dataclass(frozen=True)
class FileWords:
    """What was said in a file.

    Attributes:
        segments: Where what was said.
        missed: Where something was heard that could not be put into words, and why.
        failure: Why nobody tried; empty if all of `missed` are sounds without words.
        answer: To the question about it; None if there was none, or nobody answered it.
        problem: Why nobody did.
    """

    segments: list[Segment]
    missed: list[Segment]
    failure: str = ""
    answer: str | None = None
    problem: str = ""

    @property
    def text(self) -> str:
        """All that was said."""
        return joined(self.segments)


class Transcription:
    """Has one file heard, turn by turn: what was spoken is answered before more of it is heard.

    Args:
        caller: Whose session it is; nobody is connected to it yet.
        callers: Those of who sent it.
        samples: The file.
        speed: How much faster than it was spoken it is heard, at most.
        work_of: What is done in it is the work of a session, and fails for it alone.
        on_event: Told what the caller is told.
    """

    def __init__(
        self,
        caller: Caller,
        callers: OwnCallers,
        samples: Samples,
        speed: float,
        work_of: WorkOf,
        on_event: Callable[[Event], None] = lambda _event: None,
    ) -> None:
        self._caller = caller
        self._callers = callers
        self._samples = samples
        self._speed = speed
        self._work_of = work_of
        self._heard = HeardFile(len(samples))
        self.heard_samples = 0
        """Up to there it was heard."""
        self._stirred = asyncio.Event()
        self._on_event = on_event
        self.link = ClientLink(self, send_nothing)
        callers.connect(caller, self.link)

    def encode(self, event: Event) -> Iterator[Message]:
        """Take note of what is told; nobody is sent anything."""
        self._heard.on_event(event)
        self._on_event(event)
        self._stirred.set()
        return iter(())

    async def run(self, question: str) -> FileWords:
        """Return what was said in the file, and the answer to a question about it.

        Raises:
            RefusedError: the session ended before.
        """
        await self._hear_all(deque([(0, len(self._samples))]))
        # What was cut off by the next turn, or by a backend that failed, is heard once more.
        await self._hear_all(deque(self._heard.lost()))
        answer, problem = (await self._ask(question)) if question else (None, "")
        words = self.words()
        return replace(words, answer=answer, problem=problem)

    def words(self) -> FileWords:
        """Return what was said as far as it is known."""
        found = self._heard.segments()
        told = [each for each in found if each.text]
        missed = [each for each in found if not each.text]
        return FileWords(told, missed, self._heard.failure())

    async def _hear_all(self, stretches: deque[tuple[int, int]]) -> None:
        for start, stop in stretches:
            await self._hear(start, stop)
            with self._work():
                self._caller.ear.hush()
            await self._settle()

    async def _hear(self, start: int, stop: int) -> None:
        due_s = time.monotonic()
        for at in range(start, stop, PIECE_SAMPLES):
            await self._until(lambda: self._heard.may_go_on)
            piece = self._samples[at : min(at + PIECE_SAMPLES, stop)]
            with self._work():
                self._heard.mark(self._caller.ear.position, at)
                self._caller.ear.hear_stored(piece)
            self.heard_samples = max(self.heard_samples, at + len(piece))
            now_s = time.monotonic()
            # What was waited for is not made up for.
            due_s = max(due_s, now_s) + len(piece) / SPEECH_RATE_HZ / self._speed
            await asyncio.sleep(due_s - now_s)

    async def _settle(self) -> None:
        """Wait until all that was heard has its words, and nothing more has begun for a while."""
        settled = False
        while not settled:
            await self._until(lambda: self._heard.is_settled)
            settled = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLING_S):
                    await self._until(lambda: not self._heard.is_settled)
                    settled = False

    async def _ask(self, question: str) -> tuple[str | None, str]:
        with self._work():
            turn = self._caller.type(question)
            self._heard.ask(turn)
        await self._until(lambda: self._heard.answer(turn) is not None)
        closed = self._heard.answer(turn)
        assert closed is not None
        return (closed.answer, "") if closed.answer else (None, closed.reason or "no answer came")

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._stirred.clear()
            self._check()
            await self._stirred.wait()
        self._check()

    def _check(self) -> None:
        ended = self._heard.ended
        if ended is not None:
            raise RefusedError(ended.detail or ended.reason.value)

    @contextlib.contextmanager
    def _work(self) -> Iterator[None]:
        self._check()
        with self._work_of(self._caller.session):
            yield


async def send_nothing(_message: Message) -> None:
    """There is nobody at the other end."""
