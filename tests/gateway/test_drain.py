from __future__ import annotations

import asyncio

from gateway_client import called, gateway_on_stage

from pipeline.frames import Outcome, SpeechStarted, TurnClosed

START = "/api/v1/live-audio/session/start"


def test_a_gateway_that_stops_finishes_turns_and_takes_nobody_new() -> None:
    with gateway_on_stage() as gateway:
        client = gateway.connect()
        session = gateway.start(client)
        turn = {"session": session, "turn": f"{session}:0"}
        gateway.harness.send("speech", SpeechStarted(position=0, at_ns=1, **turn))
        assert gateway.next(client)["type"] == "speech_started"
        drained: list[asyncio.Task[None]] = []

        def begin() -> bool:
            drained.append(asyncio.ensure_future(gateway.harness.actor.drain()))
            return True

        gateway.harness.until(begin)
        assert gateway.next(client)["type"] == "going_away"
        assert gateway.request("GET", "/readyz") == (503, {"error": "the gateway is going down"})
        refused = gateway.meanwhile(lambda: called(f"http://{gateway.url}{START}", "POST", {}))
        assert refused[0] == 503
        assert not drained[0].done()
        gateway.harness.send("turns", TurnClosed(outcome=Outcome.ANSWERED, by="live", **turn))
        assert gateway.next(client)["type"] == "turn_complete"
        gateway.harness.until(drained[0].done)
        gateway.meanwhile(client.close)


def test_one_without_callers_is_drained_at_once() -> None:
    with gateway_on_stage() as gateway:
        drained: list[asyncio.Task[None]] = []

        def begin() -> bool:
            drained.append(asyncio.ensure_future(gateway.harness.actor.drain()))
            return True

        gateway.harness.until(begin)
        gateway.harness.until(drained[0].done)
