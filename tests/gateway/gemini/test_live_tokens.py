"""Tokens of the Gemini protocol, minted here: what they lock, how often and how long they serve."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from gateway_client import GatewayOnStage, gateway_on_stage
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from pipeline.frames import SessionOpened

CONSTRAINED = (
    "//ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained"
)
SETUP: dict[str, Any] = {
    "model": "models/gemini-3.8-live",
    "generationConfig": {"temperature": 0.5},
    "systemInstruction": {"parts": [{"text": "You are a waiter."}]},
}


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage(models=["gemini-3.8-live"]) as on_stage:
        yield on_stage


def mint(gateway: GatewayOnStage, **wanted: Any) -> str:
    status, answer = gateway.request("POST", "/v1alpha/auth_tokens", wanted)
    assert status == 200, answer
    name: str = answer["name"]
    assert name.startswith("auth_tokens/")
    return name


def begin(gateway: GatewayOnStage, name: str, **setup: Any) -> ClientConnection:
    socket = gateway.connect(f"{CONSTRAINED}?access_token={name}")

    def send() -> None:
        # It may be closed by now.
        with contextlib.suppress(ConnectionClosed):
            socket.send(json.dumps({"setup": setup}))

    gateway.begin(send).result()
    return socket


def refused(gateway: GatewayOnStage, socket: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as error:
        gateway.next(socket)
    assert error.value.rcvd is not None
    return error.value.rcvd.code, error.value.rcvd.reason


def opened(gateway: GatewayOnStage, socket: ClientConnection) -> SessionOpened:
    session = gateway.let_in()
    assert gateway.meanwhile(lambda: json.loads(socket.recv(timeout=20))) == {"setupComplete": {}}
    return session


def test_a_setup_that_is_locked_as_a_whole_holds_whatever_the_client_says(
    gateway: GatewayOnStage,
) -> None:
    name = mint(gateway, bidi_generate_content_setup=SETUP)
    own = {"parts": [{"text": "Be rude."}]}
    socket = begin(gateway, name, model="models/other", systemInstruction=own)
    session = opened(gateway, socket)
    assert (session.model, session.instruction) == ("gemini-3.8-live", "You are a waiter.")
    assert session.temperature == 0.5
    gateway.meanwhile(socket.close)


def test_of_a_mask_only_its_fields_are_locked(gateway: GatewayOnStage) -> None:
    mask = "generation_config.temperature"
    name = mint(gateway, bidiGenerateContentSetup=SETUP, fieldMask=mask)
    own = {"parts": [{"text": "Be kind."}]}
    config = {"temperature": 2.0, "speechConfig": {"languageCode": "de-DE"}}
    session = opened(
        gateway,
        begin(gateway, name, systemInstruction=own, generation_config=config),
    )
    assert (session.instruction, session.temperature) == ("Be kind.", 0.5)
    assert session.language == "de-DE"


def test_a_token_begins_one_session_and_comes_back_to_it(gateway: GatewayOnStage) -> None:
    name = mint(gateway)
    socket = begin(gateway, name, sessionResumption={})
    session = opened(gateway, socket).session
    gateway.meanwhile(socket.close)
    code, reason = refused(gateway, begin(gateway, name))
    assert (code, "has begun its session" in reason) == (1008, True)
    back = begin(gateway, name, sessionResumption={"handle": session})
    assert gateway.meanwhile(lambda: json.loads(back.recv(timeout=20))) == {"setupComplete": {}}
    gateway.meanwhile(back.close)


def test_a_token_may_begin_more_sessions(gateway: GatewayOnStage) -> None:
    name = mint(gateway, uses=2)
    for _ in range(2):
        opened(gateway, begin(gateway, name))
    assert refused(gateway, begin(gateway, name))[0] == 1008


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize(
    "times",
    [
        {"newSessionExpireTime": soon},
        {"expireTime": soon},
    ],
)
def test_a_token_is_good_for_its_time(
    gateway: GatewayOnStage, monkeypatch: pytest.MonkeyPatch, times: dict[str, Any]
) -> None:
    name = mint(gateway, **{field: moment(30) for field, moment in times.items()})
    later_s, access = time.time() + 31, gateway.harness.actor.access
    for clock in (access.issuer, access._beginnings.redemptions):
        monkeypatch.setattr(clock, "_clock", lambda: later_s)
    assert refused(gateway, begin(gateway, name))[0] == 1008


BAD_TOKENS = [
    ({"uses": -1}, "invalid argument"),
    ({"foo": 1}, 'Unknown name "foo"'),
    ({"expireTime": "yesterday"}, "invalid argument"),
    ({"expireTime": "2020-01-01T00:00:00Z"}, "invalid argument"),
    ({"bidiGenerateContentSetup": {"foo": 1}}, 'Unknown name "foo"'),
    (
        {
            "bidiGenerateContentSetup": {
                "systemInstruction": {"parts": [{"text": str(list(range(9999)))}]}
            }
        },
        "lock less",
    ),
]


@pytest.mark.parametrize(("body", "message"), BAD_TOKENS)
def test_a_token_that_cannot_be_had_is_refused_in_googles_words(
    gateway: GatewayOnStage, body: Any, message: str
) -> None:
    status, answer = gateway.request("POST", "/v1alpha/auth_tokens", body)
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert message in answer["error"]["message"]


def test_without_a_token_the_constrained_method_is_closed(gateway: GatewayOnStage) -> None:
    for name in ("", "auth_tokens/nonsense"):
        socket = gateway.connect(f"{CONSTRAINED}?access_token={name}")
        code, reason = refused(gateway, socket)
        assert code == 1008
        assert "invalid authentication credentials" in reason


def test_a_token_with_locks_is_for_live_sessions_only(gateway: GatewayOnStage) -> None:
    token = mint(gateway, bidiGenerateContentSetup=SETUP).removeprefix("auth_tokens/")
    body = {"contents": [{"parts": [{"text": "Hi."}]}]}
    path = f"/v1beta/models/gemini-3.8-flash:generateContent?access_token={token}"
    status, answer = gateway.request("POST", path, body)
    assert (status, answer["error"]["status"]) == (401, "UNAUTHENTICATED")
    with pytest.raises(InvalidStatus, match="401"):
        gateway.connect(f"/ws/live-audio?token={token}")
