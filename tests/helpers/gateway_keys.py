"""Credentials of a gateway on a stage, and requests with them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from database_work import done
from gateway_client import GatewayOnStage, exchanged

from actors.gateway.access.keys import hash_of, make_key
from actors.gateway.store.credentials import Credential, add_credential, revoke_credentials
from actors.gateway.store.database import Database, Work
from actors.gateway.store.times import now
from actors.gateway.store.url import database_url

START = "/api/v1/live-audio/session/start"
SESSIONS = "/api/v1/live-audio/sessions"
TOKEN = "/api/v1/live-audio/token"


def add_key(gateway: GatewayOnStage, name: str, *scopes: str, origins: tuple[str, ...] = ()) -> str:
    """Make a credential, which the gateway knows from then on; return its key."""
    key = make_key()
    credential = Credential(
        name, name, hash_of(key), scopes or ("talk", "files", "tokens"), origins, now()
    )
    _change(gateway, lambda connection: add_credential(connection, credential))
    return key


def revoke(gateway: GatewayOnStage, name: str) -> None:
    """Take a credential back, which the gateway knows from then on."""
    at = now()
    _change(gateway, lambda connection: revoke_credentials(connection, name, at))


def ask(
    gateway: GatewayOnStage,
    method: str,
    path: str,
    body: Any = None,
    *,
    opens: bool = False,
    **headers: str,
) -> tuple[int, Any, dict[str, str]]:
    """Make a REST call; return its status, body, and headers with names in lower case."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}

    def call() -> tuple[int, Any, dict[str, str]]:
        status, text, told = exchanged(f"http://{gateway.url}{path}", method, body, **named)
        plain = {name.lower(): value for name, value in told.items()}
        return status, json.loads(text) if text[:1] in "{[" and text else text, plain

    return gateway.meanwhile(call, opens=opens)


def mint(gateway: GatewayOnStage, key: str, **asked: Any) -> str:
    """Have a token minted."""
    code, told, _ = ask(gateway, "POST", TOKEN, asked, x_api_key=key)
    assert code == 200, told
    token: str = told["token"]
    return token


def _change(gateway: GatewayOnStage, work: Work[Any]) -> None:
    actor = gateway.harness.actor

    def change() -> None:
        database = Database(database_url(actor.options.database, actor.surroundings.state_dir))
        try:
            done(database, work)
        finally:
            database.close()

    gateway.meanwhile(change)
    keyring = actor.access.keyring
    looked: list[asyncio.Task[None]] = []

    def look() -> bool:
        if not looked:
            looked.append(asyncio.ensure_future(keyring.refresh()))
        return looked[0].done()

    gateway.harness.until(look, "the credentials")
    looked[0].result()
