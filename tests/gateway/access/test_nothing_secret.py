"""A key and a token are told nobody: not in logs, errors, health, metrics, nor the database."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from gateway_client import GatewayOnStage, gateway_on_stage
from gateway_keys import SESSIONS, START, add_key, ask, mint
from websockets.exceptions import ConnectionClosed, InvalidStatus

from actors.gateway.access.own_callers import OwnCallers
from pipeline.frames import Health, SessionEnd

WS = "/ws/live-audio"
LIVE = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
FOREIGN = "canary-of-another-service"
"""Clients send keys of other services too, whose shape nobody knows."""


class Caught:
    """All that anybody is told."""

    def __init__(self, gateway: GatewayOnStage) -> None:
        self.gateway = gateway
        self.told: list[str] = []

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> None:
        self.told.append(repr(ask(self.gateway, method, path, body, **options)))

    def dial(self, path: str, text: str, **options: Any) -> None:
        """Connect, say something, and hear all until the end."""
        try:
            client = self.gateway.connect(path, **options)
        except InvalidStatus as refusal:
            self.told.append(repr((refusal.response.headers, refusal.response.body)))
            return

        def talk() -> None:
            client.send(text)
            client.send("not json")
            self.told.append(repr(client.recv(timeout=20)))
            client.close()

        try:
            self.gateway.meanwhile(talk)
        except ConnectionClosed as closed:
            self.told.append(repr(closed.rcvd))


def broken(*_arguments: Any) -> Any:
    raise RuntimeError("broken on purpose")


def test_no_key_and_no_token_is_told_anywhere(
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    with gateway_on_stage(limits={"first_message_s": 5}) as gateway:
        key, files = add_key(gateway, "site"), add_key(gateway, "files", "files")
        token = mint(gateway, key)
        secrets = [key, files, token, token.split(".")[2], FOREIGN]
        caught = Caught(gateway)
        for each in (key, files, token, FOREIGN, key[:-1], token[:-3]):
            for name in ("x_api_key", "x_goog_api_key"):
                caught.ask("GET", SESSIONS, **{name: each})
            caught.ask("GET", SESSIONS, authorization=f"Bearer {each}")
            for name in ("key", "token", "access_token"):
                for path in ("/no/such", "/v1beta/models", "/v1beta/models/x", SESSIONS, "/"):
                    caught.ask("GET", f"{path}?{name}={each}")
                caught.dial(f"{WS}?{name}={each}", '{"type": "x"}')
                caught.dial(f"/{LIVE}?a=b&{name}={each}", '{"setup": 1}')
                caught.dial(f"/ws/nothing?{name}={each}", "{}")
            caught.dial(WS, '{"type": "x"}', additional_headers={"X-API-Key": each})
        caught.ask("POST", START, {"session_id": "anna"}, opens=True, x_api_key=key)
        gateway.harness.end("anna", SessionEnd.HUNG_UP, "over")
        with monkeypatch.context() as patch:
            patch.setattr(OwnCallers, "__iter__", broken)
            caught.ask("GET", f"{SESSIONS}?token={token}", x_api_key=key)
            patch.setattr(OwnCallers, "__init__", broken)
            caught.dial(f"{WS}?token={token}", "{}")
        actor = gateway.harness.actor
        actor.measure()
        health = Health(
            actor=actor.name,
            pid=1,
            state=actor.state,
            detail=actor.detail,
            counters=actor.counters,
            gauges=actor.gauges,
            checkpoint=actor.checkpoint,
        )
        sent = [repr(frame) for frames in gateway.harness.sent.values() for frame in frames]
        state_dir: Path = actor.surroundings.state_dir
        kept = [path.read_bytes().decode("latin-1") for path in state_dir.glob("callers.sqlite3*")]
        runtime = [path.read_text() for path in actor.surroundings.runtime_dir.glob("*.json")]
    logged = [
        record.getMessage() + (record.exc_text or "")
        for record in caplog.records
        if record.name != "websockets.client"  # Of the clients of this test.
    ]
    printed = capfd.readouterr()
    assert any("broken on purpose" in line for line in logged), "what broke was logged"
    assert any(line.startswith("< GET /ws") for line in logged), "what is asked for was logged"
    assert len(caught.told) > 150
    places = {
        "answers": caught.told,
        "logs": logged,
        "output": [printed.out, printed.err],
        "health": [repr(health)],
        "frames": sent,
        "database": kept,
        "runtime folder": runtime,
    }
    found = {
        (place, secret[:16])
        for place, texts in places.items()
        for secret in secrets
        if any(secret in text for text in texts)
    }
    assert not found, [line for line in logged if any(each in line for each in secrets)][:5]
