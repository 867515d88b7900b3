from __future__ import annotations

import json

from gateway_client import gateway_on_stage

from pipeline.frames import SessionEnd, SessionOpened


def test_a_caller_who_goes_away_before_it_is_refused_harms_nobody() -> None:
    with gateway_on_stage() as gateway:
        client = gateway.connect()
        gateway.meanwhile(lambda: client.send(json.dumps({"type": "start_session"})))
        asked = gateway.harness.expect("sessions", SessionOpened)
        gateway.meanwhile(client.close)
        gateway.harness.end(asked.session, SessionEnd.REFUSED, "all are busy")
        assert gateway.request("GET", "/healthz")[1]["callers"] == 0
