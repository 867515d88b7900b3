"""A website's visitor whose connection is lost in the middle of a word, and who loses nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import numpy as np
import websockets
from websockets.asyncio.server import ServerConnection, serve

from actors.cli.calling.dialled_call import DialledCall
from actors.cli.calling.happening import Happening, What
from actors.cli.calling.line_form import BLOCK_S
from actors.cli.calling.scripted_caller import ScriptedCaller, ScriptLine
from actors.cli.calling.wanted_call import WantedCall
from actors.lib.moving_caller import MOVES, SILENT_S

RATE_HZ = 16_000
LONG = np.arange(1.6 * RATE_HZ).astype(np.int16) + 1000
"""A second and a half in which no sample is like another, nor silent."""


@dataclass
class Rooms:
    """Plays rooms of a gateway, one behind the other; each has what was said in the one before.

    Attributes:
        heard: Samples, by the number that their sender gave them.
        offers: What was offered with each connection.
        closes: How each but the last connection ends, after how many messages of sound.
    """

    closes: list[str]
    after: int
    heard: dict[int, int] = field(default_factory=dict)
    offers: list[dict[str, int]] = field(default_factory=list)

    async def room(self, socket: ServerConnection) -> None:
        started = json.loads(await socket.recv())
        offer = started["sound"]
        self.offers.append(offer)
        begin = max(offer["from"], min(offer["next"], len(self.heard)))
        await socket.send(
            json.dumps({"type": "session_started", "session_id": "s", "sound": begin})
        )
        how = self.closes[len(self.offers) - 1] if len(self.offers) <= len(self.closes) else ""
        messages, next_sample = 0, begin
        async for message in socket:
            if isinstance(message, str):
                if json.loads(message)["type"] == "ping":
                    await socket.send('{"type": "pong"}')
                continue
            for sample in np.frombuffer(message, np.int16):
                self.heard[next_sample] = int(sample)
                next_sample += 1
            messages += 1
            if how and messages >= self.after and await self.end(socket, how):
                return

    async def end(self, socket: ServerConnection, how: str) -> bool:
        match how:
            case "cut":
                socket.transport.abort()
            case "closed":
                await socket.close(1012, "restart")
            case "asked":
                await socket.send('{"type": "going_away", "detail": "go", "moves": true}')
                await socket.wait_closed()
            case "silent":
                # As one that stands still: it takes the sound and says nothing.
                with suppress(websockets.ConnectionClosed):
                    while True:
                        await socket.recv()
        return True


@asynccontextmanager
async def served(rooms: Rooms) -> AsyncIterator[str]:
    async with serve(rooms.room, "127.0.0.1", 0, ping_interval=None) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws/live-audio"


async def talk(rooms: Rooms, told: list[Happening], patience_s: float = 0.2) -> None:
    async with served(rooms) as url, asyncio.timeout(20):
        call = replace(WantedCall(url, "website").call(), moves=True)
        script = [ScriptLine("long", LONG, after_s=0.1)]
        person = ScriptedCaller(script, 320, told.append, hang_up_s=0.2, patience_s=patience_s)
        await DialledCall(call, told.append).run(person)


def test_what_is_said_while_a_room_is_gone_is_heard_by_the_next_one() -> None:
    rooms, told = Rooms(["cut", "closed", "asked"], after=15), list[Happening]()
    asyncio.run(talk(rooms, told))
    why = [each.values["why"] for each in told if each.what is What.LOST]
    assert why == ["1006 the connection was lost", "1012 restart", MOVES]
    assert sum(each.what is What.SESSION for each in told) == len(rooms.offers) == 4
    assert told[-1].values["by"] == "caller"
    words = [sample for _, sample in sorted(rooms.heard.items()) if sample]
    assert words == LONG.tolist()


def test_a_room_that_says_nothing_is_left_after_three_seconds() -> None:
    rooms, told = Rooms(["silent"], after=20), list[Happening]()
    asyncio.run(talk(rooms, told, patience_s=SILENT_S))
    (lost,) = (each for each in told if each.what is What.LOST)
    back = [each.at_s for each in told if each.what is What.SESSION][-1]
    assert SILENT_S - 0.5 <= lost.at_s - 20 * BLOCK_S <= SILENT_S + 1.5
    assert back - lost.at_s < 1.0
    # The room that stood still has heard it, and the next one hears on from there.
    assert [sample for _, sample in sorted(rooms.heard.items()) if sample] == LONG.tolist()


def test_who_is_not_let_in_at_first_does_not_come_again() -> None:
    told: list[Happening] = []
    connections = 0

    async def refuse(socket: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await socket.recv()
        await socket.close(1013, "full")

    async def call() -> None:
        async with serve(refuse, "127.0.0.1", 0) as server, asyncio.timeout(10):
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws/live-audio"
            wanted = replace(WantedCall(url, "website").call(), moves=True)
            person = ScriptedCaller([], 320, told.append)
            await DialledCall(wanted, told.append).run(person)

    asyncio.run(call())
    assert connections == 1
    assert (told[-1].what, told[-1].values["why"]) == (What.HUNG_UP, "1013 full")
