"""What the service takes from a client and what it refuses, fault by fault."""

from collections.abc import Iterator
from typing import Any

import pytest
from raw_live import RawLive, audio, user
from simulating import LIVE_MODEL, MOVE, RunningSimulator, run

from actors.simulator import SimulatorOptions

MODEL_31 = "gemini-3.1-flash-live-preview"
MODEL_25 = "gemini-2.5-flash-native-audio-latest"
SILENCE_100_MS = bytes(3200)
INVALID = "Request contains an invalid argument."


@pytest.fixture(scope="module")
def humming() -> Iterator[RunningSimulator]:
    simulator = RunningSimulator(
        SimulatorOptions(stt="none", tts="tone", answer_speed=(60, 90), playback_speed=100)
    )
    yield simulator
    simulator.stop()


@pytest.mark.parametrize("model", [LIVE_MODEL, MODEL_31, MODEL_25])
def test_audio_without_a_rate_is_taken_as_16_khz(humming: RunningSimulator, model: str) -> None:
    async def conversation() -> None:
        async with RawLive(humming, model) as live:
            await live.send(audio(SILENCE_100_MS, "audio/pcm"))
            await live.text("Hello.")
            await live.until("turnComplete")

    run(conversation())
    assert humming.journal.sessions[-1].audio_ms == pytest.approx(100)


TURN = {"role": "user", "parts": [{"text": "hi"}]}
LENIENT_SETUPS: list[dict[str, Any]] = [
    {"tools": {"functionDeclarations": [MOVE]}},
    {"generationConfig": {"responseModalities": "audio"}},
    {"generationConfig": {"responseModalities": ["audio"]}},
    {"generation_config": {"response_modalities": "AUDIO"}},
    {"systemInstruction": {"parts": {"text": "be brief"}}},
    {"realtimeInputConfig": {"automaticActivityDetection": {"silenceDurationMs": "500"}}},
    {"generationConfig": {"temperature": "0.5"}},
    {"contextWindowCompression": {"triggerTokens": "9000", "slidingWindow": None}},
]


@pytest.mark.parametrize("setup", LENIENT_SETUPS)
def test_setup_in_any_form_of_the_parser_is_taken(
    humming: RunningSimulator, setup: dict[str, Any]
) -> None:
    async def conversation() -> None:
        async with RawLive(humming, **setup) as live:
            await live.text("Hello.")
            await live.until("turnComplete")
            assert live.said == "You said: Hello."

    run(conversation())


@pytest.mark.parametrize(
    "message",
    [
        {"clientContent": {"turns": TURN, "turnComplete": True}},
        {"client_content": {"turns": [{"parts": {"text": "hi"}}], "turn_complete": "true"}},
    ],
)
def test_message_in_any_form_of_the_parser_is_taken(
    humming: RunningSimulator, message: dict[str, Any]
) -> None:
    async def conversation() -> None:
        async with RawLive(humming) as live:
            await live.send(message)
            await live.until("turnComplete")
            assert live.said == "You said: hi"

    run(conversation())


def test_one_media_chunk_and_one_function_response_need_no_list(humming: RunningSimulator) -> None:
    blocking = {**MOVE, "behavior": "BLOCKING"}

    async def conversation() -> None:
        tools = [{"functionDeclarations": [blocking]}]
        async with RawLive(humming, MODEL_25, tools=tools) as live:
            chunk = {"data": "AAAAAA==", "mimeType": "audio/pcm"}
            await live.send({"realtimeInput": {"mediaChunks": chunk}})
            await live.text("go forward ten meters")
            await live.until("toolCall")
            (call,) = live.calls()
            response = {"id": call["id"], "name": "move", "response": {"ok": True}}
            await live.send({"toolResponse": {"functionResponses": response}})
            await live.until("turnComplete")
            assert live.said.endswith("Moving forward ten meters.")

    run(conversation())


def function(parameters: dict[str, Any]) -> dict[str, Any]:
    return {"tools": [{"functionDeclarations": [{"name": "f", "parameters": parameters}]}]}


def schema(**properties: Any) -> dict[str, Any]:
    return function({"type": "OBJECT", "properties": {"x": properties}})


def generation(**fields: Any) -> dict[str, Any]:
    return {"generationConfig": {"responseModalities": ["AUDIO"], **fields}}


def realtime(**fields: Any) -> dict[str, Any]:
    return {"realtimeInputConfig": fields}


def detection(**fields: Any) -> dict[str, Any]:
    return realtime(automaticActivityDetection=fields)


REFUSED_SETUPS: list[tuple[dict[str, Any], str]] = [
    (realtime(activityHandling="X"), "at 'setup.realtime_input_config.activity_handling'"),
    (realtime(turnCoverage="X"), "at 'setup.realtime_input_config.turn_coverage'"),
    (detection(startOfSpeechSensitivity="HIGH"), "Invalid value at 'setup.realtime_input_config"),
    (detection(prefixPaddingMs=-5), "automatic_activity_detection.prefix_padding_ms"),
    (generation(mediaResolution="HUGE"), "'setup.generation_config.media_resolution'"),
    (generation(temperature="hot"), "'setup.generation_config.temperature' (TYPE_FLOAT), \"hot\""),
    (generation(temperature=9), "temperature must be in the range [0.0, 2.0]"),
    (generation(maxOutputTokens=-1), "max_output_tokens: must be positive"),
    (
        {"contextWindowCompression": {"triggerTokens": "abc"}},
        'trigger_tokens\' (TYPE_INT64), "abc"',
    ),
    ({"inputAudioTranscription": True}, "Invalid value at 'setup.input_audio_transcription'"),
    ({"inputAudioTranscription": {"foo": 1}}, 'Unknown name "foo"'),
    ({"safetySettings": True}, "Invalid value at 'setup.safety_settings[0]'"),
    ({"safetySettings": [{"category": "X"}]}, "Invalid value at 'setup.safety_settings[0].cat"),
    ({"tools": [{"foo": {}}]}, "Unknown name \"foo\" at 'setup.tools[0]': Cannot find field."),
    ({"tools": [{"codeExecution": {}}]}, INVALID),
    (
        function({"additionalProperties": 1}),
        'Unknown name "additionalProperties" at \'setup.tools[0].function_declarations[0].param',
    ),
    (schema(type=["string", "null"]), 'Unknown name "type" at'),
    (schema(typo=1), 'Unknown name "typo" at'),
    (schema(type="ARRAY"), "parameters.properties[x].items: missing"),
    (
        function({"type": "OBJECT", "required": ["y"]}),
        "required[0]: property is not defi",
    ),
    (
        {"tools": [{"functionDeclarations": [MOVE, MOVE]}]},
        "Duplicate function declaration found",
    ),
    ({"tools": [{"functionDeclarations": [{"name": "f", "descr": "x"}]}]}, 'Unknown name "descr"'),
    (generation(enableAffectiveDialog=True), 'Unknown name "enableAffectiveDialog"'),
    ({"systemInstruction": "be brief"}, "Invalid value at 'setup.system_instruction'"),
]


@pytest.mark.parametrize(("setup", "reason"), REFUSED_SETUPS)
def test_setup_that_google_refuses_closes_1007(
    humming: RunningSimulator, setup: dict[str, Any], reason: str
) -> None:
    async def conversation() -> tuple[int | None, str]:
        async with RawLive(humming, **setup) as live:
            return await live.closed()

    code, words = run(conversation())
    assert code == 1007
    assert reason in words
    assert len(words.encode()) <= 123


@pytest.mark.parametrize(
    ("model", "version", "setup", "code"),
    [
        (LIVE_MODEL, "v1alpha", {"proactivity": {"proactiveAudio": True}}, None),
        (LIVE_MODEL, "v1alpha", {"proactivity": {"proactiveAudio": False}}, 1007),
        (LIVE_MODEL, "v1alpha", generation(enableAffectiveDialog=True), 1007),
        (LIVE_MODEL, "v1beta", {"proactivity": {"proactiveAudio": True}}, 1007),
        (MODEL_25, "v1alpha", {"proactivity": {"proactiveAudio": False}}, None),
        (MODEL_25, "v1alpha", generation(enableAffectiveDialog=True), None),
        (MODEL_25, "v1beta", {"proactivity": {"proactiveAudio": True}}, 1007),
        (MODEL_25, "v1beta", generation(enableAffectiveDialog=True), 1007),
    ],
)
def test_proactivity_hangs_on_the_version(
    humming: RunningSimulator, model: str, version: str, setup: dict[str, Any], code: int | None
) -> None:
    async def conversation() -> int | None:
        async with RawLive(humming, model, version, **setup) as live:
            return live.close[0]

    assert run(conversation()) == code


def test_handle_of_another_model_is_refused(humming: RunningSimulator) -> None:
    async def conversation() -> tuple[int | None, str]:
        async with RawLive(humming, sessionResumption={}) as live:
            await live.text("Hello.")
            await live.until("resumable")
            handle = live.got[-1]["sessionResumptionUpdate"]["newHandle"]
        async with RawLive(humming, sessionResumption={"handle": handle}) as live:
            assert live.close[0] is None
        async with RawLive(humming, MODEL_25, sessionResumption={"handle": handle}) as live:
            return live.close

    assert run(conversation()) == (1007, INVALID)


def test_nudge_after_history_answers_what_the_history_asks(humming: RunningSimulator) -> None:
    history = {"historyConfig": {"initialHistoryInClientContent": True}}

    async def conversation() -> None:
        async with RawLive(humming, **history) as live:
            await live.content(user("what do you see?"))
            await live.text(" ")
            await live.until("turnComplete")
            assert live.said == "I have not received any picture."

    run(conversation())


def test_nudge_without_anything_to_answer_is_heard_as_nothing(humming: RunningSimulator) -> None:
    async def conversation() -> None:
        async with RawLive(humming) as live:
            await live.text(" ")
            await live.until("turnComplete")
            assert live.said == "I did not hear any words."

    run(conversation())


@pytest.mark.parametrize("how", ["text", "content"])
def test_incomplete_content_stays_in_the_conversation(humming: RunningSimulator, how: str) -> None:
    async def conversation() -> None:
        async with RawLive(humming) as live:
            await live.content(user("My name is Bob."), complete=False)
            if how == "text":
                await live.text("And the first one?")
            else:
                await live.content(user("Hello."))
                await live.until("turnComplete")
                await live.text("And the first one?")
                await live.until("turnComplete", 2)
            await live.until("turnComplete")
            assert live.said.endswith("The first thing you said was: My name is Bob.")

    run(conversation())


def test_content_may_be_completed_by_an_empty_message(humming: RunningSimulator) -> None:
    async def conversation() -> None:
        async with RawLive(humming) as live:
            await live.content(user("What do"), user("you see?"), complete=False)
            await live.content()
            await live.until("turnComplete")
            assert live.said == "I have not received any picture."

    run(conversation())
