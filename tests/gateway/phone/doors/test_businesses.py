"""For whom a call is."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.phone.context import CallDirection
from actors.gateway.phone.doors.business_options import BusinessOptions, number_key
from actors.gateway.phone.doors.businesses import Businesses
from actors.gateway.phone.options import PhoneOptions
from pipeline.config.load import explain

BAKERY = BusinessOptions.model_validate(
    {
        "numbers": ["+49 30 1234-5", "sip:bakery@pbx.example"],
        "instruction": "Sell bread.",
        "language": "de-DE",
        "voice": "Kore",
        "speaks_first": True,
        "on_failure": {"say": "Wir rufen zurück.", "transfer": "+49301", "call_back": True},
        "transfers": {"baker": "+49302"},
        "record": "nothing",
        "lasts_s": 300,
    }
)
TABLE = {"bakery-42": BAKERY, "garage": BusinessOptions(numbers=["+4940999"])}


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("+49 30 12", "493012"),
        ("004930-12", "493012"),
        ("(0049) 30/12", "493012"),
        ("sip:+493012@host;user=phone", "493012"),
        ("sips:493012@host", "493012"),
        ("SIP:Bakery@pbx.example", "bakery"),
        ("1000", "1000"),
        ("", ""),
    ],
)
def test_a_number_is_one_however_it_is_written(number: str, key: str) -> None:
    assert number_key(number) == key


@pytest.mark.parametrize(
    ("default", "named", "ours", "found"),
    [
        ("", "", "4930 12345", "bakery-42"),
        ("", "garage", "+493012345", "garage"),
        ("garage", "", "+1555", "garage"),
        ("garage", "", "", "garage"),
        ("", "", "sip:bakery@gw:5060", "bakery-42"),
    ],
)
def test_a_call_is_for_the_one_that_is_named_or_whose_number_it_is(
    default: str, named: str, ours: str, found: str
) -> None:
    assert Businesses(TABLE, default).find(named, ours) == found


@pytest.mark.parametrize(("named", "ours"), [("", "+1555"), ("", ""), ("bank", "+493012345")])
def test_a_call_for_nobody_is_refused_in_words(named: str, ours: str) -> None:
    with pytest.raises(AccessDeniedError) as error:
        Businesses(TABLE, "" if not named else "garage").find(named, ours)
    assert error.value.denial is Denial.BUSINESS_UNKNOWN
    assert "phone.businesses" in str(error.value)


def test_without_businesses_all_calls_are_served_as_the_options_say() -> None:
    businesses = Businesses({}, "")
    assert businesses.find("", "+1") == ""
    assert businesses.find("whoever", "+1") == "whoever"
    assert businesses.context("").instruction is None


def test_a_call_is_served_as_its_business_wants_it() -> None:
    context = Businesses(TABLE, "").context(
        "bakery-42", direction=CallDirection.INBOUND, caller="+1", called="+2", parameters={"a": ""}
    )
    assert (context.business, context.instruction) == ("bakery-42", "Sell bread.")
    assert (context.language, context.voice, context.speaks_first) == ("de-DE", "Kore", True)
    assert (context.caller, context.called, context.parameters) == ("+1", "+2", {"a": ""})
    assert context.lasts_s == 300
    assert context.transfers == {"baker": "+49302"}
    assert context.record == "nothing"
    failure = context.on_failure
    assert (failure.transfer_to, failure.say, failure.calls_back) == (
        "+49301",
        "Wir rufen zurück.",
        True,
    )


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"businesses": {"a": {"numbers": ["+49 1"]}, "b": {"numbers": ["00491"]}}}, "of one only"),
        ({"businesses": {"a": {}}, "default_business": "b"}, "no business 'b'"),
        ({"businesses": {"a": {"on_machine": "message"}}}, "`message`"),
        ({"businesses": {"a": {"langauge": "de"}}}, "langauge"),
        ({"public_url": "voice.example"}, "no public URL"),
        ({"public_url": "wss://voice.example"}, "no public URL"),
        ({"public_url": "https://voice.example?a=b"}, "no public URL"),
        ({"accounts": {"twilio": {"auth_token": "0123456789"}}}, "write \\$NAME"),
        ({"accounts": {"asterisk": {"networks": ["office"]}}}, "no address and no network"),
    ],
)
def test_what_cannot_be_is_said_when_the_config_is_read(
    options: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint) as error:
        PhoneOptions.model_validate(options)
    assert "0123456789" not in str(error.value)


def test_a_secret_in_a_config_is_not_shown() -> None:
    with pytest.raises(ValidationError) as error:
        PhoneOptions.model_validate({"accounts": {"twilio": {"auth_token": "0123456789"}}})
    told = explain(error.value, PhoneOptions, "phone")
    assert told.startswith("phone.accounts.twilio.auth_token: a secret is not written")
    assert "0123456789" not in told


def test_a_public_url_may_have_a_path() -> None:
    assert PhoneOptions(public_url="https://h/greenroom/").public_url == "https://h/greenroom"
