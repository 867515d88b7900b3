"""A call from the first ring to the end: a person, a provider, a network and a server."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import numpy as np

from actors.cli.calling.bad_network import BadNetwork
from actors.cli.calling.call import Call, Severed
from actors.cli.calling.happening import Happening, Tell, What
from actors.cli.calling.hearing import Hearing
from actors.cli.calling.line_form import BLOCK_S
from actors.cli.calling.line_queue import Stretch
from actors.cli.calling.moving_line import MovingLine, moving
from actors.cli.calling.provider_side import LineState, ProviderSide
from actors.cli.calling.scripted_caller import Person
from actors.cli.calling.transports import LineClosedError, LineSocket, connected
from actors.lib.audio.pcm import Samples

CLOSING_S = 2.0
"""For the last messages before a hang-up to be sent."""
READY_S = 20.0
"""For a server that says itself when it takes sound: as long as an answer is awaited."""


class DialledCall:
    """Makes one call.

    Args:
        call: Which.
        tell: Told what happens, as it happens.
        on_sound: Given what the person hears, in real time.
    """

    def __init__(
        self,
        call: Call,
        tell: Tell,
        on_sound: Callable[[Samples], None] = lambda _: None,
    ) -> None:
        self._call = call
        self._tell = tell
        self._on_sound = on_sound
        self.began_ns = time.monotonic_ns()
        """When the line was up: monotonic."""
        self.late_s: list[float] = []
        """How much later than its time each block was sent: of this process, not of the server."""
        self._to_server = BadNetwork(call.weather, "to the server")
        self._from_server = BadNetwork(call.weather, "from the server")
        self.side = ProviderSide(call.words, self._happened)
        self._hearing = Hearing(call.words.heard.rate_hz, tell)
        self._silence = np.zeros(call.words.form.block_samples, np.int16)
        self.bytes_up = 0
        """Of messages that were sent, without what carries them."""
        self.bytes_down = 0
        self.severed = Severed.NOT
        """What the network did to it."""
        self._socket: LineSocket | None = None
        self._closed_why: str | None = None
        """With what the server closed the connection."""
        self._connecting: asyncio.Task[LineSocket] | None = None
        self._stirred = asyncio.Event()
        """Something came, or it is time to do something."""

    @property
    def comes_back(self) -> bool:
        """Whether a connection that is lost is not the end of the call."""
        return self._call.comes_back

    def hang_up(self, why: str = "") -> None:
        """Hang up, whatever the person does; nothing if the call is over."""
        if self._connecting is not None:
            self._connecting.cancel()
        self._to_server.send(self.side.hang_up(self._now_s, why), self._now_s)
        self._stirred.set()

    def sever(self, how: Severed) -> None:
        """Let the network take the connection away; nothing if the call is over."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self.side.state is not LineState.OVER:
            self.severed = how
            self.side.lost(self._now_s, how.name.lower(), by="network")
            self._stirred.set()

    def shake(self, vanishes_s: float | None) -> None:
        """Let the network take the connection away from a call that comes back.

        Args:
            vanishes_s: For so long nothing comes through; None: it breaks.
        """
        if isinstance(self._socket, MovingLine):
            if vanishes_s is None:
                self._socket.cut()
            else:
                self._socket.vanish(vanishes_s)

    def abort(self) -> None:
        """End a connection that was frozen."""
        if self._socket is not None:
            self._socket.abort()

    async def run(self, person: Person) -> None:
        """Call, and return when the call is over.

        Args:
            person: Who speaks.

        Raises:
            CallRefusedError: the server does not take the call.
        """
        call = self._call
        url = call.words.dialled(call.url)
        socket = await self._connected(url)
        if socket is None:
            return
        self._socket = socket
        self.began_ns = time.monotonic_ns()
        self._tell(Happening(0.0, What.CONNECTED, {"url": url, "protocol": call.words.name}))
        receiving = asyncio.create_task(self._receive(socket))
        try:
            await self._hold(socket, person)
        finally:
            receiving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await receiving
            if self.severed is Severed.FROZEN:
                socket.freeze()
            elif self.severed is Severed.CUT:
                socket.abort()
            else:
                await socket.close()

    async def _connected(self, url: str) -> LineSocket | None:
        """Return the connection; None if the person hung up before there was one."""
        self._connecting = asyncio.create_task(self._dial(url))
        try:
            socket = await self._connecting
        except asyncio.CancelledError:
            if self.side.state is LineState.OVER:
                return None
            self._connecting.cancel()
            raise
        finally:
            self._connecting = None
        if self.side.state is LineState.OVER:
            await socket.close()
            return None
        return socket

    async def _dial(self, url: str) -> LineSocket:
        call = self._call
        if not call.comes_back:
            return await connected(url, call.words, call.headers)
        return await moving(
            url,
            call.words,
            call.headers,
            lambda why: self.side.interrupted(self._now_s, why),
        )

    @property
    def _now_s(self) -> float:
        return (time.monotonic_ns() - self.began_ns) / 1e9

    async def _hold(self, socket: LineSocket, person: Person) -> None:
        self._to_server.send(self.side.begin(), 0.0)
        block_s = 0.0
        """When the next block begins to be spoken; it is sent when it was."""
        while self.side.state is LineState.UP:
            now_s = self._now_s
            while block_s + BLOCK_S <= now_s and self.side.state is LineState.UP:
                self.late_s.append(now_s - block_s - BLOCK_S)
                self._speak(person, block_s)
                block_s += BLOCK_S
            self._take(now_s)
            await self._flush(socket, now_s)
            await self._wait(block_s + BLOCK_S)
        if self.severed is Severed.NOT:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_S):
                    await self._flush(socket, float("inf"))

    async def _wait(self, next_s: float) -> None:
        """Wait until something comes, but not longer than until a time."""
        under_way = (self._to_server.next_s(), self._from_server.next_s())
        next_s = min([next_s, *(each for each in under_way if each is not None)])
        delay_s = max(0.0, next_s - self._now_s)
        timer = asyncio.get_running_loop().call_later(delay_s, self._stirred.set)
        await self._stirred.wait()
        self._stirred.clear()
        timer.cancel()

    def _speak(self, person: Person, now_s: float) -> None:
        """Let the person do what is done in 20 ms."""
        words = self._call.words
        if not words.is_ready:
            if now_s >= READY_S:
                self.side.lost(now_s, f"it does not begin within {READY_S:g} s")
            return
        key = person.press(now_s)
        if key is not None:
            self._hearing.pressed(now_s)
            self._to_server.send(self.side.press(key, now_s), now_s)
        said = person.speak(now_s, self._hearing)
        block = self._silence if said is None else said
        if said is not None:
            self._hearing.said(block, now_s)
        lost = self._to_server.loses()
        self._to_server.send(self.side.speak(block, lost=lost), now_s, sound=True)
        longest_s = self._call.longest_s
        if person.hangs_up(now_s, self._hearing) or (longest_s is not None and now_s >= longest_s):
            self.hang_up()

    def _take(self, now_s: float) -> None:
        """Take what came from the server, and hear what was played."""
        for message in self._from_server.due(now_s):
            self._to_server.send(self.side.take(message, now_s), now_s)
        if self._closed_why is not None and self._from_server.next_s() is None:
            self.side.lost(now_s, self._closed_why)
        stretches, replies = self.side.play(now_s)
        self._to_server.send(replies, now_s)
        self._hear(stretches)

    def _hear(self, stretches: list[Stretch]) -> None:
        for stretch in stretches:
            self._hearing.hear(stretch)
            self._on_sound(stretch.samples)

    async def _flush(self, socket: LineSocket, now_s: float) -> None:
        for message in self._to_server.due(now_s):
            self.bytes_up += len(message)
            await socket.send(message)

    async def _receive(self, socket: LineSocket) -> None:
        try:
            while True:
                message = await socket.receive()
                self.bytes_down += len(message)
                self._from_server.send([message], self._now_s)
                self._stirred.set()
        except LineClosedError as closed:
            # Not yet the end of the call: what is still under way was sent before it.
            self._closed_why = str(closed)
            self._stirred.set()

    def _happened(self, happening: Happening) -> None:
        self._tell(happening)
        if happening.what is What.CLEAR:
            # What was played before it is not what comes after it.
            self._hear(self.side.heard())
            self._hearing.cleared()
