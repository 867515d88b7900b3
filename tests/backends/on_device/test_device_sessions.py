"""Sessions on the device: what they may ask for, and what is left of them."""

from __future__ import annotations

from device_turns import QUOTA, typed
from local_server import local_server

from actors.backends.on_device import Device
from pipeline.frames import (
    AnswerEnded,
    BackendState,
    BackendStatus,
    Route,
    UserText,
)
from pipeline.testing import stage

CONNECTED = ("text", "backends")


def test_a_session_says_who_the_local_model_is() -> None:
    with (
        local_server() as server,
        stage(Device, connected=CONNECTED, mind=server.mind) as device,
    ):
        server.says("A joke.")
        device.open("caller", instruction="You are a pirate.", temperature=0.5)
        ask = UserText(session="caller", turn="caller:t1", text="Tell me a story about whales.")
        device.send("text", ask)
        device.expect("answer", AnswerEnded)
        typed(device, "Tell me a story about whales.")
        device.expect("answer", AnswerEnded)
        first, second = server.requests
    assert first["messages"][0]["content"].startswith("You are a pirate.")
    assert first["temperature"] == 0.5
    assert second["messages"][0]["content"].startswith("You are the voice of a robot")
    assert "temperature" not in second


def test_a_session_in_a_language_without_words_is_left_to_others() -> None:
    with stage(Device, connected=CONNECTED) as device:
        device.expect("status", BackendStatus, lambda f: f.state is BackendState.READY)
        device.open("anna", language="th-TH")
        device.open("bert", language="en-GB")
        device.open("carl", language="de-DE")
        device.open("dora", language="th, hi")
        status = {f.session: f for f in device.sent["status"] if isinstance(f, BackendStatus)}
    assert status["anna"].state is BackendState.UNAVAILABLE
    assert "nothing to say in 'th-TH'" in status["anna"].reason
    assert {status[name].state for name in ("bert", "carl", "dora")} == {BackendState.READY}


def test_nothing_is_known_of_the_connections_of_a_session_that_ended() -> None:
    with stage(Device, connected=CONNECTED) as device:
        for number in range(20):
            name = f"caller{number}"
            device.open(name)
            device.send("backends", QUOTA.model_copy(update={"session": name}))
            device.end(name)
        assert not device.actor._connections  # type: ignore[attr-defined]


def test_a_route_of_a_session_loads_the_models_whoever_it_is_of() -> None:
    with stage(Device, connected=("text", "route")) as device:
        device.open("caller")
        device.send("route", Route(session="caller", owner="device", epoch=1, reason="quota"))
        assert device.actor.counters["model_loads"] == 1
