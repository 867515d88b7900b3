"""The setup message never holds what a model closes the connection for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from actors.backends.gemini.live.capabilities import capabilities, family_of
from actors.backends.gemini.live.limits import limits_of
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.setup import behavior, build_setup
from actors.backends.realtime.link import Seed

ARGUMENTS = {"type": "object", "properties": {"x": {"type": "number"}}, "additionalProperties": 0}
TOOLS = ({"name": "move", "description": "Drive.", "parameters": ARGUMENTS},)

FAMILIES = [
    ("gemini-3.8-live", "gemini-3.8-live"),
    ("models/gemini-3.8-live", "gemini-3.8-live"),
    ("gemini-3.8-live-2026-09", "gemini-3.8-live"),
    ("gemini-3.8-live-extended-thinking", "gemini-3.8-live-extended-thinking"),
    ("gemini-3.1-flash-live-preview", "gemini-3.1-"),
    ("gemini-2.5-flash-native-audio-latest", "gemini-2.5-"),
    ("gemini-9-live", ""),
]


@pytest.mark.parametrize(("model", "prefix"), FAMILIES)
def test_family_is_found_by_the_longest_prefix(model: str, prefix: str) -> None:
    assert family_of(model).prefix == prefix


def setup_of(
    model: str = "gemini-3.8-live", seed: Seed | None = None, **options: Any
) -> tuple[dict[str, Any], list[str]]:
    chosen = LiveOptions.model_validate({"model": model, **options})
    seed = seed or Seed(local_turns=True)
    config, warnings = build_setup(chosen, family_of(model), seed)
    return config.model_dump(mode="json", exclude_none=True), warnings


THINKING = [
    ("gemini-3.8-live", {"level": "low"}, None, 1),
    ("gemini-3.8-live", {"budget": 100}, None, 1),
    ("gemini-3.8-live", None, None, 0),
    ("gemini-3.8-live-extended-thinking", None, {"thinking_level": "LOW"}, 0),
    ("gemini-3.8-live-extended-thinking", {"level": "high"}, {"thinking_level": "HIGH"}, 0),
    ("gemini-3.8-live-extended-thinking", {"level": "minimal"}, {"thinking_level": "LOW"}, 1),
    ("gemini-3.8-live-extended-thinking", {"budget": 5}, {"thinking_level": "LOW"}, 1),
    ("gemini-3.1-flash-live-preview", {"level": "minimal"}, {"thinking_level": "MINIMAL"}, 0),
    ("gemini-3.1-flash-live-preview", None, None, 0),
    ("gemini-2.5-flash-native-audio-latest", {"budget": 0}, {"thinking_budget": 0}, 0),
    ("gemini-2.5-flash-native-audio-latest", {"level": "low"}, None, 1),
    ("gemini-9-live", {"level": "low"}, None, 1),
]


@pytest.mark.parametrize(("model", "thinking", "sent", "warned"), THINKING)
def test_thinking_is_sent_only_as_the_model_takes_it(
    model: str, thinking: dict[str, Any] | None, sent: dict[str, Any] | None, warned: int
) -> None:
    setup, warnings = setup_of(model, thinking=thinking)
    assert setup.get("thinking_config") == sent
    assert len(warnings) == warned


BEHAVIORS = [
    ("gemini-3.8-live", None, "BLOCKING", 0),
    ("gemini-3.8-live", "non_blocking", "NON_BLOCKING", 0),
    ("gemini-3.8-live-extended-thinking", None, "NON_BLOCKING", 0),
    ("gemini-3.8-live-extended-thinking", "blocking", "NON_BLOCKING", 1),
    ("gemini-3.1-flash-live-preview", None, None, 0),
    ("gemini-3.1-flash-live-preview", "blocking", None, 0),
    ("gemini-3.1-flash-live-preview", "non_blocking", None, 1),
    ("gemini-2.5-flash-native-audio-latest", None, "BLOCKING", 0),
]


@pytest.mark.parametrize(("model", "wanted", "sent", "warned"), BEHAVIORS)
def test_tools_are_declared_as_the_model_takes_them(
    model: str, wanted: str | None, sent: str | None, warned: int
) -> None:
    seed = Seed(local_turns=True, tools=TOOLS)
    setup, warnings = setup_of(model, seed, tool_behavior=wanted)
    (declared,) = setup["tools"][0]["function_declarations"]
    assert declared.get("behavior") == sent
    assert declared["parameters"] == {"type": "OBJECT", "properties": {"x": {"type": "NUMBER"}}}
    assert len(warnings) == warned
    limits = limits_of(
        LiveOptions.model_validate({"model": model, "tool_behavior": wanted}), local_turns=True
    )
    assert limits.blocking is (sent != "NON_BLOCKING")


def test_plain_setup_asks_for_audio_transcripts_resumption_compression_and_nothing_else() -> None:
    setup, warnings = setup_of()
    assert setup == {
        "response_modalities": ["AUDIO"],
        "input_audio_transcription": {},
        "output_audio_transcription": {},
        "realtime_input_config": {"automatic_activity_detection": {"disabled": True}},
        "session_resumption": {},
        "context_window_compression": {"sliding_window": {}},
    }
    assert warnings == []


def test_all_settings_reach_the_setup() -> None:
    setup, _ = setup_of(
        voice="kore",
        language="German",
        system_instruction="Be brief.",
        temperature=0.5,
        media_resolution="low",
        compression={"trigger_tokens": 20_000, "target_tokens": 8_000},
    )
    voice = setup["speech_config"]["voice_config"]["prebuilt_voice_config"]
    assert voice == {"voice_name": "Kore"}
    text = setup["system_instruction"]["parts"][0]["text"]
    assert text == "Be brief.\n\nAlways answer in this language: German."
    assert setup["temperature"] == 0.5
    assert setup["media_resolution"] == "MEDIA_RESOLUTION_LOW"
    compression = setup["context_window_compression"]
    assert compression == {"trigger_tokens": 20_000, "sliding_window": {"target_tokens": 8_000}}


def test_session_has_no_end_by_default_and_compression_is_left_out_where_it_is_refused() -> None:
    setup, _ = setup_of()
    assert setup["context_window_compression"] == {"sliding_window": {}}
    refused, _ = setup_of(seed=Seed(local_turns=True, left_out=frozenset({"compression"})))
    without, _ = setup_of(compression=None)
    for each in (refused, without):
        assert "context_window_compression" not in each


def test_history_is_never_told_to_a_session_that_is_resumed() -> None:
    fresh, _ = setup_of(seed=Seed(local_turns=True, history=(("user", "hello"),)))
    assert fresh["history_config"] == {"initial_history_in_client_content": True}
    resumed, _ = setup_of(seed=Seed(local_turns=True, handle="h"))
    assert "history_config" not in resumed
    assert resumed["session_resumption"] == {"handle": "h"}


def test_refused_options_are_left_out() -> None:
    seed = Seed(local_turns=True, left_out=frozenset({"voice", "thinking"}))
    setup, _ = setup_of("gemini-3.1-flash", seed, voice="Kore", thinking={"level": "low"})
    assert "speech_config" not in setup
    assert "thinking_config" not in setup


def test_server_side_detection_takes_its_settings() -> None:
    vad = {"silence_ms": 700, "start_sensitivity": "low", "end_sensitivity": "high"}
    setup, _ = setup_of(seed=Seed(local_turns=False), server_vad=vad)
    assert setup["realtime_input_config"]["automatic_activity_detection"] == {
        "silence_duration_ms": 700,
        "start_of_speech_sensitivity": "START_SENSITIVITY_LOW",
        "end_of_speech_sensitivity": "END_SENSITIVITY_HIGH",
    }


def test_patience_follows_the_family_unless_it_is_set() -> None:
    thinking = LiveOptions(model="gemini-3.8-live-extended-thinking")
    assert limits_of(thinking, local_turns=True).first_event_s == 15
    assert limits_of(thinking, local_turns=True).grace_s is None
    options = LiveOptions(model=thinking.model, first_sound_timeout_s=2)
    assert limits_of(options, local_turns=True).first_event_s == 2
    assert limits_of(LiveOptions(model="other"), local_turns=True).first_event_s == 4


BAD = [
    ({"voice": "alloy"}, "voice 'alloy'"),
    ({"voice": "puk"}, "'Puck'"),
    ({"compression": {"trigger_tokens": 5, "target_tokens": 5}}, "target_tokens"),
    ({"compression": {"target_tokens": 5}}, "trigger_tokens"),
    ({"server_file": "a.json", "base_url": "https://x"}, "either"),
    ({"modle": "x"}, "modle"),
    ({"temperature": 3}, "temperature"),
]


@pytest.mark.parametrize(("options", "named"), BAD)
def test_bad_option_is_refused_by_name(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        LiveOptions.model_validate(options)


def test_every_voice_of_the_table_is_accepted() -> None:
    assert len(capabilities().voices) == 30
    for voice in capabilities().voices:
        assert LiveOptions(voice=voice.lower()).voice == voice


def test_model_that_blocks_by_itself_needs_no_word_for_it() -> None:
    assert behavior(LiveOptions(), family_of("gemini-3.1-flash-live-preview")) is None
