"""Links to the toy's service: lines of JSON over a UNIX socket; and the actor."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from actors.backends.fault_info import FaultInfo
from actors.backends.realtime.actor import RealtimeBackend
from actors.backends.realtime.events import Event
from actors.backends.realtime.limits import Limits
from actors.backends.realtime.link import Activity, LinkOverError, Seed
from actors.backends.tool_calls import ToolReply
from toy_vendor.capabilities import limits_of
from toy_vendor.events import event_of, lost
from toy_vendor.options import ToyOptions


class ToyLink:
    """One connection."""

    def __init__(self, options: ToyOptions) -> None:
        self.peer = str(options.socket)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._ticket: Event | None = None
        self._left: asyncio.Future[FaultInfo | None] = asyncio.get_running_loop().create_future()

    async def connect(self, seed: Seed, manner: ToyOptions) -> None:
        """Say who is there."""
        try:
            self._reader, self._writer = await asyncio.open_unix_connection(manner.socket)
        except OSError as error:
            raise LinkOverError(lost(str(error))) from error
        self._send_message(
            {
                "hello": manner.model,
                "voice": manner.voice,
                "instruction": manner.system_instruction,
                "history": seed.history,
                "ticket": seed.handle,
                "tools": [tool["name"] for tool in seed.tools],
            }
        )
        # The first thing that the service says is the ticket.
        self._ticket = await self._next()

    async def listen(self, on_event: Callable[[Event], None]) -> None:
        """Hand on what comes."""
        if self._ticket is not None:
            on_event(self._ticket)
        while True:
            coming = asyncio.ensure_future(self._next())
            try:
                await asyncio.wait({coming, self._left}, return_when="FIRST_COMPLETED")
            finally:
                if not coming.done() or self._left.done():
                    coming.cancel()
                    await asyncio.gather(coming, return_exceptions=True)
            if self._left.done():
                if info := self._left.result():
                    raise LinkOverError(info)
                return
            on_event(coming.result())

    def send_audio(self, pcm: bytes, origin_ns: int) -> None:
        """Send a block."""
        self._send_message({"sound": base64.b64encode(pcm).decode()})

    def send_activity(self, activity: Activity) -> None:
        """Send where a turn begins and ends."""
        self._send_message({"activity": activity.name.lower()})

    def send_image(self, jpeg: bytes) -> None:
        """The toy is blind."""

    def send_text(self, text: str) -> None:
        """Send a typed turn."""
        self._send_message({"text": text})

    def send_tool_results(self, replies: Sequence[ToolReply]) -> None:
        """Send what functions returned."""
        for reply in replies:
            self._send_message({"result": reply.response, "id": reply.wire_id})

    def leave(self, info: FaultInfo | None = None) -> None:
        """End it."""
        if not self._left.done():
            self._left.set_result(info)

    async def aclose(self) -> None:
        """Close the socket."""
        if self._writer is not None:
            self._writer.close()

    async def _next(self) -> Event:
        assert self._reader is not None
        try:
            line = await self._reader.readline()
        except OSError as error:
            raise LinkOverError(lost(str(error))) from error
        event = event_of(line) if line else lost("the line went dead")
        if isinstance(event, FaultInfo):
            raise LinkOverError(event)
        return event

    def _send_message(self, message: dict[str, Any]) -> None:
        assert self._writer is not None
        self._writer.write(json.dumps(message).encode() + b"\n")


class ToyService:
    """Needs no key, and nothing prepared."""

    def begin(self) -> None:
        """Nothing to do."""

    def limits(self, manner: ToyOptions, *, local_turns: bool) -> Limits:
        """Return what holds for the turns of a session."""
        return limits_of(local_turns=local_turns)

    async def link(self, manner: ToyOptions, session: str) -> ToyLink:
        """Return a link."""
        return ToyLink(manner)

    def ready_in_s(self, manner: ToyOptions, session: str) -> float | None:
        """There are no keys."""
        return None

    async def rest(self, session: str, wait_s: float) -> None:
        """There are places for all."""
        await asyncio.sleep(wait_s)

    def ended(self, session: str) -> None:
        """Nothing to give back."""

    async def close(self) -> None:
        """Nothing to give back."""


class Toy(RealtimeBackend[ToyOptions]):
    """Answers turns with the toy."""

    def make_service(self) -> ToyService:
        """Return its service."""
        return ToyService()
