"""Calls among the gateway's other callers: limits, logs, and what is left after a crash."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from gateway_client import GatewayOnStage, gateway_on_stage
from phone_client import TwilioEnd
from websockets.exceptions import ConnectionClosed

from actors.gateway.phone.context import CallContext, Knock
from actors.gateway.phone.dialect import CallStarted
from pipeline.frames import SessionEnd, SessionEnded


class OpenDoor:
    """Everybody may call."""

    async def check(self, knock: Knock) -> None:
        """Let everybody in."""

    async def admit(self, knock: Knock, started: CallStarted) -> CallContext:
        business = started.parameters.get("business", "")
        return CallContext(
            business=business, instruction=f"You serve {business}." if business else ""
        )

    def closed(self, knock: Knock, call_id: str) -> None:
        """Nothing was written down about who came in."""


def test_a_provider_may_have_all_its_calls_from_one_address() -> None:
    limits = {"connections_per_address": 1, "sessions_per_address": 1}
    proxies = ["127.0.0.1"]
    with gateway_on_stage(limits=limits, trusted_proxies=proxies) as gateway:
        gateway.harness.actor.phones.admission = OpenDoor()
        headers = {"X-Forwarded-For": "3.80.1.1"}
        ends = [TwilioEnd(gateway, additional_headers=headers) for _ in range(3)]
        sessions = {end.begin(f"CA{number}").session for number, end in enumerate(ends)}
        assert len(sessions) == 3
        for end in ends:
            gateway.meanwhile(end.client.close)


def test_a_call_for_which_there_is_no_place_is_told_to_try_again() -> None:
    with gateway_on_stage(room="a", places=1) as gateway:
        actor = gateway.harness.actor
        actor.phones.admission = OpenDoor()
        gateway.harness.until(lambda: not actor.room.refusal(), "its lease")
        visitor = gateway.connect()
        gateway.start(visitor)
        gateway.meanwhile(visitor.close)
        end = TwilioEnd(gateway)
        form = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
        start = {"streamSid": "MZ1", "callSid": "CA1", "mediaFormat": form, "customParameters": {}}
        end.send(event="start", streamSid="MZ1", start=start)

        def closed() -> int:
            with pytest.raises(ConnectionClosed) as error:
                end.client.recv(timeout=20)
            assert error.value.rcvd is not None
            return error.value.rcvd.code

        assert gateway.meanwhile(closed) == 1013


def test_every_line_of_the_log_says_which_call_it_is_about(log: io.StringIO) -> None:
    with gateway_on_stage() as gateway:
        gateway.harness.actor.phones.admission = OpenDoor()
        end = TwilioEnd(gateway)
        end.send(event="start")
        opened = end.begin(business="b42")
        end.send(event="dtmf", dtmf={"digit": "?"})
        gateway.harness.until(lambda: "no key" in log.getvalue(), "a warning")
        gateway.meanwhile(end.client.close)
        gateway.harness.expect("sessions", SessionEnded)
        gateway.harness.end(opened.session)
        gateway.harness.until(lambda: "a call is over" in log.getvalue(), "it is over")
    lines = log.getvalue().splitlines()
    (before,) = (line for line in lines if "no callSid" in line)
    assert "provider=twilio" in before, "from the first moment on"
    for words in ("a call begins", "no key", "a call is over"):
        (line,) = (line for line in lines if words in line)
        assert "provider=twilio" in line
        assert "call=CA1" in line
        assert "business=b42" in line
    (begins,) = (line for line in lines if "a call begins" in line)
    assert "prompt='14 characters, SHA-256 " in begins
    assert "You serve" not in begins, "it may be about somebody"


def test_a_call_that_is_refused_is_told_with_its_name(log: io.StringIO) -> None:
    with gateway_on_stage() as gateway:
        gateway.harness.actor.phones.admission = OpenDoor()
        end = TwilioEnd(gateway)
        opened = end.begin_asking(business="b42")
        gateway.harness.end(opened.session, SessionEnd.REFUSED, "there are 100 callers")
        gateway.harness.until(lambda: "a call is refused" in log.getvalue(), "a warning")
        gateway.meanwhile(end.client.close)
    (line,) = (each for each in log.getvalue().splitlines() if "a call is refused" in each)
    assert "there are 100 callers" in line
    assert "call=CA1" in line
    assert "business=b42" in line


def test_what_one_call_was_given_is_not_seen_in_the_next(gateway: GatewayOnStage) -> None:
    first = TwilioEnd(gateway)
    assert first.begin("CA1", business="b42").labels["business"] == "b42"
    gateway.meanwhile(first.client.close)
    second = TwilioEnd(gateway)
    assert "business" not in second.begin("CA2").labels
    gateway.meanwhile(second.client.close)


def test_a_call_whose_line_broke_with_the_gateways_process_ends_at_once(
    gateway: GatewayOnStage,
) -> None:
    actor = gateway.harness.actor
    labels = {"protocol": "telephone", "provider": "twilio", "call": "CA1"}
    gateway.harness.open("left", labels=labels, brought_by=actor.name)
    ended = gateway.harness.expect("sessions", SessionEnded)
    assert (ended.session, ended.reason) == ("left", SessionEnd.HUNG_UP)
    gateway.harness.end("left")


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage() as on_stage:
        on_stage.harness.actor.phones.admission = OpenDoor()
        yield on_stage
