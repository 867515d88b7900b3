"""Two pipelines, one database, one project: a full quota, and what becomes of who comes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import websockets
import yaml
from database_work import done
from gateway_client import exchanged
from sqlalchemy import select
from websites import Site, address

from actors.cli.calling.providers.gemini import GEMINI_PATH
from actors.gateway.store.database import Database
from actors.gateway.store.quota_rows import taken
from actors.gateway.store.tables import sessions, turns
from actors.gateway.store.times import now
from actors.gateway.store.url import database_url
from benchmarks.postgres_server import PostgresServer, postgres_server
from benchmarks.web_room import GATEWAY, until_open, url_of
from pipeline.testing import RunningPipeline, running

PLACES = 2
START = "/api/v1/live-audio/session/start"
PATIENCE_S = 30.0
LEASE_S = 3.0
FULL = {"name": "main", "live_sessions": PLACES, "taken": PLACES}
"""As an operator sees the project."""


def room_config(folder: Path, name: str, server_file: str, gateway: dict[str, Any]) -> Path:
    """Write the config of the gateway without `device`, which has models to load."""
    tree: dict[str, Any] = yaml.safe_load(GATEWAY.read_text())
    actors = tree["actors"]
    del actors["device"]
    for actor in actors.values():
        for port, streams in actor.get("inputs", {}).items():
            if isinstance(streams, list):
                actor["inputs"][port] = [each for each in streams if "device" not in each]
    project = {"name": "main", "api_key_env": ["KEY_OF_MAIN"], "live_sessions": PLACES}
    for backend in ("live", "http"):
        actors[backend]["options"] = {
            "server_file": server_file,
            "projects": [project],
            "database": "$QUOTA_DATABASE",
        }
    actors["gateway"]["options"] = {
        "port": 0,
        "room": name,
        "database": "$QUOTA_DATABASE",
    } | gateway
    if server_file == "simulator.json":
        options = {"stt": "none", "tts": "tone", "live_sessions": PLACES}
        actors["simulator"]["options"] = options
    else:
        del actors["simulator"]
        for backend in ("live", "http"):
            del actors[backend]["after"]
    tree |= {"name": name, "route": {"backends": ["live", "http"], "stable_s": 1}}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


@dataclass
class Rooms:
    """Two rooms; those who come to `b` when all places are taken are answered by others."""

    a: RunningPipeline
    b: RunningPipeline
    database: Database
    clients: dict[str, websockets.ClientConnection] = field(default_factory=dict)

    async def call(self, room: RunningPipeline, name: str) -> Site:
        """A caller begins a conversation."""
        self.clients[name] = await websockets.connect(address(room))
        site = Site(self.clients[name])
        await site.start(name)
        return site

    async def refusal(self, room: RunningPipeline) -> tuple[dict[str, Any], int]:
        """What a caller is told who is not let in, and the code of the close."""
        async with websockets.connect(address(room)) as client:
            site = Site(client)
            await client.send('{"type": "start_session", "session_id": "stranger"}')
            told = await site.until("error")
            await client.wait_closed()
            assert client.close_code is not None
            return told, client.close_code

    async def refusal_of_sdk(self, room: RunningPipeline) -> tuple[str, int]:
        """How a Gemini SDK is told who is not let in: reason and code of the close."""
        async with websockets.connect(address(room).replace("/ws/live-audio", GEMINI_PATH)) as sdk:
            await sdk.send('{"setup": {"model": "models/gemini-3.8-live"}}')
            await sdk.wait_closed()
            assert sdk.close_code is not None
            return sdk.close_reason or "", sdk.close_code

    async def hang_up(self, name: str) -> None:
        client = self.clients.pop(name)
        await client.send('{"type": "end_session"}')
        await client.close()

    async def ask(self, site: Site) -> str:
        """Type something, and return who answered it, once that is written down."""
        before = len(self.backends(site))
        client = site._websocket
        await client.send('{"type": "text_message", "text": "What time is it?"}')
        assert (await site.until("turn_complete"))["outcome"] == "answered"
        deadline_s = time.monotonic() + PATIENCE_S
        while len(found := self.backends(site)) == before:
            assert time.monotonic() < deadline_s
            await asyncio.sleep(0.05)
        return found[-1]

    def backends(self, site: Site) -> list[str]:
        """Who answered the turns of a conversation."""
        name = next(n for n, client in self.clients.items() if client is site._websocket)
        query = (
            select(turns.c.backend)
            .join(sessions, sessions.c.id == turns.c.session_id)
            .where(sessions.c.name == name)
            .order_by(turns.c.closed_at)
        )
        return list(self.look(lambda c: c.scalars(query)))

    def places(self) -> int:
        found: dict[str, int] = self.look(lambda c: taken(c, now()))
        return found.get("main", 0)

    def look(self, work: Callable[[Any], Any]) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(done, self.database, work).result()

    async def until(self, holds: Callable[[], bool], what: str) -> float:
        began_s = time.monotonic()
        while not holds():
            assert time.monotonic() < began_s + PATIENCE_S, what
            await asyncio.sleep(0.05)
        return time.monotonic() - began_s


@contextmanager
def rooms(folder: Path, url: str) -> Iterator[Rooms]:
    def env(name: str) -> dict[str, str]:
        return {
            "QUOTA_DATABASE": url,
            "KEY_OF_MAIN": "AIza-key-of-the-project-0123456789",
            "XDG_STATE_HOME": str(folder / f"state-{name}"),
        }

    with ExitStack() as stack:
        first = room_config(folder, "a", "simulator.json", {})
        a = stack.enter_context(running(first, env=env("a")))
        until_open(a)
        others = {"when_quota_is_full": "answer"}
        second = room_config(folder, "b", str(a.runtime_dir / "simulator.json"), others)
        b = stack.enter_context(running(second, env=env("b")))
        until_open(b)
        database = Database(database_url(url, folder))
        stack.callback(database.close)
        yield Rooms(a, b, database)


def play(both: Rooms, work: Coroutine[Any, Any, None]) -> None:
    async def to_its_end() -> None:
        try:
            await work
        finally:
            for client in both.clients.values():
                await client.close()

    asyncio.run(to_its_end())


def asked(room: RunningPipeline, path: str) -> str:
    return exchanged(url_of(room) + path, "GET")[1]


def sees_full(room: RunningPipeline) -> bool:
    """Whether an operator sees in a room that the quota is full."""
    return FULL in json.loads(asked(room, "/api/v1/operator/sessions"))["quota"]["projects"]


async def story(both: Rooms) -> None:
    anna = await both.call(both.a, "anna")
    bert = await both.call(both.b, "bert")
    assert await both.ask(anna) == "live"
    assert await both.ask(bert) == "live"
    assert both.places() == PLACES

    # The quota is full. Who comes to the first room is told when to come again ...
    told, code = await both.refusal(both.a)
    assert (told["code"], told["retry_after_s"], code) == ("quota_full", 5, 1013)
    status, answer, headers = await asyncio.to_thread(exchanged, url_of(both.a) + START, "POST", {})
    assert (status, headers["Retry-After"]) == (503, "5")
    assert "quota_full" in answer
    reason, code = await both.refusal_of_sdk(both.a)
    assert (reason, code) == ("all places for conversations are taken: try again in a moment", 1013)
    # ... what is full, the operator sees in each room, and Prometheus ...
    for room in (both.a, both.b):
        await both.until(partial(sees_full, room), "the operator sees it")
        assert 'quota_places_taken{project="main"} 2.0' in asked(room, "/metrics")
    # ... who comes to the second is answered by another backend, and waits for a place.
    carl = await both.call(both.b, "carl")
    assert await both.ask(carl) == "http"
    assert both.places() == PLACES
    assert await both.ask(anna) == "live", "who has a place keeps it"

    # A conversation ends in one room: who waits in the other has its place, and Live answers.
    await both.hang_up("anna")
    await both.until(lambda: both.places() == PLACES, "carl has her place")

    deadline_s = time.monotonic() + PATIENCE_S
    while await both.ask(carl) != "live":
        assert time.monotonic() < deadline_s, "carl is not answered by Live"
    told, _ = await both.refusal(both.a)
    assert told["code"] == "quota_full"

    # A room dies: its places are free when its lease is over, and not much later.
    began_s = time.monotonic()
    for process in both.b.processes():
        process.kill()
    await both.until(lambda: both.places() == 0, "the places of a dead room are free")
    assert time.monotonic() - began_s < 2 * LEASE_S
    dora = await both.call(both.a, "dora")
    assert await both.ask(dora) == "live"
    await both.hang_up("dora")
    await both.until(lambda: both.places() == 0, "all are gone")


def test_who_waits_who_is_refused_and_what_they_are_told(tmp_path: Path) -> None:
    with rooms(tmp_path, f"sqlite:///{tmp_path / 'shared.sqlite3'}") as both:
        play(both, story(both))


@pytest.mark.postgres
def test_the_same_on_postgresql_which_tells_at_once(tmp_path: Path) -> None:
    with postgres_server() as server, rooms(tmp_path, server.make_database("quota")) as both:
        play(both, story(both))


@pytest.mark.postgres
def test_nobody_is_cut_off_while_postgresql_is_killed_and_back(tmp_path: Path) -> None:
    with postgres_server() as server, rooms(tmp_path, server.make_database("quota")) as both:
        play(both, without_database(both, server))


async def without_database(both: Rooms, server: PostgresServer) -> None:
    anna = await both.call(both.a, "anna")
    bert = await both.call(both.b, "bert")
    await asyncio.gather(both.ask(anna), both.ask(bert))
    server.kill()
    for site in (anna, bert):
        await site._websocket.send('{"type": "text_message", "text": "Still there?"}')
        assert (await site.until("turn_complete"))["outcome"] == "answered"
    # Longer than a lease, so that their places are over by the word of the database.
    await asyncio.sleep(LEASE_S + 1)
    server.start()
    await both.until(lambda: both.places() == PLACES, "both have their places again")
    ready = url_of(both.a) + "/readyz"
    await both.until(lambda: exchanged(ready, "GET")[0] == 200, "the room has its lease again")
    told, _ = await both.refusal(both.a)
    assert told["code"] == "quota_full"
    assert await both.ask(anna) == "live"
    assert await both.ask(bert) == "live"
    assert both.a.status().turns_closed.get("failed", 0) == 0
    assert both.b.status().turns_closed.get("failed", 0) == 0
