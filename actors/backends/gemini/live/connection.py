"""One Live connection: opened, spoken into, listened to, closed."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from actors.backends.gemini.close_reason import (
    ODD_FRAMES,
    ConnectionOverError,
    closing_of,
    http_closing,
    network_errors,
)
from actors.backends.gemini.faults import Closing, Source
from actors.backends.gemini.live.capabilities import Family
from actors.backends.gemini.live.events import Event, events_of
from actors.backends.gemini.live.last_frame import LastFrame
from actors.backends.realtime.steps import (
    EndActivity,
    EndStream,
    SendReply,
    SendText,
    StartActivity,
)

if TYPE_CHECKING:
    from google.genai import Client, types
    from google.genai.live import AsyncSession
    from websockets.asyncio.client import ClientConnection

WRITING = ("paused", "protocol", "send_data")
"""Of a websocket: not documented, so another version may lack them; `send` is slower."""
AUDIO_TYPE = "audio/pcm;rate=16000"
"""The rate must be named: the service has closed sessions that left it out."""


@dataclass(frozen=True, slots=True)
class Pcm:
    """Sound captured at `origin_ns` (its last sample, monotonic)."""

    data: bytes
    origin_ns: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The newest picture, whichever it is by the time it can be sent."""


Outgoing = StartActivity | Pcm | EndActivity | EndStream | SendText | SendReply | Picture


class Connection:
    """Sends in the order of `send`, which never blocks; ends by itself, or by `leave`."""

    def __init__(
        self, client: Client, family: Family, counters: Counter[str], gauges: dict[str, float]
    ) -> None:
        self._client = client
        self._family = family
        self._counters = counters
        self._gauges = gauges
        self._outbox: asyncio.Queue[Outgoing] = asyncio.Queue()
        self._picture: bytes | None = None
        self._socket: ClientConnection | None = None
        self._leaving: asyncio.Future[Closing | None] = asyncio.get_running_loop().create_future()

    def send(self, outgoing: Outgoing) -> None:
        """Queue something for the server; sound goes out at once if nothing is queued."""
        if isinstance(outgoing, Pcm) and self._outbox.empty() and self._write(outgoing):
            return
        self._outbox.put_nowait(outgoing)

    def send_picture(self, jpeg: bytes) -> None:
        """Queue a JPEG file; it takes the place of one that still waits."""
        if self._picture is None:
            self._outbox.put_nowait(Picture())
        else:
            self._counters["video_superseded"] += 1
        self._picture = jpeg

    def leave(self, closing: Closing | None = None) -> None:
        """End the connection; `run` returns, or raises if there is something to complain of."""
        if not self._leaving.done():
            self._leaving.set_result(closing)

    async def run(
        self,
        model: str,
        config: types.LiveConnectConfig,
        *,
        setup_timeout_s: float,
        history: Sequence[tuple[str, str]],
        on_open: Callable[[], Awaitable[None]],
        on_event: Callable[[Event], None],
    ) -> None:
        """Connect and stay connected.

        Args:
            model: Name of the model.
            config: The setup message.
            setup_timeout_s: Until setup must be confirmed.
            history: Role and text of what was said before; the setup must announce it.
            on_open: Awaited once setup is confirmed.
            on_event: Called with each event after that.

        Raises:
            ConnectionOverError: it failed or ended.
        """
        async with AsyncExitStack() as stack:
            session = await self._open(stack, model, config, setup_timeout_s)
            if history:
                await self._guard(self._seed(session, history))
            if all(hasattr(session._ws, name) for name in WRITING):
                self._socket = session._ws
            await on_open()
            tasks = [
                asyncio.ensure_future(self._receive(session, on_event)),
                asyncio.ensure_future(self._transmit(session)),
            ]
            try:
                waited: list[asyncio.Future[Any]] = [*tasks, self._leaving]
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._socket = None
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
            # A close that both tasks noticed is best explained by the one that was listening.
            for error in ended:
                if isinstance(error, Exception):
                    raise error
            if closing := self._leaving.result():
                raise ConnectionOverError(closing)

    async def _open(
        self,
        stack: AsyncExitStack,
        model: str,
        config: types.LiveConnectConfig,
        setup_timeout_s: float,
    ) -> AsyncSession:
        try:
            async with asyncio.timeout(setup_timeout_s):
                session = await stack.enter_async_context(
                    self._client.aio.live.connect(model=model, config=config)
                )
        except TimeoutError as error:
            reason = f"setup was not answered within {setup_timeout_s:g} s"
            raise ConnectionOverError(Closing(Source.LOCAL, None, reason)) from error
        except network_errors() as error:
            raise ConnectionOverError(closing_of(error)) from error
        except ODD_FRAMES as error:
            raise ConnectionOverError(_odd("the first frame is no JSON message")) from error
        if session.setup_complete is None:
            raise ConnectionOverError(_odd("no setupComplete in the first frame"))
        return session

    async def _receive(self, session: AsyncSession, on_event: Callable[[Event], None]) -> None:
        last = LastFrame(session._ws)
        # google-genai reads from this attribute; there is no other way to see a frame as it came.
        session._ws = last  # type: ignore[assignment]
        messages = session.receive()
        while True:
            try:
                message = await anext(messages)
            except StopAsyncIteration:
                # google-genai ends the iteration at each turnComplete.
                messages = session.receive()
                continue
            except network_errors() as error:
                raise ConnectionOverError(closing_of(error)) from error
            except ODD_FRAMES as error:
                self._check_odd_frame(error, last)
                messages = session.receive()
                continue
            for event in events_of(message):
                on_event(event)

    def _check_odd_frame(self, error: Exception, last: LastFrame) -> None:
        """Return if the frame can be passed over: a field from the future."""
        unparsed = last.parsed() if isinstance(error, TypeError) else None
        if unparsed is not None and "error" in unparsed:
            raise ConnectionOverError(http_closing(None, unparsed)) from error
        if unparsed is None and not isinstance(error, ValidationError):
            raise ConnectionOverError(_odd("a frame is no JSON message")) from error
        self._counters["unknown_frames"] += 1

    async def _transmit(self, session: AsyncSession) -> None:
        while True:
            outgoing = await self._outbox.get()
            if not isinstance(outgoing, Pcm):
                await self._guard(self._send(session, outgoing))
                continue
            await self._guard(session._ws.send(audio_message(outgoing.data)))
            self._count(outgoing)

    def _write(self, sound: Pcm) -> bool:
        """Do what `send` of the socket does when it has not to wait, without a task's switch.

        With many sessions that is a sixth of all the time it takes to hear a block and to send it.
        Returns False if the socket is not open or does not keep up.
        """
        socket = self._socket
        if socket is None or socket.paused or socket.state.name != "OPEN":
            return False
        socket.protocol.send_text(audio_message(sound.data).encode())
        socket.send_data()
        self._count(sound)
        return True

    def _count(self, sound: Pcm) -> None:
        self._counters["audio_bytes"] += len(sound.data)
        delay_ms = (time.monotonic_ns() - sound.origin_ns) / 1e6
        self._gauges["capture_to_socket_ms"] = round(delay_ms, 3)

    async def _send(self, session: AsyncSession, outgoing: Outgoing) -> None:
        """Send all but sound, which comes fifty times a second."""
        match outgoing:
            case StartActivity():
                await session.send_realtime_input(activity_start={})
            case EndActivity():
                await session.send_realtime_input(activity_end={})
            case EndStream():
                await session.send_realtime_input(audio_stream_end=True)
            case Picture():
                jpeg, self._picture = self._picture or b"", None
                await session.send_realtime_input(video={"data": jpeg, "mime_type": "image/jpeg"})
                self._counters["video_frames"] += 1
                self._counters["video_bytes"] += len(jpeg)
            case SendText(text) if self._family.typed_text == "realtime_text":
                await session.send_realtime_input(text=text)
            case SendText(text):
                await session.send_client_content(turns=_content("user", text))
            case SendReply(reply):
                await session.send_tool_response(
                    function_responses={
                        "id": reply.wire_id,
                        "name": reply.name,
                        "response": reply.response,
                    }
                )

    async def _seed(self, session: AsyncSession, history: Sequence[tuple[str, str]]) -> None:
        contents: list[Any] = [_content(role, text) for role, text in history]
        await session.send_client_content(turns=contents, turn_complete=True)

    async def _guard(self, work: Any) -> None:
        try:
            await work
        except network_errors() as error:
            raise ConnectionOverError(closing_of(error)) from error


def audio_message(pcm: bytes) -> str:
    """Return what `send_realtime_input(audio=...)` sends, to the byte.

    That goes through four models and dictionaries for each 20 ms block: 35 us instead of 3, and
    250 us with cold caches, a quarter of all the time there is from capture to socket.
    """
    data = base64.urlsafe_b64encode(pcm).decode("ascii")
    return f'{{"realtime_input": {{"audio": {{"data": "{data}", "mime_type": "{AUDIO_TYPE}"}}}}}}'


def _content(role: str, text: str) -> types.ContentDict:
    return {"role": role, "parts": [{"text": text}]}


def _odd(reason: str) -> Closing:
    return Closing(Source.LOCAL, None, reason)
