"""Which names of models the simulator answers to, over HTTP and Live."""

import pytest
from google.genai import errors
from raw_http import HELLO, generate, request
from simulating import Scripted, client, config, run

from actors.simulator.capabilities import LIVE_METHOD, capabilities
from pipeline.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("gemini-2.5-flash-native-audio-preview-12-2025", "live-2.5"),
        ("gemini-3.1-flash-live-preview-09-2026", "live-3.1"),
        ("gemini-3.8-live-preview", "live-3.8"),
        ("gemini-3.1-flash-tts-preview", "tts-2.5"),
        ("gemini-2.5-pro-preview-tts", "tts-2.5"),
        ("gemini-3.5-transcribe-live", "live-transcribe"),
        ("gemini-3-flash-preview", "text-3"),
        ("gemini-3.1-pro-preview-customtools", "text-3"),
        ("gemini-flash-latest", "text-3"),
        ("gemini-2.5-pro", "text-2.5"),
    ],
)
def test_previews_and_aliases_are_what_their_family_is(name: str, family: str) -> None:
    model = capabilities().named(name)
    assert model is not None
    assert (model.id, model.family) == (name, family)


@pytest.mark.parametrize(
    "name",
    [
        "gemini-2.0-flash-exp",
        "gemini-2.0-flash-live-001",
        "gemini-live-2.5-flash-preview",
        "gemini-2.5-flash-native-audio-dialog",
        "gemini-1.5-flash",
        "gemini-3-pro-preview",
        "gemini-9",
    ],
)
def test_retired_and_invented_names_are_refused(name: str) -> None:
    assert capabilities().named(name) is None


@pytest.mark.parametrize(
    ("name", "version", "there"),
    [
        ("gemini-3.1-flash-live-preview", "v1", True),
        ("gemini-2.5-flash-native-audio-preview-12-2025", "v1", True),
        ("gemini-2.5-flash-native-audio-latest", "v1", False),
        ("gemini-2.5-flash-native-audio-latest", "v1beta", True),
        ("gemini-flash-latest", "v1", False),
    ],
)
def test_only_the_aliases_are_not_on_v1(name: str, version: str, there: bool) -> None:
    model = capabilities().named(name)
    assert model is not None
    assert (capabilities().find(name, version, model.methods[0]) is not None) is there


def test_request_that_is_routed_names_who_answered(scripted: Scripted) -> None:
    reply = generate(scripted(), HELLO, "gemini-3.7-flash")
    assert reply.json["modelVersion"] == "gemini-3.8-flash"


def test_named_models_of_a_family_are_listed_and_answer(scripted: Scripted) -> None:
    simulator = scripted(models={"my-live": "live-2.5", "my-text": "gemini-3.8-flash"})
    names = [m["name"] for m in request(simulator, "GET", "/v1beta/models").json["models"]]
    assert {"models/my-live", "models/my-text"} <= set(names)
    assert generate(simulator, HELLO, "my-text").json["modelVersion"] == "my-text"

    async def open_session() -> None:
        sdk = client().aio
        async with sdk.live.connect(model="my-live", config=config()):
            pass
        with pytest.raises(errors.APIError, match="not found for API version"):
            async with sdk.live.connect(model="my-text", config=config()):
                pass

    run(open_session())
    assert simulator.journal.sessions[0].model == "models/my-live"


def test_family_that_is_not_there_is_a_mistake_in_the_options() -> None:
    with pytest.raises(ConfigError, match=r"no family 'live-3.9'; did you mean 'live-3.8'"):
        capabilities().with_models({"x": "live-3.9"})


def test_every_pattern_is_like_a_listed_model() -> None:
    table = capabilities()
    listed = {model.id for model in table.models}
    assert {pattern.like for pattern in table.patterns} | set(table.routed.values()) <= listed
    for model in table.models:
        families = table.families if LIVE_METHOD in model.methods else table.http_families
        assert model.family in families
