"""One Live connection: opened, spoken into, listened to, closed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from actors.backends.fault_info import FaultInfo
from actors.backends.gemini.close_reason import (
    ODD_FRAMES,
    ConnectionOverError,
    close_reason_of,
    network_errors,
)
from actors.backends.gemini.faults import CloseReason, FaultSource, classify
from actors.backends.gemini.live.capabilities import ModelFamily
from actors.backends.gemini.live.messages import audio_message, content, send_control, text_frame
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.outbox import Outbox, Outgoing, QueuedPicture, QueuedSound
from actors.backends.gemini.live.receiver import odd, receive
from actors.backends.gemini.live.setup import build_setup
from actors.backends.realtime.events import Event
from actors.backends.realtime.link import Activity, LinkOverError, Seed
from actors.backends.realtime.steps import SendActivity, SendReply, SendText
from actors.backends.tool_calls import ToolReply
from pipeline.actor import Actor

if TYPE_CHECKING:
    from google.genai import Client, types
    from google.genai.live import AsyncSession
    from websockets.asyncio.client import ClientConnection

WRITING = ("paused", "protocol", "transport", "send_data")
"""Of a websocket: not documented, so another version may lack them; `send` is slower."""


class GeminiLink:
    """Sends in the order of the calls, none of which blocks; sound at once if nothing waits.

    Args:
        client: Connects.
        peer: What handles are good for.
        via: Way to the service, if it is not direct.
        family: Of the model.
        actor: Counts and measures.
        on_fault: Told what ended the connection, before anybody else.
        warn: Told what was left out of the setup.
    """

    def __init__(
        self,
        client: Client,
        peer: str,
        via: str,
        family: ModelFamily,
        actor: Actor[Any],
        on_fault: Callable[[FaultInfo], None],
        warn: Callable[[str], None],
    ) -> None:
        self.peer = peer
        self._via = via
        self._client = client
        self._family = family
        self._counters = actor.counters
        self._gauges = actor.gauges
        self._on_fault = on_fault
        self._warn = warn
        self._outbox = Outbox(actor.counters)
        self._picture: bytes | None = None
        self._stack = AsyncExitStack()
        self._session: AsyncSession | None = None
        self._socket: ClientConnection | None = None
        self._open_state: object = None
        """Of the socket; the module of it is loaded with google-genai."""
        self._leaving: asyncio.Future[FaultInfo | None] = asyncio.get_running_loop().create_future()

    async def connect(self, seed: Seed, manner: LiveOptions) -> None:
        """Connect, have the setup confirmed, and tell what was said before.

        Raises:
            LinkOverError: it failed.
        """
        config, warnings = build_setup(manner, self._family, seed)
        for warning in warnings:
            self._warn(warning)
        self._counters["connects"] += 1
        with self._judged():
            session = await self._open(manner.model, config, manner.setup_timeout_s)
            if seed.history:
                await self._guard(self._tell(session, seed.history))
        from websockets.protocol import OPEN

        self._session = session
        if all(hasattr(session._ws, name) for name in WRITING):
            self._socket = session._ws
            self._open_state = OPEN

    async def listen(self, on_event: Callable[[Event], None]) -> None:
        """Hand on what the service says, until `leave`.

        Raises:
            LinkOverError: the connection ended by itself, or `leave` was given a fault.
        """
        assert self._session is not None, "connect first"
        tasks = [
            asyncio.ensure_future(receive(self._session, on_event, self._counters)),
            asyncio.ensure_future(self._transmit(self._session)),
        ]
        try:
            waited: list[asyncio.Future[Any]] = [*tasks, self._leaving]
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._socket = None
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        with self._judged():
            # A close that both tasks noticed is best explained by the one that was listening.
            for error in ended:
                if isinstance(error, Exception):
                    raise error
        if info := self._leaving.result():
            raise LinkOverError(info)

    def send_audio(self, pcm: bytes, origin_ns: int) -> None:
        """Send sound captured at `origin_ns` (its last sample, monotonic)."""
        if self._outbox or not self._write(pcm, origin_ns):
            self._outbox.put_sound(pcm, origin_ns)

    def send_activity(self, activity: Activity) -> None:
        """Say that the user begins to speak, or has finished."""
        self._outbox.put(SendActivity(activity))

    def send_image(self, jpeg: bytes) -> None:
        """Send a JPEG file; it takes the place of one that still waits."""
        if self._picture is None:
            self._outbox.put(QueuedPicture())
        else:
            self._counters["video_superseded"] += 1
        self._picture = jpeg

    def send_text(self, text: str) -> None:
        """Send a typed turn."""
        self._outbox.put(SendText(text))

    def send_tool_results(self, replies: Sequence[ToolReply]) -> None:
        """Answer tool calls."""
        for reply in replies:
            self._outbox.put(SendReply(reply))

    def leave(self, info: FaultInfo | None = None) -> None:
        """End the connection: `listen` returns, or raises if there is a fault to complain of."""
        if not self._leaving.done():
            self._leaving.set_result(info)

    async def aclose(self) -> None:
        """Close the socket."""
        await self._stack.aclose()

    @contextmanager
    def _judged(self) -> Iterator[None]:
        try:
            yield
        except ConnectionOverError as error:
            info = classify(error.close_reason)
            self._on_fault(info)
            raise LinkOverError(info) from error

    async def _open(
        self,
        model: str,
        config: types.LiveConnectConfig,
        setup_timeout_s: float,
    ) -> AsyncSession:
        try:
            async with asyncio.timeout(setup_timeout_s):
                session = await self._stack.enter_async_context(
                    self._client.aio.live.connect(model=model, config=config)
                )
        except TimeoutError as error:
            reason = f"setup was not answered within {setup_timeout_s:g} s"
            raise ConnectionOverError(CloseReason(FaultSource.LOCAL, None, reason)) from error
        except network_errors() as error:
            raise ConnectionOverError(close_reason_of(error, self._via)) from error
        except ODD_FRAMES as error:
            raise ConnectionOverError(odd("the first frame is no JSON message")) from error
        if session.setup_complete is None:
            raise ConnectionOverError(odd("no setupComplete in the first frame"))
        return session

    async def _transmit(self, session: AsyncSession) -> None:
        while True:
            outgoing = await self._outbox.get()
            if not isinstance(outgoing, QueuedSound):
                await self._guard(self._send(session, outgoing))
                continue
            await self._guard(session._ws.send(audio_message(outgoing.pcm), text=True))
            self._count(outgoing.pcm, outgoing.origin_ns)

    def _write(self, pcm: bytes, origin_ns: int) -> bool:
        """Do what `send` of the socket does when it has not to wait, without a task's switch.

        With many sessions that is a sixth of all the time it takes to hear a block and to send it.
        Returns False if the socket is not open or does not keep up.
        """
        socket = self._socket
        if socket is None or socket.paused or socket.protocol.state is not self._open_state:
            return False
        message = audio_message(pcm)
        if socket.protocol.extensions:
            # Such as compression, which the server may have agreed to.
            socket.protocol.send_text(message)
            socket.send_data()
        else:
            socket.transport.write(text_frame(message))
        self._count(pcm, origin_ns)
        return True

    def _count(self, pcm: bytes, origin_ns: int) -> None:
        self._counters["audio_bytes"] += len(pcm)
        delay_ms = (time.monotonic_ns() - origin_ns) / 1e6
        self._gauges["capture_to_socket_ms"] = round(delay_ms, 3)

    async def _send(self, session: AsyncSession, outgoing: Outgoing) -> None:
        """Send all but sound, which comes fifty times a second."""
        if not isinstance(outgoing, QueuedPicture):
            await send_control(session, self._family, outgoing)
            return
        jpeg, self._picture = self._picture or b"", None
        await session.send_realtime_input(video={"data": jpeg, "mime_type": "image/jpeg"})
        self._counters["video_frames"] += 1
        self._counters["video_bytes"] += len(jpeg)

    async def _tell(self, session: AsyncSession, history: Sequence[tuple[str, str]]) -> None:
        contents: list[Any] = [content(role, text) for role, text in history]
        await session.send_client_content(turns=contents, turn_complete=True)

    async def _guard(self, work: Any) -> None:
        try:
            await work
        except network_errors() as error:
            raise ConnectionOverError(close_reason_of(error, self._via)) from error
