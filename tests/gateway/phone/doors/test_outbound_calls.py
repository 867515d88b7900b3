"""Calls that are started by REST, until they are over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import fromstring

import pytest
from gateway_client import GatewayOnStage, gateway_on_stage
from gateway_keys import add_key, ask
from phone_client import TwilioEnd
from phone_webhooks import CALLER, OURS, PHONE, PUBLIC, TOKEN, by_twilio, of_call

from benchmarks.phone_callers.provider_api import ProviderApi
from pipeline.frames import Outcome, SessionEnded, TurnClosed

CALLS = "/api/v1/calls"


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, api: ProviderApi) -> Iterator[GatewayOnStage]:
    monkeypatch.setenv("TEST_TWILIO", TOKEN)
    twilio = {
        "account_sid": "AC1",
        "auth_token": "$TEST_TWILIO",
        "api_url": api.url,
        "number": OURS,
    }
    bakery = {
        **PHONE["businesses"]["bakery-42"],
        "on_machine": "message",
        "message": "Ihr Brot ist fertig.",
        "on_failure": {"say": "Wir rufen zurück.", "call_back": True},
    }
    options: dict[str, Any] = {
        "public_url": PUBLIC,
        "accounts": {"twilio": twilio},
        "businesses": {"bakery-42": bakery, "garage": {}},
        "outbound": {"numbers": ["+49"], "at_once": 2},
    }
    with gateway_on_stage(phone=options) as on_stage:
        yield on_stage


def started(gateway: GatewayOnStage, api: ProviderApi, call: str = "CA9", **asked: Any) -> Any:
    api.answers.append((201, {"sid": call, "status": "queued"}))
    code, told, _ = ask(gateway, "POST", CALLS, {"to": CALLER, **asked})
    assert code == 200, told
    return told


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def out(call: str = "CA9", **said: str) -> dict[str, str]:
    return of_call(call, CALLER, **{"From": OURS, "Direction": "outbound-api", **said})


def test_a_call_is_started_answered_and_ended(gateway: GatewayOnStage, api: ProviderApi) -> None:
    told = started(
        gateway, api, instruction="Say that the bread is ready.", parameters={"order": "77"}
    )
    assert (told["call_id"], told["state"], told["business"]) == ("CA9", "starting", "bakery-42")
    method, path, form = api.requests[0]
    assert (method, path) == ("POST", "/2010-04-01/Accounts/AC1/Calls.json")
    assert (form["To"], form["From"]) == (CALLER, OURS)
    assert TOKEN not in json.dumps(told)

    assert by_twilio(gateway, path_of(form["StatusCallback"]), out())[0] == 200
    assert ask(gateway, "GET", f"{CALLS}/CA9")[1]["state"] == "ringing"
    _, _, text = by_twilio(gateway, path_of(form["Url"]), out(CallStatus="in-progress"))
    stream = fromstring(text).find("Connect/Stream")
    assert stream is not None
    phone = TwilioEnd(gateway, path_of(stream.attrib["url"]))
    given = {each.attrib["name"]: each.attrib["value"] for each in stream.iter("Parameter")}
    assert given["direction"] == "outbound"
    assert given["order"] == "77"
    opened = phone.begin("CA9", **given)
    # As the order has it; the rest is as the business wants it.
    assert opened.instruction == "Say that the bread is ready."
    assert (opened.language, opened.labels["direction"]) == ("de-DE", "outbound")
    assert (opened.labels["caller"], opened.labels["called"]) == (OURS, CALLER)
    assert ask(gateway, "GET", f"{CALLS}/{told['id']}")[1]["state"] == "connected"

    code, told, _ = ask(gateway, "DELETE", f"{CALLS}/CA9")
    assert (code, told["state"]) == (200, "ended")
    assert api.requests[-1] == (
        "POST",
        "/2010-04-01/Accounts/AC1/Calls/CA9.json",
        {"Status": "completed"},
    )
    assert ask(gateway, "DELETE", f"{CALLS}/CA9")[0] == 200
    assert len(api.requests) == 2
    gateway.meanwhile(phone.client.close)


def test_a_call_whose_socket_is_gone_is_over_though_nobody_tells_of_its_end(
    gateway: GatewayOnStage, api: ProviderApi
) -> None:
    started(gateway, api)
    _, _, text = by_twilio(gateway, path_of(api.requests[0][2]["Url"]), out())
    stream = fromstring(text).find("Connect/Stream")
    assert stream is not None
    phone = TwilioEnd(gateway, path_of(stream.attrib["url"]))
    phone.begin("CA9")
    assert ask(gateway, "GET", f"{CALLS}/CA9")[1]["state"] == "connected"
    gateway.meanwhile(phone.client.close)
    sessions = gateway.harness.sent["sessions"]
    gateway.harness.until(
        lambda: any(isinstance(each, SessionEnded) for each in sessions), "the end of the call"
    )
    assert ask(gateway, "GET", f"{CALLS}/CA9")[1]["state"] == "ended"


def test_a_call_that_is_gone_already_is_no_error(gateway: GatewayOnStage, api: ProviderApi) -> None:
    for number, answer in enumerate(
        ((404, {"code": 20404}), (422, {"errors": [{"code": "90018"}]}), (400, {"code": 21220}))
    ):
        started(gateway, api, f"CA{number}")
        api.answers.append(answer)
        code, told, _ = ask(gateway, "DELETE", f"{CALLS}/CA{number}")
        assert (code, told["state"]) == (200, "ended"), answer


def test_an_answering_machine_is_left_a_message(gateway: GatewayOnStage, api: ProviderApi) -> None:
    started(gateway, api)
    form = api.requests[0][2]
    assert form["MachineDetection"] == "DetectMessageEnd"
    machine = path_of(form["AsyncAmdStatusCallback"])
    said = {"CallSid": "CA9", "AnsweredBy": "machine_end_beep"}
    assert by_twilio(gateway, machine, said)[0] == 200
    _, path, program = api.requests[-1]
    assert path.endswith("/Calls/CA9.json")
    document = fromstring(program["Twiml"])
    assert [each.tag for each in document] == ["Say", "Hangup"]
    assert document.findtext("Say") == "Ihr Brot ist fertig."
    assert ask(gateway, "GET", f"{CALLS}/CA9")[1]["answered_by"] == "machine"


@pytest.mark.parametrize(("does", "asked"), [("hang_up", 1), ("talk", 0)])
def test_a_machine_is_hung_up_on_or_talked_to_if_the_order_says_so(
    gateway: GatewayOnStage, api: ProviderApi, does: str, asked: int
) -> None:
    told = started(gateway, api, on_machine=does)
    path = f"/phone/twilio/machine?order={told['id']}"
    by_twilio(gateway, path, {"CallSid": "CA9", "AnsweredBy": "fax"})
    assert [each[2] for each in api.requests[1:]] == [{"Status": "completed"}] * asked


def test_a_person_is_talked_to(gateway: GatewayOnStage, api: ProviderApi) -> None:
    told = started(gateway, api)
    path = f"/phone/twilio/machine?order={told['id']}"
    by_twilio(gateway, path, {"CallSid": "CA9", "AnsweredBy": "human"})
    assert len(api.requests) == 1
    assert ask(gateway, "GET", f"{CALLS}/CA9")[1]["answered_by"] == "person"


def test_a_call_that_nobody_answers_has_failed(gateway: GatewayOnStage, api: ProviderApi) -> None:
    told = started(gateway, api)
    path = f"/phone/twilio/status?order={told['id']}"
    by_twilio(gateway, path, out(CallStatus="no-answer"))
    code, told, _ = ask(gateway, "GET", f"{CALLS}/CA9")
    assert (code, told["state"], told["detail"]) == (200, "failed", "no-answer")


def test_a_call_is_handed_on(gateway: GatewayOnStage, api: ProviderApi) -> None:
    started(gateway, api)
    code, _, _ = ask(gateway, "POST", f"{CALLS}/CA9/transfer", {"to": "+49301"})
    assert code == 200
    dial = fromstring(api.requests[-1][2]["Twiml"]).find("Dial")
    assert dial is not None
    assert (dial.attrib["callerId"], dial.findtext("Number")) == (OURS, "+49301")


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"to": "+1900"}, 403, "phone.outbound.numbers has +49"),
        ({"to": CALLER, "business": "bank"}, 403, "no business 'bank'"),
        ({"to": CALLER, "provider": "plivo"}, 400, "auth_id and auth_token"),
        ({"to": CALLER, "provider": "asterisk"}, 400, "set ari_user, ari_password and dial"),
        ({"to": CALLER, "provider": "audiosocket"}, 400, "cannot be asked to start a call"),
        ({"to": CALLER, "provider": "nobody"}, 400, "cannot be asked"),
        ({"to": ""}, 400, "to: "),
        ({"to": CALLER, "instrution": "x"}, 400, "instrution"),
    ],
)
def test_what_cannot_be_started_is_said(
    gateway: GatewayOnStage, api: ProviderApi, asked: dict[str, Any], status: int, words: str
) -> None:
    code, told, _ = ask(gateway, "POST", CALLS, asked)
    assert (code, words in told["error"]) == (status, True), told
    assert not api.requests


def test_a_call_that_was_not_started_is_not_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_TWILIO", TOKEN)
    twilio = {"account_sid": "AC1", "auth_token": "$TEST_TWILIO", "number": OURS}
    with gateway_on_stage(phone={"accounts": {"twilio": twilio}}) as on_stage:
        code, told, _ = ask(on_stage, "POST", CALLS, {"to": CALLER})
        assert (code, told["code"]) == (503, "public_url_missing")
        assert [each["state"] for each in ask(on_stage, "GET", CALLS)[1]["calls"]] == ["failed"]


def test_who_can_be_answered_by_nobody_is_told_so_and_called_back(
    gateway: GatewayOnStage, api: ProviderApi
) -> None:
    _, _, text = by_twilio(gateway, "/phone/twilio/answer", of_call())
    stream = fromstring(text).find("Connect/Stream")
    assert stream is not None
    phone = TwilioEnd(gateway, path_of(stream.attrib["url"]))
    session = phone.begin().session
    gateway.harness.actor.phones.problem = lambda: "no backend answers"
    failed = TurnClosed(
        session=session, turn=f"{session}:0", outcome=Outcome.FAILED, reason="all gone"
    )
    gateway.harness.send("turns", failed)
    gateway.harness.until(lambda: bool(api.requests), "the provider is asked")
    document = fromstring(api.requests[0][2]["Twiml"])
    assert [each.tag for each in document] == ["Say", "Hangup"]
    assert document.findtext("Say") == "Wir rufen zurück."
    (waiting,) = gateway.harness.actor.checkpoint["call_backs"]
    assert (waiting["to"], waiting["from"], waiting["provider"]) == (CALLER, OURS, "twilio")
    gateway.meanwhile(phone.client.close)


def test_a_provider_that_refuses_is_quoted_and_not_its_secret(
    gateway: GatewayOnStage, api: ProviderApi
) -> None:
    api.answers.append((401, {"code": 20003, "message": f"Authenticate {TOKEN}"}))
    code, told, _ = ask(gateway, "POST", CALLS, {"to": CALLER})
    assert code == 400
    assert told["error"].startswith("twilio refuses (401): Authenticate [secret] (20003)")
    assert "phone.accounts.twilio" in told["error"]
    (record,) = ask(gateway, "GET", CALLS)[1]["calls"]
    assert record["state"] == "failed"


def test_no_more_calls_than_the_options_say_are_under_way(
    gateway: GatewayOnStage, api: ProviderApi
) -> None:
    for number in range(2):
        started(gateway, api, f"CA{number}")
    code, told, _ = ask(gateway, "POST", CALLS, {"to": CALLER})
    assert (code, told["code"]) == (429, "too_many_calls")
    ask(gateway, "DELETE", f"{CALLS}/CA0")
    started(gateway, api, "CA3")


def test_a_call_belongs_to_the_key_that_started_it(
    gateway: GatewayOnStage, api: ProviderApi
) -> None:
    key, other = add_key(gateway, "one", "calls"), add_key(gateway, "other", "calls", "talk")
    usual, operator = add_key(gateway, "usual"), add_key(gateway, "op", "calls", "operate")
    assert ask(gateway, "POST", CALLS, {"to": CALLER}, x_api_key=usual)[0] == 403
    api.answers.append((201, {"sid": "CA9"}))
    assert ask(gateway, "POST", CALLS, {"to": CALLER}, x_api_key=key)[0] == 200
    assert ask(gateway, "GET", f"{CALLS}/CA9", x_api_key=other)[0] == 403
    assert ask(gateway, "DELETE", f"{CALLS}/CA9", x_api_key=other)[0] == 403
    assert ask(gateway, "GET", CALLS, x_api_key=other)[1] == {"calls": []}
    assert len(ask(gateway, "GET", CALLS, x_api_key=operator)[1]["calls"]) == 1
    assert ask(gateway, "GET", f"{CALLS}/CA8", x_api_key=key)[0] == 404
    assert ask(gateway, "DELETE", f"{CALLS}/CA9", x_api_key=operator)[0] == 200
