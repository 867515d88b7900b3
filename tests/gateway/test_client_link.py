"""Messages to one connection: in order, at once where that is possible."""

from __future__ import annotations

import asyncio

from actors.gateway.events import Message
from actors.gateway.link import ClientLink
from actors.gateway.website.codec import WebsiteCodec


class SlowClient:
    """A connection that takes a message at once while it is not `busy`."""

    def __init__(self) -> None:
        self.busy = False
        self.went_on = asyncio.Event()
        self.taken: list[Message] = []
        self.link = ClientLink(WebsiteCodec(), self.send, self.send_at_once)

    def send_at_once(self, message: Message) -> bool:
        if self.busy:
            return False
        self.taken.append(message)
        return True

    async def send(self, message: Message) -> None:
        await self.went_on.wait()
        self.taken.append(message)


async def _conversation() -> tuple[list[Message], list[Message]]:
    client = SlowClient()
    running = asyncio.ensure_future(client.link.run())
    client.link.send("1")
    at_once = list(client.taken)
    client.busy = True
    client.link.send("2")
    for _ in range(3):
        await asyncio.sleep(0)  # The second is on its way.
    client.busy = False
    client.link.send("3")
    client.link.close("over")
    client.went_on.set()
    async with asyncio.timeout(10):
        await running
    client.link.send("too late")
    return at_once, client.taken


def test_what_waits_comes_before_what_could_be_sent_at_once() -> None:
    at_once, taken = asyncio.run(_conversation())
    assert at_once == ["1"]
    assert taken == ["1", "2", "3"]
