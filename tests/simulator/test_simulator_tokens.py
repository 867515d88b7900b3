"""Ephemeral tokens, by the unmodified google-genai and as a page sends them."""

import asyncio
import json
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from raw_http import HELLO, TEXT_MODEL, request
from simulating import LIVE_MODEL, RunningSimulator, Scripted, ask, client, config, run
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

pytestmark = pytest.mark.filterwarnings("ignore::google.genai.errors.ExperimentalWarning")
SERVICE = "/ws/google.ai.generativelanguage.v1alpha.GenerativeService"
SETUP = {"setup": {"model": f"models/{LIVE_MODEL}"}}


def token(**fields: Any) -> str:
    with client(version="v1alpha") as sdk:
        name = sdk.auth_tokens.create(config=types.CreateAuthTokenConfig(**fields)).name
    assert name is not None
    assert name.startswith("auth_tokens/")
    return name


async def first_reply(
    simulator: RunningSimulator, path: str, setup: Any = None
) -> dict[str, Any] | tuple[int, str]:
    """The first message of the service, or how it closed."""
    context = ssl.create_default_context(cafile=str(simulator.server.authority_file))
    url = simulator.server.base_url.replace("https", "wss") + path
    async with connect(url, ssl=context) as socket:
        await socket.send(json.dumps(setup or SETUP))
        try:
            message: dict[str, Any] = json.loads(await socket.recv())
            return message
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")


def test_sdk_talks_with_a_token_in_the_place_of_its_key(scripted: Scripted) -> None:
    simulator = scripted(keys=["the-key"])
    with genai.Client(api_key="the-key", http_options={"api_version": "v1alpha"}) as sdk:
        name = sdk.auth_tokens.create(config={"uses": 1}).name

    async def talk() -> str:
        async with client(name, "v1alpha").aio.live.connect(
            model=LIVE_MODEL, config=config()
        ) as session:
            return (await ask(session, "Hello.")).said

    assert "Hello" in run(talk())
    assert simulator.journal.sessions[0].close is not None


def test_page_sends_it_in_the_query_and_only_to_the_constrained_method(scripted: Scripted) -> None:
    simulator = scripted()
    name = token(uses=2)
    query = f"?access_token={name}"
    constrained = f"{SERVICE}.BidiGenerateContentConstrained{query}"
    assert asyncio.run(first_reply(simulator, constrained)) == {"setupComplete": {}}
    code, reason = asyncio.run(first_reply(simulator, f"{SERVICE}.BidiGenerateContent{query}"))
    assert code == 1008
    assert str(reason).startswith("Method doesn't allow unregistered callers")


@pytest.mark.parametrize(
    ("query", "code"),
    [("?access_token=auth_tokens/none", 1008), ("?access_token=x", 1008), ("?key=any-key", 1008)],
)
def test_constrained_method_wants_a_token_that_was_given(
    scripted: Scripted, query: str, code: int
) -> None:
    path = f"{SERVICE}.BidiGenerateContentConstrained{query}"
    assert asyncio.run(first_reply(scripted(), path))[0] == code  # type: ignore[index]


def test_token_is_no_key_over_http(scripted: Scripted) -> None:
    simulator = scripted()
    headers = {"x-goog-api-key": token()}
    path = f"/v1beta/models/{TEXT_MODEL}:generateContent"
    assert request(simulator, "POST", path, HELLO, headers).status == 400


def test_token_is_used_up(scripted: Scripted) -> None:
    simulator = scripted()
    path = f"{SERVICE}.BidiGenerateContentConstrained?access_token={token(uses=1)}"
    assert asyncio.run(first_reply(simulator, path)) == {"setupComplete": {}}
    assert asyncio.run(first_reply(simulator, path))[0] == 1008  # type: ignore[index]


def test_resuming_is_no_use_of_its_own(scripted: Scripted) -> None:
    simulator = scripted()
    path = f"{SERVICE}.BidiGenerateContentConstrained?access_token={token(uses=1)}"
    assert asyncio.run(first_reply(simulator, path)) == {"setupComplete": {}}
    resume = {"setup": {**SETUP["setup"], "sessionResumption": {"handle": "unknown"}}}
    reply = asyncio.run(first_reply(simulator, path, resume))
    assert reply == (1007, "Invalid session handle")


def test_locked_setup_holds_whatever_the_page_sends(scripted: Scripted) -> None:
    simulator = scripted()
    instruction = "Only speak of tea."
    name = token(
        live_connect_constraints={
            "model": LIVE_MODEL,
            "config": {"system_instruction": instruction, "response_modalities": ["AUDIO"]},
        }
    )
    path = f"{SERVICE}.BidiGenerateContentConstrained?access_token={name}"
    sent = {"setup": {"model": "models/other", "systemInstruction": {"parts": [{"text": "x"}]}}}
    assert asyncio.run(first_reply(simulator, path, sent)) == {"setupComplete": {}}
    record = simulator.journal.sessions[0]
    assert record.model == f"models/{LIVE_MODEL}"
    assert record.setup["systemInstruction"]["parts"][0]["text"] == instruction


def test_mask_locks_what_it_names_and_nothing_else(scripted: Scripted) -> None:
    simulator = scripted()
    name = token(
        live_connect_constraints={"model": LIVE_MODEL, "config": {"temperature": 0.2}},
        lock_additional_fields=[],
    )
    path = f"{SERVICE}.BidiGenerateContentConstrained?access_token={name}"
    sent = {
        "setup": {
            "model": "models/other",
            "generationConfig": {"temperature": 1.5, "topP": 0.5},
            "systemInstruction": {"parts": [{"text": "mine"}]},
        }
    }
    assert asyncio.run(first_reply(simulator, path, sent)) == {"setupComplete": {}}
    setup = simulator.journal.sessions[0].setup
    assert setup["model"] == f"models/{LIVE_MODEL}"
    assert setup["generationConfig"] == {"temperature": 0.2, "topP": 0.5}
    assert setup["systemInstruction"]["parts"][0]["text"] == "mine"


@pytest.mark.parametrize(
    "fields",
    [
        {"uses": -1},
        {"uses": "many"},
        {"expireTime": "soon"},
        {"expireTime": (datetime.now(UTC) - timedelta(minutes=1)).isoformat()},
        {"expireTime": (datetime.now(UTC) + timedelta(hours=21)).isoformat()},
        {"foo": 1},
        {"fieldMask": 5},
    ],
)
def test_bad_wish_for_a_token_is_refused(scripted: Scripted, fields: dict[str, Any]) -> None:
    reply = request(scripted(), "POST", "/v1alpha/auth_tokens", fields)
    assert (reply.status, reply.json["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_tokens_are_made_in_v1alpha_only(scripted: Scripted) -> None:
    scripted()
    with client(version="v1beta") as sdk, pytest.raises(errors.ClientError) as raised:
        sdk.auth_tokens.create()
    assert raised.value.code == 404
