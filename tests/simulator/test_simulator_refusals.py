"""Every setup that the service refuses, and every reason for which it closes, by google-genai."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from google.genai import errors, types
from simulating import (
    LIVE_MODEL,
    MANUAL,
    RunningSimulator,
    Scripted,
    client,
    config,
    receive,
    run,
    scenario_file,
    speak,
    use,
)

from actors.simulator import SimulatorOptions
from actors.simulator.errors import presets

THINKING_MODEL = f"{LIVE_MODEL}-extended-thinking"
MODEL_31 = "gemini-3.1-flash-live-preview"
MODEL_25 = "gemini-2.5-flash-native-audio-latest"
INVALID = "Request contains an invalid argument."
LEVEL = "Thinking level is not supported for this model"
NOT_FOUND = "is not found for API version v1beta, or is not supported for bidiGenerateContent."


def unknown(name: str, path: str) -> str:
    return f"Unknown name \"{name}\" at '{path}': Cannot find field."


def voice(name: str) -> dict[str, Any]:
    return {"speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": name}}}}


def tool(behavior: str) -> dict[str, Any]:
    return {"tools": [{"function_declarations": [{"name": "f", "behavior": behavior}]}]}


REFUSED = [
    ("gemini-2.0-flash-exp", {}, 1008, f"models/gemini-2.0-flash-exp {NOT_FOUND}"),
    ("gemini-3.8-flash", {}, 1008, f"models/gemini-3.8-flash {NOT_FOUND}"),
    (LIVE_MODEL, {"response_modalities": ["TEXT"]}, 1007, "response modalities (TEXT) is not"),
    (LIVE_MODEL, {"thinking_config": {"thinking_level": "LOW"}}, 1007, LEVEL),
    (LIVE_MODEL, {"thinking_config": {"thinking_budget": 0}}, 1007, LEVEL),
    (THINKING_MODEL, {}, 1007, INVALID),
    (THINKING_MODEL, {"thinking_config": {"thinking_level": "MINIMAL"}}, 1007, LEVEL),
    (MODEL_31, {"thinking_config": {"thinking_budget": 100}}, 1007, INVALID),
    (MODEL_25, {"thinking_config": {"thinking_level": "LOW"}}, 1007, LEVEL),
    (LIVE_MODEL, {"proactivity": {"proactive_audio": True}}, 1007, unknown("proactivity", "setup")),
    (MODEL_31, {"proactivity": {"proactive_audio": True}}, 1007, unknown("proactivity", "setup")),
    (MODEL_25, {"proactivity": {"proactive_audio": True}}, 1007, unknown("proactivity", "setup")),
    (
        LIVE_MODEL,
        {"enable_affective_dialog": True},
        1007,
        unknown("enableAffectiveDialog", "setup.generation_config")[:60],
    ),
    (LIVE_MODEL, voice("alloy"), 1007, "No matching speaker voice found for name: alloy"),
    (
        THINKING_MODEL,
        {"thinking_config": {"thinking_level": "LOW"}, **tool("BLOCKING")},
        1007,
        INVALID,
    ),
    (MODEL_31, tool("NON_BLOCKING"), 1007, INVALID),
    (LIVE_MODEL, {"session_resumption": {"handle": "made-up"}}, 1007, "Invalid session handle"),
    (LIVE_MODEL, {"system_instruction": "word " * 40_000}, 1007, "the system instruction has"),
]
ACCEPTED = [
    (LIVE_MODEL, {}),
    (LIVE_MODEL, voice("Zephyr")),
    (LIVE_MODEL, tool("BLOCKING")),
    (LIVE_MODEL, {"context_window_compression": {"trigger_tokens": 9000, "sliding_window": {}}}),
    (LIVE_MODEL, {"temperature": 0.5, "media_resolution": "MEDIA_RESOLUTION_LOW"}),
    (THINKING_MODEL, {"thinking_config": {"thinking_level": "HIGH"}}),
    (MODEL_31, {"thinking_config": {"thinking_level": "MINIMAL"}}),
    (MODEL_25, {"thinking_config": {"thinking_budget": 0}}),
]


@pytest.fixture(scope="module")
def strict_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    rules = [
        {"when": {"heard": f"close {name}."}, "do": [{"close": name}]}
        for name in presets()["close"]
    ]
    scenario = scenario_file(tmp_path_factory.mktemp("scenario"), *rules)
    simulator = RunningSimulator(
        SimulatorOptions(
            scenario=scenario,
            stt="none",
            tts="tone",
            answer_speed=(20, 60),
            playback_speed=100,
        )
    )
    yield simulator
    simulator.stop()


@pytest.fixture
def strict(strict_simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> RunningSimulator:
    use(strict_simulator, monkeypatch)
    return strict_simulator


async def close_of(model: str, setup: dict[str, Any], key: str = "any-key") -> tuple[int, str]:
    with pytest.raises(errors.APIError) as raised:
        async with client(key).aio.live.connect(model=model, config=setup):
            pass
    return raised.value.code, str(raised.value.details)


@pytest.mark.parametrize(("model", "changes", "code", "reason"), REFUSED)
def test_setup_is_refused_with_code_and_reason(
    strict: RunningSimulator, model: str, changes: dict[str, Any], code: int, reason: str
) -> None:
    got_code, got_reason = run(close_of(model, config(**changes)))
    assert got_code == code
    assert reason in got_reason
    assert len(got_reason.encode()) <= 123


@pytest.mark.parametrize(("model", "changes"), ACCEPTED)
def test_setup_is_accepted(strict: RunningSimulator, model: str, changes: dict[str, Any]) -> None:
    async def connect() -> bool:
        async with client().aio.live.connect(model=model, config=config(**changes)) as session:
            return session.setup_complete is not None

    assert run(connect())


def test_model_without_this_api_version_is_refused(strict: RunningSimulator) -> None:
    async def connect() -> None:
        async with client(version="v1").aio.live.connect(model=MODEL_25, config={}):
            pass

    with pytest.raises(errors.APIError, match="is not found for API version v1,"):
        run(connect())


@pytest.mark.parametrize("name", presets()["close"])
def test_session_closes_with_the_words_of_the_service(strict: RunningSimulator, name: str) -> None:
    expected = presets()["close"][name]

    async def conversation() -> None:
        async with client().aio.live.connect(model=LIVE_MODEL, config=config()) as session:
            await session.send_realtime_input(text=f"Close {name}.")
            await receive(session, "never")

    with pytest.raises(errors.APIError) as raised:
        run(conversation())
    assert raised.value.code == expected["code"]
    assert str(raised.value.details) == expected["reason"][:123]


@pytest.mark.parametrize("key", presets()["keys"])
def test_bad_key_opens_and_then_closes(strict: RunningSimulator, key: str) -> None:
    expected = presets()["close"][presets()["keys"][key]["close"]]
    code, reason = run(close_of(LIVE_MODEL, config(), key))
    assert (code, reason) == (expected["code"], expected["reason"][:123])


def test_only_listed_keys_are_accepted(scripted: Scripted) -> None:
    scripted(keys=["good"])
    assert run(close_of(LIVE_MODEL, config(), "other"))[1].startswith("API key not valid.")


def test_a_key_has_no_more_sessions_at_once_than_its_project_may_have(scripted: Scripted) -> None:
    scripted(live_sessions=1)

    async def knock() -> tuple[int, str]:
        async with client("one").aio.live.connect(model=LIVE_MODEL, config=config()):
            refused = await close_of(LIVE_MODEL, config(), "one")
            async with client("other").aio.live.connect(model=LIVE_MODEL, config=config()):
                pass
        # The place is free again.
        async with client("one").aio.live.connect(model=LIVE_MODEL, config=config()):
            return refused

    code, reason = run(knock())
    assert code == 1011
    assert reason.endswith("RESOURCE_EXHAUSTED: Maximum concurrent se"), "cut at 123 bytes"


def audio(mime_type: str, data: bytes = bytes(640)) -> dict[str, Any]:
    return {"audio": types.Blob(data=data, mime_type=mime_type)}


def video(data: bytes) -> dict[str, Any]:
    return {"video": types.Blob(data=data, mime_type="image/jpeg")}


BAD_INPUT: list[tuple[dict[str, Any], int, str]] = [
    (audio("audio/pcm;rate=fast"), 1011, "Internal error encountered."),
    (audio("audio/pcm;rate=16000", bytes(641)), 1007, INVALID),
    (audio("audio/mp3"), 1007, INVALID),
    (video(b"not a picture"), 1007, INVALID),
    ({"activity_start": types.ActivityStart()}, 1007, "Explicit activity control is not"),
    ({"activity_end": types.ActivityEnd()}, 1007, "Explicit activity control is not"),
]


@pytest.mark.parametrize(("sent", "code", "reason"), BAD_INPUT)
def test_bad_input_closes_the_session(
    strict: RunningSimulator, sent: dict[str, Any], code: int, reason: str
) -> None:
    async def conversation() -> None:
        async with client().aio.live.connect(model=LIVE_MODEL, config=config()) as session:
            await session.send_realtime_input(**sent)
            await receive(session, "never")

    with pytest.raises(errors.APIError, match=reason) as raised:
        run(conversation())
    assert raised.value.code == code


SETUP = {"setup": {"model": f"models/{LIVE_MODEL}"}}
BAD_FRAMES: list[tuple[list[Any], str]] = [
    ([{"realtimeInput": {"text": "too early"}}], INVALID),
    ([SETUP, SETUP], INVALID),
    ([SETUP, {"telepathy": {}}], 'Unknown name "telepathy": Cannot find field.'),
    ([SETUP, {"realtime_input": {"smell": 1}}], "Unknown name \"smell\" at 'realtime_input'"),
    ([SETUP, "{"], "Invalid JSON payload received."),
    ([SETUP, []], INVALID),
    ([{"setup": {"model": LIVE_MODEL}}], INVALID),
]


@pytest.mark.parametrize(("frames", "reason"), BAD_FRAMES)
def test_bad_frame_closes_1007(strict: RunningSimulator, frames: list[Any], reason: str) -> None:
    async def conversation() -> str:
        async with open_socket(client()) as socket:
            for frame in frames:
                await socket.send(frame if isinstance(frame, str) else json.dumps(frame))
            await socket.wait_closed()
            assert socket.close_code == 1007
            return str(socket.close_reason)

    assert reason in run(conversation())


def test_old_media_chunks_with_audio_are_silently_ignored(strict: RunningSimulator) -> None:
    async def conversation() -> None:
        async with client().aio.live.connect(model=LIVE_MODEL, config=config()) as session:
            blob = types.Blob(data=bytes(640), mime_type="audio/pcm;rate=16000")
            await session.send_realtime_input(media=blob)
            await session.send_realtime_input(text="Hello.")
            await receive(session)

    run(conversation())
    record = strict.journal.sessions[-1]
    assert (record.ignored_media_chunks, record.audio_messages) == (1, 0)


def test_audio_outside_signalled_activity_starts_no_turn(strict: RunningSimulator) -> None:
    async def conversation() -> None:
        setup = config(realtime_input_config=MANUAL)
        async with client().aio.live.connect(model=LIVE_MODEL, config=setup) as session:
            await speak(session, bytes(32_000))
            await session.send_realtime_input(text="Hello.")
            await receive(session)

    run(conversation())
    record = strict.journal.sessions[-1]
    assert [turn.kind for turn in record.turns] == ["text"]
    assert record.audio_outside_activity_ms == pytest.approx(1000)


def open_socket(sdk: Any) -> Any:
    """A plain websockets client to the server that the SDK would use."""
    import websockets

    options = sdk._api_client._http_options
    url = options.base_url.replace("https", "wss").rstrip("/")
    path = "ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    return websockets.connect(
        f"{url}/{path}?key=any", ssl=sdk._api_client._websocket_ssl_ctx["ssl"]
    )
