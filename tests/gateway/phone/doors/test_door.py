"""Which call a socket is, by what was proven, announced and said of it."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.phone.context import CallContext, CallDirection, Knock
from actors.gateway.phone.dialect import CallStarted, Encoding, LineSound
from actors.gateway.phone.doors import known_calls
from actors.gateway.phone.doors.account_options import AccountsOptions
from actors.gateway.phone.doors.business_options import BusinessOptions
from actors.gateway.phone.doors.businesses import Businesses
from actors.gateway.phone.doors.call_tokens import CallTokens
from actors.gateway.phone.doors.door import CallDoor
from actors.gateway.phone.doors.expected_calls import ExpectedCall, ExpectedCalls
from actors.gateway.phone.doors.known_calls import CallStage, KnownCalls
from actors.gateway.phone.doors.provider_table import provider_table
from pipeline.logs import get_logger

SOUND = LineSound(Encoding.MULAW, 8000)
SECRET = "0123456789abcdef"
TABLE = {
    "bakery-42": BusinessOptions(numbers=["+4930"], instruction="Sell bread."),
    "garage": BusinessOptions(numbers=["+4940"], instruction="Mend cars."),
}


class Keyless:
    """Knows no key."""

    def __init__(self) -> None:
        self.lets_in = False

    async def knows(self, key: str) -> bool:
        return key == "known"

    def admit_unproven(self, key: str, address: str, *, is_forwarded: bool) -> None:
        if not self.lets_in:
            raise AccessDeniedError(Denial.UNSIGNED, "nobody")


class Threshold:
    """A door with all that is behind it."""

    def __init__(self, public_url: str = "https://voice.example", **accounts: Any) -> None:
        self.now_s = 1_790_000_000.0
        self.keyless = Keyless()
        self.records = KnownCalls(lambda: self.now_s)
        self.expected = ExpectedCalls(lambda: self.now_s)
        self.tokens = CallTokens(b"s" * 32, lambda: self.now_s, {})
        authenticator: Any = self.keyless
        self.door = CallDoor(
            public_url,
            provider_table(AccountsOptions.model_validate(accounts), {"SECRET": SECRET}),
            Businesses(TABLE, ""),
            self.tokens,
            self.expected,
            self.records,
            authenticator,
            lambda: self.now_s,
            get_logger("test"),
        )

    def admit(self, knock: Knock, call: str = "c1", **said: Any) -> CallContext:
        """Let a socket in, from its handshake to its first message."""

        async def come() -> CallContext:
            await self.door.check(knock)
            return await self.door.admit(knock, CallStarted(call, "s1", SOUND, SOUND, **said))

        return asyncio.run(come())

    def refusal(self, knock: Knock, call: str = "c1", **said: Any) -> Denial:
        with pytest.raises(AccessDeniedError) as error:
            self.admit(knock, call, **said)
        return error.value.denial


@pytest.fixture
def threshold() -> Threshold:
    return Threshold(twilio={"auth_token": "$SECRET"})


def knock_with(threshold: Threshold, provider: str = "twilio", **how: Any) -> Knock:
    token = threshold.tokens.mint(provider, how.pop("call", "c1"), **how)
    return Knock(provider, token, f"/phone/{provider}/{token}")


def test_what_was_proven_goes_before_what_the_socket_says(threshold: Threshold) -> None:
    knock = knock_with(
        threshold,
        business="bakery-42",
        direction=CallDirection.INBOUND,
        said={"caller": "+1", "called": "+4930"},
    )
    context = threshold.admit(
        knock,
        caller="+666",
        called="+4940",
        direction="outbound",
        parameters={"business": "garage", "direction": "outbound", "caller": "+667", "x": "y"},
    )
    assert (context.business, context.instruction) == ("bakery-42", "Sell bread.")
    assert (context.direction, context.caller) == (CallDirection.INBOUND, "+1")
    assert context.called == "+4930"
    assert context.parameters["x"] == "y"


def test_a_token_that_names_no_business_is_not_filled_up_by_the_socket(
    threshold: Threshold,
) -> None:
    knock = knock_with(threshold, said={"called": "+4930"})
    context = threshold.admit(knock, parameters={"business": "garage"})
    assert context.business == "bakery-42"


def test_parameters_of_a_call_are_its_own(threshold: Threshold) -> None:
    first = threshold.admit(
        knock_with(threshold, business="garage"), parameters={"secret": "of the first"}
    )
    second = threshold.admit(knock_with(threshold, call="c2", business="garage"), "c2")
    assert first.parameters == {"secret": "of the first"}
    assert second.parameters == {}
    assert (second.caller, second.direction) == ("", None)


def test_an_order_has_its_own_manner_and_a_later_call_has_not(threshold: Threshold) -> None:
    record = threshold.records.new(
        "twilio",
        direction=CallDirection.OUTBOUND,
        business="garage",
        manner={"instruction": "Ask for the key.", "speaks_first": True},
        parameters={"order": "77"},
    )
    knock = knock_with(
        threshold, business="garage", direction=CallDirection.OUTBOUND, order=record.id
    )
    context = threshold.admit(knock)
    assert (context.instruction, context.speaks_first) == ("Ask for the key.", True)
    assert context.parameters == {"order": "77"}
    assert (record.call_id, record.state) == ("c1", CallStage.CONNECTED)
    later = threshold.admit(knock_with(threshold, call="c2", business="garage"), "c2")
    assert (later.instruction, later.parameters) == ("Mend cars.", {})


def test_of_an_outbound_call_the_number_that_calls_is_ours(threshold: Threshold) -> None:
    knock = knock_with(
        threshold,
        direction=CallDirection.OUTBOUND,
        said={"caller": "+4940", "called": "+4930"},
    )
    assert threshold.admit(knock).business == "garage"


@pytest.mark.parametrize(
    ("provider", "account", "headers", "is_let_in"),
    [
        ("twilio", {"auth_token": "$SECRET"}, {}, True),
        ("twilio", {"auth_token": "$SECRET"}, {"x-twilio-signature": "bm8="}, False),
        ("jambonz", {"user": "us", "password": "$SECRET"}, {"authorization": "Basic dTpw"}, False),
        (
            "plivo",
            {"auth_token": "$SECRET"},
            {"x-plivo-signature-v3": "bm8=", "x-plivo-signature-v3-nonce": "n"},
            True,
        ),
        ("vonage", {"signature_secret": "$SECRET"}, {"authorization": "Bearer a.b.c"}, True),
    ],
)
def test_a_signature_beside_a_token_fits_where_it_is_known_how_it_is_made(
    provider: str, account: dict[str, str], headers: dict[str, str], is_let_in: bool
) -> None:
    threshold = Threshold(**{provider: account})
    token = threshold.tokens.mint(provider, "c1", business="garage")
    path = f"/phone/{provider}"
    knock = Knock(provider, token, f"{path}/{token}", headers)
    if is_let_in:
        assert threshold.admit(knock).business == "garage"
    else:
        assert threshold.refusal(knock) is Denial.SIGNATURE_WRONG
    # Without the token it is refused in any case.
    bare = Knock(provider, path=path, headers=headers)
    assert threshold.refusal(bare, called="+4930") in (Denial.UNSIGNED, Denial.SIGNATURE_WRONG)


def test_a_call_for_nobody_is_not_let_in(threshold: Threshold) -> None:
    assert threshold.refusal(knock_with(threshold)) is Denial.BUSINESS_UNKNOWN
    bank = knock_with(threshold, business="bank")
    assert threshold.refusal(bank) is Denial.BUSINESS_UNKNOWN


def test_audiosocket_brings_a_name_that_was_announced(threshold: Threshold) -> None:
    knock = Knock("audiosocket", address="127.0.0.1")
    name = "7A1B2C3D-0000-4000-8000-000000000001"
    assert threshold.refusal(knock, name) is Denial.UNSIGNED
    expected = ExpectedCall("bakery-42", "100", "+4930", CallDirection.INBOUND, {"queue": "2"})
    threshold.expected.add(name, expected)
    context = threshold.admit(knock, name.lower())
    assert (context.business, context.caller, context.parameters) == (
        "bakery-42",
        "100",
        {"queue": "2"},
    )
    # Once: whoever read the name on the way cannot use it again.
    assert threshold.refusal(knock, name) is Denial.UNSIGNED
    threshold.expected.add(name, expected)
    threshold.now_s += 121
    assert threshold.refusal(knock, name) is Denial.UNSIGNED


def test_audiosocket_without_a_name_may_come_from_a_network_that_is_named() -> None:
    threshold = Threshold(audiosocket={"networks": ["10.0.0.0/8"]})
    inside = Knock("audiosocket", address="10.1.2.3")
    assert threshold.admit(inside, parameters={"business": "garage"}).business == "garage"
    outside = Knock("audiosocket", address="11.1.2.3")
    assert threshold.refusal(outside) is Denial.UNSIGNED


def test_an_exchange_may_have_both_a_password_and_networks() -> None:
    threshold = Threshold(
        asterisk={"user": "pbx", "password": "$SECRET", "networks": ["10.0.0.0/8"]}
    )

    def knock(address: str, password: str = "", **headers: str) -> Knock:
        basic = base64.b64encode(f"pbx:{password}".encode()).decode()
        given = {"authorization": f"Basic {basic}"} if password else {}
        return Knock("asterisk", "", "/phone/asterisk", {**given, **headers}, address)

    assert threshold.admit(knock("10.1.2.3"), called="+4930").business == "bakery-42"
    assert threshold.admit(knock("11.1.2.3", SECRET), called="+4930").business == "bakery-42"
    assert threshold.refusal(knock("11.1.2.3")) is Denial.UNSIGNED
    assert threshold.refusal(knock("10.1.2.3", "wrong")) is Denial.SIGNATURE_WRONG
    forwarded = knock("10.1.2.3", **{"x-forwarded-for": "11.1.2.3"})
    assert threshold.refusal(forwarded) is Denial.UNSIGNED


def test_a_call_is_over_when_its_socket_is_closed_unless_it_was_handed_on() -> None:
    threshold = Threshold(asterisk={"networks": ["10.0.0.0/8"]})
    knock = Knock("asterisk", "", "/phone/asterisk", {}, "10.1.2.3")
    threshold.admit(knock, called="+4930")
    record = threshold.records.of_call("asterisk", "c1")
    assert record is not None
    threshold.door.closed(knock, "c1")
    assert record.state is CallStage.ENDED
    # It came again: whatever became of its first socket.
    threshold.admit(knock, called="+4930")
    assert record.state is CallStage.CONNECTED
    threshold.records.change(record, CallStage.HANDED_ON)
    threshold.door.closed(knock, "c1")
    assert record.state is CallStage.HANDED_ON
    threshold.door.closed(knock, "never seen")


def test_a_key_of_the_gateway_is_proof_too(threshold: Threshold) -> None:
    for headers in ({"authorization": "Bearer known"}, {"x-api-key": "known"}):
        knock = Knock("asterisk", path="/phone/asterisk", headers=headers)
        assert threshold.admit(knock, called="+4930").business == "bakery-42"
    unknown = Knock("asterisk", path="/phone/asterisk", headers={"x-api-key": "other"})
    assert threshold.refusal(unknown, called="+4930") is Denial.UNSIGNED


def test_who_is_configured_has_to_prove_itself_wherever_it_comes_from(
    threshold: Threshold,
) -> None:
    threshold.keyless.lets_in = True
    for provider in ("twilio", "asterisk", "audiosocket", "vonage"):
        knock = Knock(provider, path=f"/phone/{provider}", address="127.0.0.1")
        assert threshold.refusal(knock, called="+4930") is Denial.UNSIGNED, provider
    bare = Threshold("")
    bare.keyless.lets_in = True
    assert bare.admit(Knock("asterisk"), called="+4930").business == "bakery-42"


def test_a_public_url_may_have_a_path_of_its_own() -> None:
    door = Threshold("https://h:8443/greenroom").door
    assert door.public("/phone/x/answer?a=b") == "https://h:8443/greenroom/phone/x/answer?a=b"
    assert door.public("/phone/x/T", socket=True) == "wss://h:8443/greenroom/phone/x/T"
    assert Threshold("http://h").door.public("/p", socket=True) == "ws://h/p"


@pytest.mark.parametrize("state", [CallStage.ENDED, CallStage.FAILED])
def test_a_call_that_is_over_stays_so(threshold: Threshold, state: CallStage) -> None:
    record = threshold.records.new("twilio", call_id="c9")
    threshold.records.change(record, state, "done")
    threshold.records.change(record, CallStage.CONNECTED, "again")
    assert (record.state, record.detail) == (state, "done")


def test_calls_that_are_over_are_forgotten(threshold: Threshold) -> None:
    over = threshold.records.new("twilio", call_id="c1")
    threshold.records.change(over, CallStage.ENDED)
    up = threshold.records.new("twilio", call_id="c2")
    threshold.now_s += 3601
    threshold.records.new("twilio", call_id="c3")
    assert threshold.records.find("c1") is None
    assert threshold.records.find("c2") is up
    threshold.now_s += 24 * 3600
    threshold.records.new("twilio", call_id="c4")
    assert [each.call_id for each in threshold.records] == ["c3", "c4"]


def test_a_provider_that_tells_no_ends_keeps_nobody_out(
    threshold: Threshold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_calls, "MOST", 2)
    for call in ("c1", "c2", "c3"):
        threshold.records.new("asterisk", call_id=call)
    assert [each.call_id for each in threshold.records] == ["c2", "c3"]
    assert threshold.records.of_call("asterisk", "c1") is None
