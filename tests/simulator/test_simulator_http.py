"""Models, content and speech over HTTP, by the unmodified google-genai, sync and async."""

import io
import wave
from typing import Any, cast

import h11
import pytest
from google.genai import errors, types
from raw_http import TEXT_MODEL, request
from simulating import JPEG_4_BY_3, MOVE, RunningSimulator, Scripted, client, run
from simulating import SPEECH as RECORDINGS

from actors.simulator.errors import presets
from actors.simulator.http_messages import HttpRequest, Responder
from actors.simulator.journal import RequestRecord
from actors.simulator.transport import Connection

NO_KEY = {"x-goog-api-key": ""}
SPEECH_MODEL = "gemini-3.8-flash-tts"
OLD_SPEECH_MODEL = "gemini-2.5-flash-preview-tts"
SPEECH: dict[str, Any] = {
    "response_modalities": ["AUDIO"],
    "speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}}},
}


def wav_part(name: str) -> types.Part:
    return types.Part.from_bytes(data=(RECORDINGS / name).read_bytes(), mime_type="audio/wav")


def test_models_are_listed_page_by_page(scripted: Scripted) -> None:
    simulator = scripted()
    with client() as sdk:
        models = list(sdk.models.list(config={"page_size": 4}))
        whole = list(sdk.models.list())
    assert [model.name for model in models] == [model.name for model in whole]
    assert len({model.name for model in models}) == 15
    live = [m.name for m in models if "bidiGenerateContent" in (m.supported_actions or [])]
    assert "models/gemini-3.8-live" in live
    assert f"models/{TEXT_MODEL}" not in live
    assert [request.method for request in simulator.journal.requests] == ["models.list"] * 5


def test_aliases_are_not_on_v1(scripted: Scripted) -> None:
    scripted()
    with client(version="v1") as sdk:
        names = [model.name for model in sdk.models.list()]
        assert "models/gemini-2.5-flash-native-audio-latest" not in names
        assert sdk.models.get(model=TEXT_MODEL).input_token_limit == 1_048_576
        with pytest.raises(errors.ClientError, match="is not found for API version v1"):
            sdk.models.get(model="gemini-2.5-flash-native-audio-latest")


def test_recorded_question_is_understood(talking: RunningSimulator) -> None:
    async def ask() -> types.GenerateContentResponse:
        async with client().aio as sdk:
            return await sdk.models.generate_content(
                model=TEXT_MODEL, contents=[wav_part("cards-001.wav")]
            )

    answer = run(ask())
    assert answer.text == "You said: Ten of clubs."
    details = answer.usage_metadata.prompt_tokens_details
    assert {d.modality: d.token_count for d in details}[types.MediaModality.AUDIO] == 27


def test_spoken_command_becomes_a_function_call(talking: RunningSimulator) -> None:
    tools = [{"function_declarations": [MOVE]}]
    question = types.Content(role="user", parts=[wav_part("goforward.wav")])
    with client() as sdk:
        first = sdk.models.generate_content(
            model=TEXT_MODEL, contents=[question], config={"tools": tools}
        )
        (call,) = first.function_calls
        assert (call.name, call.args) == ("move", {"direction": "forward", "distance_m": 10})
        result = types.Part.from_function_response(name="move", response={"result": "ok"})
        second = sdk.models.generate_content(
            model=TEXT_MODEL,
            contents=[
                question,
                first.candidates[0].content,
                types.Content(role="user", parts=[result]),
            ],
            config={"tools": tools},
        )
    assert second.text == "Moving forward ten meters."


def test_streamed_answer_is_whole_and_comes_in_pieces(scripted: Scripted) -> None:
    scripted()

    async def ask() -> list[str]:
        async with client().aio as sdk:
            stream = await sdk.models.generate_content_stream(
                model=TEXT_MODEL, contents="This is a sentence of eight words, I think."
            )
            return [chunk.text or "" async for chunk in stream]

    pieces = run(ask())
    assert len(pieces) > 2
    assert "".join(pieces) == "You said: This is a sentence of eight words, I think."


def test_history_and_pictures_reach_the_answer(scripted: Scripted) -> None:
    scripted()
    picture = types.Part.from_bytes(data=JPEG_4_BY_3, mime_type="image/jpeg")
    with client() as sdk:
        seen = sdk.models.generate_content(model=TEXT_MODEL, contents=[picture, "What do you see?"])
        chat = sdk.chats.create(model=TEXT_MODEL)
        chat.send_message("I have a cat.")
        before = chat.send_message("What did I say?")
    assert "4 by 3 pixels" in (seen.text or "")
    assert before.text == "Before that you said: I have a cat."


@pytest.mark.parametrize(("model", "is_wav"), [(SPEECH_MODEL, True), (OLD_SPEECH_MODEL, False)])
def test_unary_speech_is_wav_only_from_newer_models(
    talking: RunningSimulator, model: str, is_wav: bool
) -> None:
    with client() as sdk:
        answer = sdk.models.generate_content(model=model, contents="Good morning.", config=SPEECH)
    blob = answer.candidates[0].content.parts[0].inline_data
    assert (blob.mime_type == "audio/wav") is is_wav
    assert blob.data.startswith(b"RIFF") is is_wav
    pcm = blob.data
    if is_wav:
        with wave.open(io.BytesIO(blob.data)) as sound:
            assert sound.getframerate() == 24_000
            pcm = sound.readframes(sound.getnframes())
    assert "good morning" in talking.hear(pcm, 24_000).lower()


def test_streamed_speech_is_raw_pcm(talking: RunningSimulator) -> None:
    with client() as sdk:
        chunks = list(
            sdk.models.generate_content_stream(
                model=SPEECH_MODEL, contents="Good morning. How are you?", config=SPEECH
            )
        )
    blobs = [
        part.inline_data for chunk in chunks for part in chunk.candidates[0].content.parts or []
    ]
    assert len(blobs) > 2
    assert {blob.mime_type for blob in blobs} == {"audio/L16;codec=pcm;rate=24000"}
    assert "how are you" in talking.hear(b"".join(b.data for b in blobs), 24_000).lower()
    assert chunks[-1].usage_metadata is not None


@pytest.mark.parametrize(
    "config",
    [
        {**SPEECH, "temperature": 0.5},
        {**SPEECH, "top_p": 0.5},
        {**SPEECH, "top_k": 5},
        {},
        {
            "response_modalities": ["AUDIO"],
            "speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "alloy"}}},
        },
    ],
)
def test_speech_request_is_refused(scripted: Scripted, config: dict[str, Any]) -> None:
    scripted()
    with client() as sdk, pytest.raises(errors.ClientError) as raised:
        sdk.models.generate_content(model=SPEECH_MODEL, contents="Hello.", config=config)
    assert (raised.value.code, raised.value.status) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("key", presets()["keys"])
def test_bad_key_is_refused_as_the_service_words_it(scripted: Scripted, key: str) -> None:
    scripted()
    expected = presets()["http"][presets()["keys"][key]["http"]]
    with client(key) as sdk, pytest.raises(errors.ClientError) as raised:
        sdk.models.generate_content(model=TEXT_MODEL, contents="Hello.")
    assert (raised.value.code, raised.value.status) == (expected["code"], expected["status"])
    assert raised.value.message == expected["message"]
    if "error_reason" in expected:
        details = raised.value.details["error"]["details"]
        assert details[0]["reason"] == expected["error_reason"]


@pytest.mark.parametrize(("per", "quota"), [("day", "PerDay"), ("minute", "PerMinute")])
def test_quota_error_names_period_and_delay(scripted: Scripted, per: str, quota: str) -> None:
    scripted(
        {"when": {"http": "generateContent"}, "do": [{"http_quota": {"per": per, "retry_s": 29}}]}
    )
    with client() as sdk, pytest.raises(errors.ClientError) as raised:
        sdk.models.generate_content(model=TEXT_MODEL, contents="Hello.")
    assert (raised.value.code, raised.value.status) == (429, "RESOURCE_EXHAUSTED")
    details = raised.value.details["error"]["details"]
    assert quota in details[0]["violations"][0]["quotaId"]
    assert details[-1]["retryDelay"] == "29s"


def test_scenario_refuses_cuts_and_speaks_over_http(scripted: Scripted) -> None:
    scripted(
        {"when": {"http": "any"}, "times": 1, "do": [{"refuse": "unavailable"}]},
        {"when": {"http": "models.list"}, "do": ["cut"]},
        {"when": {"http": "generateContent"}, "do": [{"say": "Scripted."}]},
    )
    with client() as sdk:
        with pytest.raises(errors.ServerError) as raised:
            sdk.models.generate_content(model=TEXT_MODEL, contents="Hello.")
        assert raised.value.status == "UNAVAILABLE"
        answer = sdk.models.generate_content(model=TEXT_MODEL, contents="Hello.")
        assert answer.text == "Scripted."
        with pytest.raises(Exception, match=r"reset|disconnect"):
            sdk.models.list()


def test_unknown_model_and_bad_picture_are_refused(scripted: Scripted) -> None:
    scripted()
    with client() as sdk:
        with pytest.raises(errors.ClientError) as missing:
            sdk.models.generate_content(model="gemini-9", contents="Hello.")
        assert missing.value.code == 404
        assert "Call ListModels" in (missing.value.message or "")
        picture = types.Part.from_bytes(data=b"no picture", mime_type="image/jpeg")
        with pytest.raises(errors.ClientError) as bad:
            sdk.models.generate_content(model=TEXT_MODEL, contents=[picture])
        assert bad.value.code == 400
        assert sdk.models.count_tokens(model=TEXT_MODEL, contents="12345678").total_tokens == 2


def test_journal_is_served_without_a_key(scripted: Scripted) -> None:
    path = "/simulator/journal?arrivals=1"
    journal = request(scripted(), "GET", path, headers=NO_KEY).json
    assert journal["sessions"] == []
    assert journal["arrivals"] == []


def test_request_without_a_key_is_forbidden(scripted: Scripted) -> None:
    reply = request(scripted(), "GET", "/v1beta/models", headers=NO_KEY)
    assert reply.status == 403
    assert reply.json["error"]["status"] == "PERMISSION_DENIED"


class EagerConnection:
    """Looks at the journal at the very moment at which something is sent."""

    def __init__(self, record: RequestRecord) -> None:
        self.record = record
        self.seen: list[int] = []

    def write(self, data: bytes) -> None:
        self.seen.append(self.record.status)


@pytest.mark.parametrize("streamed", [False, True])
def test_journal_knows_the_status_when_the_answer_goes_out(streamed: bool) -> None:
    record = RequestRecord("generateContent", TEXT_MODEL, 0.0)
    connection = EagerConnection(record)
    state = h11.Connection(h11.SERVER)
    state.receive_data(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    state.next_event()
    asked = HttpRequest("GET", "/", {}, {}, b"", 0)
    responder = Responder(cast("Connection", connection), state, asked)
    responder.record = record
    if streamed:
        responder.start_stream()
        responder.end_stream()
    else:
        responder.send_json(200, {})
    assert set(connection.seen) == {200}
