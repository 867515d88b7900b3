"""A gateway that takes nobody but its provider, called by `greenroom call` as that provider."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from gateway_client import GatewayOnStage, gateway_on_stage

from actors.cli.calling.call_tally import CallTally
from actors.cli.calling.dialled_call import DialledCall
from actors.cli.calling.scripted_caller import ScriptedCaller
from actors.cli.calling.transports import CallRefusedError
from actors.cli.calling.wanted_call import WantedCall
from pipeline.frames import SessionEnd, SessionEnded, SessionOpened

PUBLIC = "https://voice.example.org"
SECRET = "0123456789abcdef"
PHONE: dict[str, Any] = {
    "public_url": PUBLIC,
    "accounts": {
        "twilio": {"auth_token": "$PHONE_SECRET"},
        "plivo": {"auth_token": "$PHONE_SECRET"},
    },
    "businesses": {
        "b42": {"numbers": ["+492"], "instruction": "You serve b42."},
        "b43": {"numbers": ["+493"]},
    },
}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[GatewayOnStage]:
    monkeypatch.setenv("PHONE_SECRET", SECRET)
    with gateway_on_stage(prebuffer_ms=0, phone=PHONE) as on_stage:
        yield on_stage


def call(gateway: GatewayOnStage, provider: str, path: str, **facts: Any) -> CallTally:
    """Call, say nothing, and hang up after half a second."""
    scheme = "http" if path.endswith("/answer") else "ws"
    wanted = WantedCall(
        f"{scheme}://{gateway.url}{path}",
        provider,
        public_url=f"{PUBLIC}{path}".replace("https", "https" if scheme == "http" else "wss"),
        longest_s=0.5,
        **facts,
    )
    tally = CallTally()
    made = wanted.call()
    person = ScriptedCaller([], made.words.form.block_samples, tally.count, hang_up_s=60.0)
    asyncio.run(DialledCall(made, tally.count).run(person))
    return tally


@pytest.mark.parametrize("provider", ["twilio", "plivo"])
def test_a_signed_call_is_served_as_its_number_says(gateway: GatewayOnStage, provider: str) -> None:
    path = f"/phone/{provider}/answer"
    calling = gateway.begin(
        lambda: call(gateway, provider, path, auth_token=SECRET, caller="+491", called="+492")
    )
    opened = gateway.let_in()
    gateway.harness.until(calling.done, "the end of the call")
    tally = calling.result()
    assert isinstance(opened, SessionOpened)
    assert opened.instruction == "You serve b42."
    assert (opened.labels["caller"], opened.labels["called"]) == ("+491", "+492")
    assert (opened.labels["business"], opened.labels["direction"]) == ("b42", "inbound")
    assert (tally.faults, tally.hung_up_by) == ([], "caller")
    ended = gateway.harness.expect("sessions", SessionEnded)
    assert ended.reason is SessionEnd.HUNG_UP


@pytest.mark.parametrize("path", ["/phone/twilio/answer", "/phone/twilio"])
@pytest.mark.parametrize("token", [None, "another"])
def test_who_does_not_sign_is_refused_at_both_doors(
    gateway: GatewayOnStage, path: str, token: str | None
) -> None:
    with pytest.raises(CallRefusedError, match=r"refuses the call with 40[13]"):
        gateway.meanwhile(lambda: call(gateway, "twilio", path, auth_token=token, called="+492"))


def test_a_number_of_nobody_is_not_taken(gateway: GatewayOnStage) -> None:
    path = "/phone/twilio/answer"
    with pytest.raises(CallRefusedError, match="opens no media socket for twilio"):
        gateway.meanwhile(lambda: call(gateway, "twilio", path, auth_token=SECRET, called="+499"))
