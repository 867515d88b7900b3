"""One client of google-genai for each key, closed at the end, whoever stopped waiting for it."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from actors.backends.gemini.http import service
from actors.backends.gemini.http.options import HttpOptions
from actors.backends.gemini.http.service import HttpService, ServiceFailedError
from actors.backends.gemini.keys import ServerKey
from actors.backends.gemini.server import Server
from pipeline.errors import ConfigError
from pipeline.logs import get_logger
from pipeline.surroundings import Surroundings

WHICH = ServerKey(Server(("a-key",)), "a-key")


class Client:
    """Stands in for one of google-genai."""

    def __init__(self) -> None:
        self.aio = self
        self.closed: list[str] = []

    async def aclose(self) -> None:
        self.closed.append("asynchronous")

    def close(self) -> None:
        self.closed.append("synchronous")


class Maker:
    """Makes clients when it is let, and keeps them."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.made: list[Client] = []
        self.errors: list[Exception] = []

    def __call__(self, *_args: Any) -> Client:
        self.may.wait()
        if self.errors:
            raise self.errors.pop()
        self.made.append(Client())
        return self.made[-1]

    def made_one_and_it_is_closed(self) -> None:
        assert [client.closed for client in self.made] == [["asynchronous", "synchronous"]]


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> Maker:
    maker = Maker()
    monkeypatch.setattr(service, "make_client", maker)
    return maker


@pytest.fixture
def http(tmp_path: Path) -> HttpService:
    surroundings = Surroundings("http", tmp_path, tmp_path, tmp_path, 0, frozenset())
    return HttpService(HttpOptions(), surroundings, get_logger("http"), Counter())


def test_two_who_ask_at_once_get_the_same_client(http: HttpService, maker: Maker) -> None:
    async def ask() -> None:
        asking = [asyncio.create_task(http._client(WHICH)) for _ in range(2)]
        await asyncio.sleep(0)
        maker.may.set()
        assert len(set(await asyncio.gather(*asking))) == 1
        await http.close()

    asyncio.run(ask())
    maker.made_one_and_it_is_closed()


def test_a_client_nobody_waits_for_any_more_is_closed(http: HttpService, maker: Maker) -> None:
    async def leave() -> None:
        asking = asyncio.create_task(http._client(WHICH))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        maker.may.set()
        await http.close()

    asyncio.run(leave())
    maker.made_one_and_it_is_closed()


def test_a_client_that_could_not_be_made_is_a_failure_and_tried_again(
    http: HttpService, maker: Maker
) -> None:
    async def ask() -> None:
        with pytest.raises(ServiceFailedError, match="the file cannot be read"):
            await http._client(WHICH)
        assert await http._client(WHICH)
        await http.close()

    maker.errors.append(ConfigError("the file cannot be read"))
    maker.may.set()
    asyncio.run(ask())
    maker.made_one_and_it_is_closed()
