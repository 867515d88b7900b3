"""A call from the first ring to the end."""

from __future__ import annotations

import asyncio

from bots import TwilioBot, serving

from actors.cli.calling.dialled_call import DialledCall
from actors.cli.calling.happening import Happening, What
from actors.cli.calling.scripted_caller import ScriptedCaller
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
