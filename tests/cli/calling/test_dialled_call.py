"""A call from the first ring to the end."""

from __future__ import annotations

import asyncio
import time

import pytest
from bots import TwilioBot, serving

from actors.cli.calling.call import Severed
from actors.cli.calling.dialled_call import DialledCall
from actors.cli.calling.happening import Happening, What
from actors.cli.calling.scripted_caller import ScriptedCaller
from actors.cli.calling.transports import OPEN_S
from actors.cli.calling.wanted_call import WantedCall


def test_who_hangs_up_while_it_rings_is_not_on_the_line() -> None:
    bot = TwilioBot()
    told: list[Happening] = []

    async def ring() -> None:
        async with serving(bot.serve) as url, asyncio.timeout(10):
            dialled = DialledCall(WantedCall(f"{url}/phone/twilio").call(), told.append)
            dialled.hang_up()
            await dialled.run(ScriptedCaller([], 160, told.append))
            await bot.ended.wait()

    asyncio.run(ring())
    assert [each.what for each in told] == [What.HUNG_UP]
    assert bot.events == []


def test_who_hangs_up_waits_for_no_server_that_does_not_answer() -> None:
    """A server that takes the connection and says nothing would be waited for, for 10 s."""
    told: list[Happening] = []

    async def ring() -> float:
        asked = asyncio.Event()

        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            asked.set()
            await reader.read()
            writer.close()

        async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            url = f"ws://127.0.0.1:{port}/phone/twilio"
            dialled = DialledCall(WantedCall(url).call(), told.append)
            ringing = asyncio.create_task(dialled.run(ScriptedCaller([], 160, told.append)))
            await asked.wait()
            dialled.hang_up()
            began_s = time.monotonic()
            await ringing
            return time.monotonic() - began_s

    assert asyncio.run(ring()) < OPEN_S / 2
    assert [each.what for each in told] == [What.HUNG_UP]


@pytest.mark.parametrize("how", [Severed.CUT, Severed.FROZEN])
def test_a_connection_that_the_network_takes_away_ends_without_a_word(how: Severed) -> None:
    bot = TwilioBot()
    told: list[Happening] = []

    async def talk() -> bool:
        async with serving(bot.serve) as url, asyncio.timeout(20):
            dialled: DialledCall

            def tell(happening: Happening) -> None:
                told.append(happening)
                if happening.what is What.STARTED:
                    asyncio.get_running_loop().call_later(0.1, dialled.sever, how)

            dialled = DialledCall(WantedCall(f"{url}/phone/twilio").call(), tell)
            await dialled.run(ScriptedCaller([], 160, tell, hang_up_s=60.0))
            was_open = not bot.ended.is_set()
            # What was frozen is there until somebody ends it.
            dialled.abort()
            await bot.ended.wait()
            assert dialled.bytes_up > 0
            return was_open

    was_open = asyncio.run(talk())
    ended = told[-1]
    assert (ended.what, ended.values["by"]) == (What.HUNG_UP, "network")
    assert "stop" not in bot.events
    if how is Severed.FROZEN:
        assert was_open
