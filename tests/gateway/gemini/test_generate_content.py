"""`generateContent` at the gateway: a turn of a session, whose answer is the response."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import cv2
import numpy as np
import pytest
from gateway_client import GatewayOnStage, gateway_on_stage, packed

from pipeline.frames import (
    AnswerAudio,
    Audio,
    Image,
    Outcome,
    SessionEnd,
    SessionEnded,
    SessionOpened,
    Side,
    SpeechEnded,
    SpeechStarted,
    ToolCall,
    ToolResult,
    ToolStatus,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.frames.turns import EndReason

MODEL = "/v1beta/models/gemini-3.8-flash"
MOVE = {"name": "move", "parameters": {"type": "OBJECT", "properties": {"m": {"type": "NUMBER"}}}}


def asked(*texts: str, **fields: Any) -> dict[str, Any]:
    """A request in which user and model have spoken in turn."""
    roles = ["user", "model"] * len(texts)
    contents = [{"role": r, "parts": [{"text": t}]} for r, t in zip(roles, texts, strict=False)]
    return {"contents": contents, **fields}


class Request:
    """A request on its way, and the pipeline's part for it."""

    def __init__(self, gateway: GatewayOnStage, body: Any, path: str = ":generateContent") -> None:
        self.gateway = gateway
        self.harness = gateway.harness
        self.session = ""
        self._answer: Future[tuple[int, str]] = gateway.begin(lambda: self._post(body, path))

    def _post(self, body: Any, path: str) -> tuple[int, str]:
        url = f"http://{self.gateway.url}{path if path.startswith('/') else MODEL + path}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def opened(self) -> SessionOpened:
        opened = self.gateway.let_in()
        self.session = opened.session
        return opened

    def typed(self) -> UserText:
        return self.harness.expect("text", UserText)

    def say(self, turn: str, text: str, backend: str = "live", epoch: int = 0) -> None:
        of: dict[str, Any] = {"session": self.session, "turn": turn}
        words = Transcript(side=Side.MODEL, text=text, backend=backend, epoch=epoch, **of)
        self.harness.send("transcript", words)

    def close(self, turn: str, outcome: Outcome = Outcome.ANSWERED, **fields: Any) -> None:
        closed = TurnClosed(session=self.session, turn=turn, outcome=outcome, **fields)
        self.harness.send("turns", closed)

    def call(self, turn: str, call_id: str, **args: Any) -> None:
        call = ToolCall(session=self.session, turn=turn, call_id=call_id, name="move", args=args)
        self.harness.send("calls", call)

    def text(self) -> tuple[int, str]:
        self.harness.until(self._answer.done, "an answer")
        return self._answer.result()

    def json(self) -> tuple[int, Any]:
        status, body = self.text()
        return status, json.loads(body)

    def ended(self) -> SessionEnded:
        ended = self.harness.expect("sessions", SessionEnded)
        assert ended.session == self.session
        return ended


def parts_of(response: Any) -> Any:
    return response["candidates"][0]["content"]["parts"]


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage(prebuffer_ms=0, models=["gemini-3.8-flash"], file_speed=20) as on_stage:
        yield on_stage


def test_a_request_is_a_turn_of_a_session_with_its_history_and_manner(
    gateway: GatewayOnStage,
) -> None:
    body = asked(
        "Hello.",
        "Good morning.",
        "Who are you?",
        system_instruction={"parts": {"text": "You are a waiter."}},
        generationConfig={
            "temperature": 0.5,
            "speech_config": {
                "language_code": "de-DE",
                "voice_config": {"prebuilt_voice_config": {"voice_name": "kore"}},
            },
        },
        tools={"function_declarations": [MOVE]},
        labels={"shop": "b42"},
    )
    request = Request(gateway, body)
    opened = request.opened()
    assert opened.history == [(Side.USER, "Hello."), (Side.MODEL, "Good morning.")]
    assert (opened.instruction, opened.temperature) == ("You are a waiter.", 0.5)
    assert (opened.model, opened.voice, opened.language) == ("gemini-3.8-flash", "Kore", "de-DE")
    assert [each["name"] for each in opened.functions] == ["move"]
    assert opened.labels == {"protocol": "gemini", "shop": "b42"}
    assert not opened.plays
    typed = request.typed()
    assert (typed.session, typed.text) == (request.session, "Who are you?")
    request.say(typed.turn, "A waiter, ")
    request.say(typed.turn, "at your service.")
    request.close(typed.turn, by="live", answer="A waiter, at your service.")
    status, response = request.json()
    assert status == 200
    assert parts_of(response) == [{"text": "A waiter, at your service."}]
    assert response["candidates"][0]["finishReason"] == "STOP"
    assert response["modelVersion"] == "gemini-3.8-flash"
    usage = response["usageMetadata"]
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"]
    assert request.ended().reason is SessionEnd.HUNG_UP


@pytest.mark.parametrize("query", ["?alt=sse", ""])
def test_a_stream_comes_as_it_is_said_in_the_form_that_is_asked_for(
    gateway: GatewayOnStage, query: str
) -> None:
    request = Request(gateway, asked("Hi."), f":streamGenerateContent{query}")
    request.opened()
    turn = request.typed().turn
    request.say(turn, "Good ")
    request.say(turn, "morning.")
    request.close(turn, by="live", answer="Good morning. And more.")
    status, body = request.text()
    assert status == 200
    if query:
        pieces = [json.loads(line[6:]) for line in body.split("\r\n\r\n") if line]
    else:
        pieces = json.loads(body)
    texts = [part["text"] for piece in pieces for part in parts_of(piece)]
    assert texts == ["Good ", "morning.", " And more.", ""]
    finishes = [piece["candidates"][0].get("finishReason") for piece in pieces]
    assert finishes == [None, None, None, "STOP"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (":generateContent", "Good morning."),
        # What was sent cannot be taken back.
        (":streamGenerateContent", "Good mor\nGood morning."),
    ],
)
def test_an_answer_that_broke_off_is_replaced_by_that_of_the_next_backend(
    gateway: GatewayOnStage, path: str, said: str
) -> None:
    request = Request(gateway, asked("Hi."), path)
    request.opened()
    turn = request.typed().turn
    request.say(turn, "Good mor")
    request.say(turn, "Good morning.", "http", 1)
    request.close(turn, by="http", answer="Good morning.")
    answer = request.json()[1]
    pieces = answer if isinstance(answer, list) else [answer]
    assert "".join(part["text"] for piece in pieces for part in parts_of(piece)) == said


@pytest.mark.parametrize("ids", [("c1", "c2"), ("", ""), ("own-1", "own-2")])
def test_a_function_is_called_on_the_clients_side_and_its_result_goes_to_the_same_session(
    gateway: GatewayOnStage, ids: tuple[str, str]
) -> None:
    body = asked("Go.", tools=[{"functionDeclarations": [MOVE]}])
    request = Request(gateway, body)
    request.opened()
    turn = request.typed().turn
    request.say(turn, "Moving. ")
    request.call(turn, "c1", m=1)
    request.call(turn, "c2", m=2)
    parts = parts_of(request.json()[1])
    assert parts[0] == {"text": "Moving. "}
    calls = [part["functionCall"] for part in parts[1:]]
    assert calls == [
        {"id": "c1", "name": "move", "args": {"m": 1}},
        {"id": "c2", "name": "move", "args": {"m": 2}},
    ]
    # Some SDKs leave the ids out, LangChain has ids of its own.
    results: list[dict[str, Any]] = [{"ok": True}, {"error": "a wall"}]
    responses = [
        {"functionResponse": {"id": call_id, "name": "move", "response": result}}
        for call_id, result in zip(ids, results, strict=True)
    ]
    body["contents"] += [
        {"role": "model", "parts": parts},
        {"role": "user", "parts": responses},
    ]
    second = Request(gateway, body)
    second.session = request.session
    first, other = (gateway.harness.expect("results", ToolResult) for _ in range(2))
    assert (first.session, first.call_id, first.status) == (request.session, "c1", ToolStatus.OK)
    assert (other.call_id, other.status) == ("c2", ToolStatus.ERROR)
    second.say(turn, "There is a wall.")
    second.close(turn, by="live", answer="Moving. There is a wall.")
    assert parts_of(second.json()[1]) == [{"text": "There is a wall."}]
    assert second.ended().reason is SessionEnd.HUNG_UP
    assert not gateway.harness.sent["text"]


def test_the_result_of_a_call_of_elsewhere_is_told_in_words(gateway: GatewayOnStage) -> None:
    body = asked("Go.")
    body["contents"] += [
        {"role": "model", "parts": [{"functionCall": {"name": "move", "args": {"m": 1}}}]},
        {
            "role": "function",
            "parts": [{"functionResponse": {"name": "move", "response": {"ok": True}}}],
        },
    ]
    request = Request(gateway, body)
    assert request.opened().history == [
        (Side.USER, "Go."),
        (Side.MODEL, '(I call the function move with {"m": 1})'),
    ]
    typed = request.typed()
    assert typed.text == 'The function move that you called returned {"ok": true}'
    request.close(typed.turn, by="live", answer="Done.")
    assert parts_of(request.json()[1]) == [{"text": "Done."}]


def test_functions_that_are_barred_are_not_offered(gateway: GatewayOnStage) -> None:
    body = asked(
        "Go.",
        tools=[{"functionDeclarations": [MOVE]}],
        toolConfig={"functionCallingConfig": {"mode": "none"}},
    )
    request = Request(gateway, body)
    assert request.opened().functions == []
    request.close(request.typed().turn, answer="No.")
    assert request.json()[0] == 200


def test_a_picture_is_shown_before_what_is_asked_about_it(gateway: GatewayOnStage) -> None:
    picture = cv2.imencode(".png", np.zeros((50, 100, 3), np.uint8))[1].tobytes()
    blob = {"inlineData": {"mimeType": "image/png", "data": packed(picture)}}
    request = Request(gateway, {"contents": {"parts": [blob, {"text": "What is it?"}]}})
    request.opened()
    shown = gateway.harness.expect("video", Image)
    assert (shown.session, shown.width, shown.height) == (request.session, 100, 50)
    typed = request.typed()
    assert typed.text == "What is it?"
    request.close(typed.turn, answer="Nothing.")
    assert request.json()[1]["usageMetadata"]["promptTokensDetails"] == [
        {"modality": "IMAGE", "tokenCount": 258},
        {"modality": "TEXT", "tokenCount": 3},
    ]


def spoken(request: Request, words: str, answer: str) -> None:
    """The pipeline hears a second of sound as one turn."""
    of: dict[str, Any] = {"session": request.session, "turn": f"{request.session}:0"}
    harness = request.harness
    harness.send("speech", SpeechStarted(position=0, at_ns=1, **of))
    harness.expect("audio", Audio, where=lambda frame: frame.position >= 16_000 - 320)
    ended = SpeechEnded(start_position=0, position=16_000, at_ns=1, reason=EndReason.SILENCE, **of)
    harness.send("speech", ended)
    said = {"backend": "live", "epoch": 0, **of}
    harness.send("transcript", Transcript(side=Side.USER, text=words, **said))
    if answer:
        harness.send("transcript", Transcript(side=Side.MODEL, text=answer, **said))
    closed = TurnClosed(outcome=Outcome.ANSWERED, by="live", said=words, answer=answer, **of)
    harness.send("turns", closed)


SOUND = {"inlineData": {"mimeType": "audio/pcm;rate=8000", "data": packed(b"\1\0" * 8000)}}


def test_sound_alone_is_answered_as_it_is_in_a_conversation(gateway: GatewayOnStage) -> None:
    request = Request(gateway, {"contents": [{"parts": [SOUND]}]})
    assert request.opened().instruction is None
    spoken(request, "Hello.", "Good morning.")
    status, response = request.json()
    assert (status, parts_of(response)) == (200, [{"text": "Good morning."}])
    assert {"modality": "AUDIO", "tokenCount": 25} in response["usageMetadata"][
        "promptTokensDetails"
    ]
    assert not gateway.harness.sent["text"]


def test_what_is_written_beside_sound_is_asked_about_it(gateway: GatewayOnStage) -> None:
    body = {"contents": [{"parts": [SOUND, {"text": "What was said?"}]}]}
    request = Request(gateway, body, ":streamGenerateContent?alt=sse")
    assert "listening to a recording" in str(request.opened().instruction)
    spoken(request, "Hello.", "OK.")
    typed = request.typed()
    assert typed.text == "What was said?"
    request.say(typed.turn, "Hello ")
    request.close(typed.turn, by="live", answer="Hello was said.")
    status, text = request.text()
    assert status == 200
    assert "OK." not in text
    assert "Hello was said." in text


def test_an_answer_may_be_wanted_as_sound(gateway: GatewayOnStage) -> None:
    config = {"responseModalities": ["AUDIO"]}
    request = Request(gateway, asked("Hi.", generationConfig=config))
    request.opened()
    turn = request.typed().turn
    pcm = np.arange(480, dtype="<i2").tobytes()
    of: dict[str, Any] = {"session": request.session, "turn": turn, "epoch": 0, "backend": "live"}
    request.harness.send("audio", AnswerAudio(position=0, pcm=pcm, **of))
    request.say(turn, "Hello.")
    request.close(turn, by="live", answer="Hello.")
    data = {"mimeType": "audio/pcm;rate=24000", "data": packed(pcm)}
    assert parts_of(request.json()[1]) == [{"inlineData": data}]


def test_text_ends_at_a_stop_sequence_and_at_so_many_tokens(gateway: GatewayOnStage) -> None:
    for config, expected, why in (
        ({"stopSequences": ["three"]}, "One, two, ", "STOP"),
        ({"maxOutputTokens": 2}, "One, two", "MAX_TOKENS"),
    ):
        request = Request(gateway, asked("Count.", generationConfig=config))
        request.opened()
        turn = request.typed().turn
        request.say(turn, "One, two, thr")
        request.say(turn, "ee, four")
        candidate = request.json()[1]["candidates"][0]
        assert candidate["content"]["parts"] == [{"text": expected}]
        assert candidate["finishReason"] == why
        assert request.ended().reason is SessionEnd.HUNG_UP


def test_a_turn_that_nobody_answered_is_503_in_the_services_words(gateway: GatewayOnStage) -> None:
    request = Request(gateway, asked("Hi."), ":streamGenerateContent")
    request.opened()
    request.close(request.typed().turn, Outcome.FAILED, reason="no backend is ready")
    status, body = request.json()
    assert status == 503
    error = body[0]["error"]
    assert (error["code"], error["status"]) == (503, "UNAVAILABLE")
    assert error["message"] == "The service is currently unavailable. no backend is ready"


def test_a_stream_that_breaks_off_says_so(gateway: GatewayOnStage) -> None:
    request = Request(gateway, asked("Hi."), ":streamGenerateContent?alt=sse")
    request.opened()
    turn = request.typed().turn
    request.say(turn, "Good mor")
    request.close(turn, Outcome.FAILED, reason="nobody is left")
    status, body = request.text()
    assert status == 200
    assert json.loads(body.split("\r\n\r\n")[1][6:])["error"]["status"] == "UNAVAILABLE"


def test_an_answer_that_does_not_come_is_504_and_its_session_over() -> None:
    with gateway_on_stage(content_s=1.5) as gateway:
        request = Request(gateway, asked("Hi."))
        request.opened()
        status, body = request.json()
        assert (status, body["error"]["status"]) == (504, "DEADLINE_EXCEEDED")
        assert request.ended().reason is SessionEnd.HUNG_UP


def test_a_session_that_is_refused_is_503(gateway: GatewayOnStage) -> None:
    request = Request(gateway, asked("Hi."))
    refused = gateway.harness.expect("sessions", SessionOpened)
    gateway.harness.end(refused.session, SessionEnd.REFUSED, "too many sessions")
    status, body = request.json()
    assert status == 503
    assert "too many sessions" in body["error"]["message"]


REFUSED = [
    (asked("a" * 400_001), 400, "token count (100001) exceeds the maximum"),
    (asked("a" * 400_001, "b", "c"), 400, "a history has up to"),
    (asked("a", systemInstruction={"parts": {"text": "b" * 100_001}}), 400, "an instruction has"),
    ({}, 400, "contents is not specified"),
    (b"{", 400, "Invalid JSON payload"),
    (asked("a", "b"), 400, "end with a user turn"),
    (asked("a", foo=1), 400, 'Unknown name "foo"'),
    (asked("a", cachedContent="cachedContents/1"), 403, "CachedContent not found"),
    (asked("a", generationConfig={"responseMimeType": "application/json"}), 400, "JSON mode"),
    (asked("a", generationConfig={"candidateCount": 2}), 400, "Multiple candidates"),
    (asked("a", generationConfig={"responseLogprobs": True}), 400, "Logprobs"),
    (asked("a", generationConfig={"temperature": 9}), 400, "temperature"),
    (asked("a", generationConfig={"responseModalities": ["IMAGE"]}), 400, "modalities (IMAGE)"),
    (asked("a", tools=[{"codeExecution": {}}]), 400, "Code execution is not enabled for models/g"),
    (asked("a", toolConfig={"functionCallingConfig": {"mode": "ANY"}}), 400, "Function calling"),
    (
        asked("a", safetySettings=[{"threshold": "BLOCK_LOW_AND_ABOVE"}]),
        400,
        "Safety threshold BLOCK_LOW_AND_ABOVE",
    ),
    ({"contents": [{"parts": [{"fileData": {"fileUri": "files/x"}}]}]}, 403, "File x"),
    (
        {"contents": [{"parts": [{"inlineData": {"mimeType": "video/mp4", "data": ""}}]}]},
        400,
        "invalid argument",
    ),
    (
        {"contents": [{"parts": [{"inlineData": {"mimeType": "a/b", "data": "AAAA"}}]}]},
        400,
        "Unsupported MIME type: a/b",
    ),
]


def test_what_cannot_be_had_is_refused_in_googles_words(gateway: GatewayOnStage) -> None:
    for body, code, message in REFUSED:
        status, answer = Request(gateway, body).json()
        assert status == answer["error"]["code"] == code, message
        assert message in answer["error"]["message"]
        assert answer["error"]["status"] in ("INVALID_ARGUMENT", "PERMISSION_DENIED")


def test_a_body_that_is_too_large_is_refused_in_googles_words() -> None:
    with gateway_on_stage(file_bytes=1000) as gateway:
        status, answer = Request(gateway, asked("a" * 2_100_000)).json()
        assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")
        assert "payload size exceeds the limit" in answer["error"]["message"]


def test_models_are_listed_and_others_are_not_found(gateway: GatewayOnStage) -> None:
    status, listed = gateway.request("GET", "/v1alpha/models?pageSize=1")
    assert status == 200
    assert [each["name"] for each in listed["models"]] == ["models/gemini-3.8-flash"]
    token = listed["nextPageToken"]
    rest = gateway.request("GET", f"/v1/models?pageToken={token}")[1]["models"]
    assert [each["name"] for each in rest] == ["models/gemini-3.8-live"]
    assert "generateContent" in rest[0]["supportedGenerationMethods"]
    model = gateway.request("GET", "//v1beta/models/gemini-3.8-live")[1]
    assert model["name"] == "models/gemini-3.8-live"
    for path in ("/v1beta/models/none", "/v1beta/models?pageSize=x", "/v1beta/nothing/at/all"):
        status, answer = gateway.request("GET", path)
        assert status == answer["error"]["code"]
        assert status in (400, 404)


def test_methods_that_are_not_here_are_said_so(gateway: GatewayOnStage) -> None:
    for path, code in (
        ("/v1beta/models/gemini-embedding-001:embedContent", 404),
        ("/v1beta/models/gemini-3.8-flash-tts:generateContent", 404),
        ("/v1beta/models/gemini-3.8-flash:predict", 404),
        ("/v1beta/cachedContents", 501),
        ("/upload/v1beta/files", 501),
    ):
        status, answer = Request(gateway, asked("a"), path).json()
        assert status == answer["error"]["code"] == code, path


def test_tokens_are_counted_by_the_published_rates(gateway: GatewayOnStage) -> None:
    body = {"contents": [{"parts": [{"text": "12345678"}, SOUND]}]}
    status, answer = Request(gateway, body, ":countTokens").json()
    assert (status, answer["totalTokens"]) == (200, 2 + 25)
    whole = {"generateContentRequest": {"model": "models/m", **asked("1234")}}
    assert Request(gateway, whole, ":countTokens").json()[1]["totalTokens"] == 1
