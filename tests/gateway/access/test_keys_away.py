"""The database with the credentials is away: nobody comes in who was not known before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from gateway_client import GatewayOnStage, called, gateway_on_stage
from gateway_keys import SESSIONS, add_key, ask

from actors.gateway.access import keyring
from actors.gateway.access.authenticator import Serves
from actors.gateway.store.credentials import list_credentials
from actors.gateway.store.database import Database, Work
from actors.gateway.store.errors import DatabaseAwayError
from pipeline.frames import ActorState, ActorStatus, Health, Route, Status


def test_without_its_database_from_the_start_nobody_is_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "FIRST_S", 0.2)
    (tmp_path / "file").touch()
    with gateway_on_stage(database=f"sqlite:///{tmp_path}/file/keys.sqlite3") as gateway:
        code, told, headers = ask(gateway, "GET", SESSIONS)
        assert (code, told["code"], "retry-after" in headers) == (503, "keys_cannot_be_read", True)
        assert ask(gateway, "GET", "/healthz")[0] == 200
        gateway.harness.send("status", answering())
        code, told, headers = ask(gateway, "GET", "/readyz")
        assert (code, "retry-after" in headers) == (503, True)
        assert "keys" in told["error"]
        assert gateway.harness.actor.access.authenticator.serves is Serves.UNKNOWN


def test_who_is_served_is_said_once_the_keys_are_read_however_long_that_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, may_read = Database.run, asyncio.Event()

    async def late(database: Database, work: Work[object], within_s: float | None = None) -> object:
        if work is list_credentials:
            await may_read.wait()
        return await run(database, work, within_s)

    loaded, waited = keyring.Keyring.loaded, asyncio.Event()

    async def loaded_by_and_by(ring: keyring.Keyring) -> None:
        waited.set()
        await loaded(ring)

    monkeypatch.setattr(Database, "run", late)
    monkeypatch.setattr(keyring.Keyring, "loaded", loaded_by_and_by)
    # A slow machine takes longer than this to make the tables: nothing has failed yet.
    monkeypatch.setattr(keyring, "FIRST_S", 0.0)
    with gateway_on_stage() as gateway:
        gateway.harness.send("status", answering())
        authenticator = gateway.harness.actor.access.authenticator
        asked = gateway.begin(lambda: called(f"http://{gateway.url}/readyz", "GET"))
        gateway.harness.until(waited.is_set, "the request")
        assert authenticator.serves is Serves.UNKNOWN
        may_read.set()
        gateway.harness.until(asked.done, "the answer")
        code, told = asked.result()
        assert (code, told["serves"]) == (200, Serves.THIS_MACHINE.value)
        add_key(gateway, "site")
        assert ask(gateway, "GET", "/readyz")[1]["serves"] == Serves.HOLDERS.value


def answering() -> Status:
    """What the supervisor says of a pipeline in which `live` answers."""
    health = Health(actor="live", pid=1, state=ActorState.READY)
    actor = ActorStatus(actor="live", phase="running", health=health)
    route = Route(owner="live", epoch=1, reason="")
    return Status(pipeline="p", version="1", uptime_s=1.0, ready=True, route=route, actors=[actor])


def test_keys_that_were_known_go_on_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    with gateway_on_stage() as gateway:
        key = add_key(gateway, "site")
        look_in_vain(gateway, monkeypatch)
        assert ask(gateway, "GET", SESSIONS, x_api_key=key)[0] == 200
        code, told, _ = ask(gateway, "GET", SESSIONS, x_api_key=key[:-2])
        assert (code, told["code"]) == (401, "key_invalid")
        assert gateway.harness.actor.access.keyring.problem == "gone"


def look_in_vain(gateway: GatewayOnStage, monkeypatch: pytest.MonkeyPatch) -> None:
    database = gateway.harness.actor.access.keyring._database
    run = database.run

    async def vain(work: Work[object], within_s: float | None = None) -> object:
        if work is list_credentials:
            raise DatabaseAwayError("gone")
        return await run(work, within_s)

    monkeypatch.setattr(database, "run", vain)
    monkeypatch.setattr(keyring, "LOOK_AGAIN_S", 0.0)
