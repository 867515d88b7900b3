"""Whatever clients send, the simulator refuses it in the words of the service and lives on."""

import asyncio
import json
import ssl
from contextlib import closing
from http.client import HTTPSConnection
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulating import (
    LIVE_MODEL,
    MANUAL,
    RunningSimulator,
    Scripted,
    ask,
    client,
    config,
    receive,
    run,
)

from actors.backends.gemini.wire import Invalid, schema
from actors.simulator.errors import Refused
from actors.simulator.setup import validate_setup

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["parts", "text", "role", "functionDeclarations", "name", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


MESSAGES = {
    name: schema().messages[field.type].fields
    for name, field in schema().messages["BidiGenerateContentClientMessage"].fields.items()
} | {"generateContent": schema().messages["GenerateContentRequest"].fields}


def message_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(MESSAGES[kind], ANYTHING))


@settings(max_examples=300)
@given(message_of("setup"), st.booleans())
def test_any_setup_is_accepted_or_refused(setup: dict[str, Any], known_model: bool) -> None:
    if known_model:
        setup["model"] = f"models/{LIVE_MODEL}"
    assert close_code_of(setup) in {None, 1007, 1008}


def close_code_of(setup: dict[str, Any]) -> int | None:
    try:
        validate_setup(setup, "v1beta")
    except Invalid:
        return 1007
    except Refused as refusal:
        return refusal.close.code
    return None


@settings(max_examples=100)
@given(message_of("generateContent") | ANYTHING, st.sampled_from(["3.8-flash", "3.8-flash-tts"]))
def test_any_request_body_is_answered_or_refused(
    fuzzed_simulator: RunningSimulator, body: Any, model: str
) -> None:
    context = ssl.create_default_context(cafile=str(fuzzed_simulator.server.ca_file))
    host, port = fuzzed_simulator.server.base_url.removeprefix("https://").split(":")
    with closing(HTTPSConnection(host, int(port), context=context)) as http:
        path = f"/v1beta/models/gemini-{model}:generateContent?key=k"
        http.request("POST", path, json.dumps(body))
        response = http.getresponse()
        assert response.status in {200, 400}
        assert json.load(response)


@settings(max_examples=60)
@given(
    st.sampled_from(["realtimeInput", "clientContent", "toolResponse", "contextUpdate"]).flatmap(
        lambda kind: message_of(kind).map(lambda content: {kind: content})
    )
)
def test_any_message_leaves_the_simulator_alive(
    fuzzed_simulator: RunningSimulator, message: dict[str, Any]
) -> None:
    async def conversation() -> None:
        async with socket_to(fuzzed_simulator) as socket:
            await socket.send(json.dumps({"setup": {"model": f"models/{LIVE_MODEL}"}}))
            await socket.recv()
            await socket.send(json.dumps(message))

    run(conversation())


@pytest.fixture(scope="module")
def fuzzed_simulator() -> Any:
    from actors.simulator import SimulatorOptions

    options = SimulatorOptions(stt="none", tts="tone", answer_speed=(20, 60), playback_speed=100)
    simulator = RunningSimulator(options)
    yield simulator
    simulator.stop()


def socket_to(simulator: RunningSimulator) -> Any:
    import websockets

    context = ssl.create_default_context(cafile=str(simulator.server.ca_file))
    url = simulator.server.base_url.replace("https", "wss")
    path = "ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    return websockets.connect(f"{url}/{path}?key=any", ssl=context)


def test_clients_that_speak_no_tls_or_no_http_do_not_disturb(scripted: Scripted) -> None:
    simulator = scripted()
    port = int(simulator.server.base_url.rsplit(":", 1)[1])

    async def conversation() -> None:
        _, silent = await asyncio.open_connection("127.0.0.1", port)
        plain_reader, plain = await asyncio.open_connection("127.0.0.1", port)
        plain.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await plain_reader.read() == b""
        context = ssl.create_default_context(cafile=str(simulator.server.ca_file))
        reader, garbled = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        garbled.write(b"\x00\xff no http\r\n\r\n")
        await reader.read()
        async with client().aio.live.connect(model=LIVE_MODEL, config=config()) as session:
            assert (await ask(session, "Hello.")).audio
        for writer in (silent, plain, garbled):
            writer.transport.abort()

    run(conversation())


def test_server_stops_with_sessions_and_handshakes_open(scripted: Scripted) -> None:
    simulator = scripted({"when": {"heard": "story"}, "do": [{"say": "Word. " * 200}]})
    port = int(simulator.server.base_url.rsplit(":", 1)[1])

    async def conversation() -> None:
        _, silent = await asyncio.open_connection("127.0.0.1", port)
        setup = config(realtime_input_config=MANUAL)
        async with client().aio.live.connect(model=LIVE_MODEL, config=setup) as session:
            await session.send_realtime_input(text="A story.")
            await receive(session, "audio")
            await asyncio.to_thread(simulator.stop)
            with pytest.raises(Exception, match="1006"):
                await receive(session, "never")
        silent.transport.abort()

    run(conversation())
