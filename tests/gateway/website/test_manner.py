"""As which session a website's client is served."""

from __future__ import annotations

import pytest
from gateway_client import gateway_on_stage

from actors.gateway.errors import CallerError
from actors.gateway.website.manner import model_of, voice_of

START = "/api/v1/live-audio/session/start"
RETIRED = (
    "gemini-2.0-flash-exp",
    "models/gemini-2.0-flash-live-001",
    "gemini-live-2.5-flash-preview",
    "gemini-2.5-flash-live-preview",
    "gemini-1.5-pro",
)
LIVE = (
    "gemini-3.8-live",
    "gemini-3.8-live-extended-thinking",
    "gemini-3.1-flash-live-preview",
    "gemini-2.5-flash-native-audio-latest",
)
NEAREST = {
    "gemini-3.8-liv": "'gemini-3.8-live'",
    "gemini-3.8-flash": "'gemini-3.8-live'",
    "gpt-4o-realtime": "gemini-3.8-live, gemini-3.8-live-extended-thinking",
    "house-modle": "'house-model'",
}


@pytest.mark.parametrize("name", [None, "", *RETIRED])
def test_a_model_that_is_gone_is_the_usual_one(name: str | None) -> None:
    assert model_of(name, ()) is None


@pytest.mark.parametrize("name", LIVE)
def test_a_live_model_is_taken(name: str) -> None:
    assert model_of(f"models/{name}", ()) == name


def test_what_the_config_names_is_taken_whatever_it_is() -> None:
    assert model_of("house-model", ["house-model"]) == "house-model"
    assert model_of(RETIRED[0], [RETIRED[0]]) == RETIRED[0]


@pytest.mark.parametrize("name", NEAREST)
def test_any_other_is_refused_with_the_nearest(name: str) -> None:
    with pytest.raises(CallerError) as refused:
        model_of(name, ["house-model"] if "house" in name else ())
    assert NEAREST[name] in str(refused.value)


def test_a_voice_is_found_in_any_case_or_refused_with_the_nearest() -> None:
    assert (voice_of("kore"), voice_of(""), voice_of(None)) == ("Kore", None, None)
    with pytest.raises(CallerError, match="'Kore'"):
        voice_of("Kora")


def test_the_client_is_told_over_rest_and_over_the_socket_and_may_ask_again() -> None:
    with gateway_on_stage() as gateway:
        for asked in ({"model": "gemini-3.8-liv"}, {"voice": "Kora"}):
            status, told = gateway.request("POST", START, asked)
            assert (status, "did you mean" in told["error"]) == (400, True)
            client = gateway.connect()
            said = gateway.say(client, type="start_session", **asked)
            assert (said["type"], said["error"]) == ("error", told["error"])
            assert gateway.start(client)
            gateway.meanwhile(client.close)
