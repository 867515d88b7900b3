"""One answer in progress: from the parts that a backend gives to frames."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from typing import Any

from actors.backends.answer import Answer, AnswerFrames, Publish, Tokens, whole
from actors.backends.history import History
from actors.backends.tool_calls import CallRecord, ToolCalls, ToolReply
from actors.backends.turnwise.request import AnswerFailedError, Heard, Part, Sound, Words
from pipeline.frames import AnswerEnd, Side


class AnswerState(Enum):
    """Whether it still says anything."""

    ON = auto()
    OVER = auto()


class RunningAnswer:
    """Publishes the frames of one answer, the last of which is its one `AnswerEnded`.

    Args:
        turn: What is answered.
        frames: Made for the epoch of the route in which it began.
        calls: Of the session.
        publish: Takes the frames.
        on_begun: Called before the first sound goes out.
        on_call: Called before a tool is.
    """

    def __init__(
        self,
        turn: str,
        frames: AnswerFrames,
        calls: ToolCalls,
        *,
        publish: Callable[[Publish], None],
        on_begun: Callable[[], None],
        on_call: Callable[[], None],
    ) -> None:
        self.turn = turn
        self.epoch = frames.epoch
        self.state = AnswerState.ON
        self.given = Answer(turn)
        self.heard = asyncio.Event()
        """Its playback has got on."""
        self.task: asyncio.Task[None] | None = None
        self._frames = frames
        self._calls = calls
        self._publish = publish
        self._on_begun = on_begun
        self._on_call = on_call
        self._rate_hz = 0
        self._begun_s = 0.0
        self._asked = 0
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}

    def give(self, part: Part) -> None:
        """Publish a part; once the answer is over, nothing."""
        if self.state is AnswerState.OVER:
            return
        match part:
            case Heard(text):
                self._publish_all(self._frames.said(self.given, Side.USER, text, final=True))
            case Words(text):
                self._publish_all(self._frames.said(self.given, Side.MODEL, text))
            case Sound(pcm, rate_hz):
                self._sound(pcm, rate_hz)
            case Tokens():
                self._publish(self._frames.usage(self.turn, part))

    @property
    def sound_s(self) -> float:
        """How much sound was given."""
        return self.given.samples / max(self._rate_hz, 1)

    @property
    def plays_in_s(self) -> float:
        """Time until the sound that was given has been played, if it is played as it comes."""
        return max(0.0, self._begun_s + self.sound_s - time.monotonic())

    async def played(self, history: History) -> None:
        """Return when what was given has been heard: who says the rest must not talk into it."""
        if not history.reported:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self.plays_in_s):
                while history.heard_samples(self.turn, self.epoch) < self.given.samples:
                    self.heard.clear()
                    await self.heard.wait()

    def end(self, end: AnswerEnd, detail: str = "", unspoken: str = "") -> None:
        """Say that this was it, unless it was said."""
        if self.state is AnswerState.ON:
            self.abort()
            self._publish_all(self._frames.ended(self.given, end, detail, unspoken))

    def whole(self) -> AnswerEnd:
        """How it ends if nothing more comes."""
        return whole(self.given)

    def abort(self) -> None:
        """Say nothing any more; what was called for is not waited for."""
        if self.state is AnswerState.ON:
            self.state = AnswerState.OVER
            self._publish_all([self._frames.cancel(c) for c in self._calls.abandoned(self.turn)])
            self._calls.released()

    async def call(self, name: str, args: dict[str, Any]) -> dict[str, Any]:
        """Have a tool carried out and return its response; cancelled: nobody waits for it."""
        self._asked += 1
        # The same name after a restart of this process: the tool is not carried out twice.
        call_id = f"{self.turn}/{self.epoch}/{self._asked}"
        asked = self._calls.requested(self.turn, call_id, name, args)
        if isinstance(asked, ToolReply):
            return asked.response
        if isinstance(asked, CallRecord):
            self._on_call()
            self._publish(self._frames.call(asked))
        response: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = response
        try:
            return await response
        except asyncio.CancelledError:
            self._publish_all([self._frames.cancel(c) for c in self._calls.cancelled((call_id,))])
            raise
        finally:
            del self._waiting[call_id]

    def reply(self, reply: ToolReply) -> None:
        """A tool is done."""
        waiting = self._waiting.get(reply.wire_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply.response)

    def _sound(self, pcm: bytes, rate_hz: int) -> None:
        if len(pcm) < 2:
            return
        if self._rate_hz not in (0, rate_hz):
            raise AnswerFailedError(f"the voice changed from {self._rate_hz} to {rate_hz} Hz")
        self._rate_hz = rate_hz
        if not self.given.samples:
            self._on_begun()
            self._begun_s = time.monotonic()
        self._publish(self._frames.audio(self.given, pcm, rate_hz))

    def _publish_all(self, published: list[Publish]) -> None:
        for each in published:
            self._publish(each)
