"""All that a turn-based backend knows of one session."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from actors.backends.audio_ring import AudioRing
from actors.backends.history import History
from actors.backends.manner import offered
from actors.backends.tool_calls import ToolCalls
from actors.backends.turnwise.answer import RunningAnswer
from actors.backends.turnwise.request import CallTool, Request
from actors.backends.turnwise.turns import Begin, Turns
from pipeline.actor import Options
from pipeline.frames import SessionOpened

PICTURE_LIFE_S = 30.0
"""An older picture shows what was, not what the user talks about."""
SOUND_PATIENCE_S = 1.0
"""The end of a turn comes on another socket than its sound, and may overtake it a little."""


@dataclass(frozen=True)
class Picture:
    """A JPEG file and when it came, in monotonic seconds."""

    jpeg: bytes
    came_s: float


class TurnBasedSession:
    """The sound, the picture, the words and the turns.

    Args:
        opened: How it was opened.
        manner: The actor's options as the session wants them.
        functions: Declarations of what its own client answers.
        counters: Of the actor.
        owned: Its turns are answered here, unless a route says otherwise.
        reported: Somebody tells what was heard of its answers.
        replayed: What was retained before this process began may be among what comes.
    """

    def __init__(
        self,
        opened: SessionOpened,
        manner: Options,
        functions: tuple[dict[str, Any], ...],
        counters: Counter[str],
        *,
        owned: bool,
        reported: bool,
        replayed: bool,
    ) -> None:
        self.name = opened.session
        self.opened = opened
        self.manner = manner
        self.functions = functions
        self.ring = AudioRing(replayed=replayed)
        self.history = History(reported=reported)
        self.turns = Turns(owned=owned)
        self.calls = ToolCalls(counters)
        self.answer: RunningAnswer | None = None
        self.begun: dict[str, int] = {}
        """Turns of whose answer something was sent, by epoch."""
        self.cut_off: dict[str, int] = {}
        """Those of them that an earlier process did not end."""
        self._picture: Picture | None = None
        self._arrivals: list[tuple[int, asyncio.Future[None]]] = []

    def hear(self, position: int, pcm: bytes) -> None:
        """Take a block of the microphone."""
        self.ring.append(position, pcm, self.turns.hold_from())
        if self._arrivals:
            for end, arrival in self._arrivals:
                if self.ring.end >= end and not arrival.done():
                    arrival.set_result(None)

    def see(self, jpeg: bytes) -> None:
        """Take a picture; only the newest counts."""
        self._picture = Picture(jpeg, time.monotonic())

    def picture(self) -> bytes | None:
        """The newest picture, if it is still worth showing."""
        picture = self._picture
        if picture is None or time.monotonic() - picture.came_s > PICTURE_LIFE_S:
            return None
        return picture.jpeg

    async def request(
        self, begin: Begin, tools: tuple[dict[str, Any], ...], call: CallTool
    ) -> Request:
        """Return what there is to answer, once all of its sound is here or not to be expected."""
        material = begin.material
        await self._hear_upto(max((end for _, end in material.spans), default=0))
        return Request(
            session=self.name,
            turn=begin.turn,
            epoch=begin.epoch,
            kind=begin.kind,
            pcm=b"".join(self.ring.cut(*span) for span in material.spans),
            text="\n".join(material.lines),
            picture=self.picture(),
            history=self.history.contents(begin.turn, material.turns),
            tools=offered(tools, self.functions),
            manner=self.manner,
            call=call,
        )

    def kept_turns(self) -> dict[str, Any]:
        """What a process that takes over must know of the turns.

        `begun`: of whose answer something was sent; `answered`: whose answer has ended, both with
        the epoch; `over`: that are closed.
        """
        return {
            "begun": dict(self.begun),
            "answered": dict(self.turns.answered),
            "over": list(self.turns.over),
        }

    def restore(self, turns: dict[str, Any] | None, history: dict[str, Any] | None) -> None:
        """Take over what an earlier process kept."""
        self.history.restore(history or {})
        if turns is None:
            return
        self.cut_off = dict(turns["begun"])
        for turn in turns["over"]:
            self.turns.over[turn] = None
        for turn, epoch in (turns["answered"] | turns["begun"]).items():
            self.turns.note_answered(turn, epoch)

    async def _hear_upto(self, position: int) -> None:
        if self.ring.end >= position:
            return
        arrival: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = (position, arrival)
        self._arrivals.append(waiting)
        try:
            await asyncio.wait([arrival], timeout=SOUND_PATIENCE_S)
        finally:
            self._arrivals.remove(waiting)
