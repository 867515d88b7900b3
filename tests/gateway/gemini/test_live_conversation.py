from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from gateway_client import GatewayOnStage, gateway_on_stage, packed
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from pipeline.frames import (
    AnswerAudio,
    Audio,
    Image,
    Outcome,
    SessionEnd,
    SessionOpened,
    Side,
    SpeechStarted,
    ToolCall,
    ToolCancel,
    ToolResult,
    ToolStatus,
    Transcript,
    TurnClosed,
    UserText,
)

PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=x"
MODEL = {"model": "models/gemini-3.8-live"}
ANSWER: dict[str, Any] = {"epoch": 0, "backend": "live"}


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage(prebuffer_ms=0, models=["gemini-3.8-live"]) as on_stage:
        yield on_stage


class LiveClient:
    """A client of the Live API, from its setup on."""

    def __init__(self, gateway: GatewayOnStage, **setup: Any) -> None:
        self.gateway = gateway
        self.socket: ClientConnection = gateway.connect(PATH)
        call = gateway.begin(lambda: self.send({"setup": {**MODEL, **setup}}))
        resumes = setup.get("sessionResumption", {}).get("handle")
        self.session = resumes or gateway.let_in().session
        call.result()
        assert self.next() == {"setupComplete": {}}

    def send(self, message: Any) -> None:
        self.socket.send(json.dumps(message))

    def next(self) -> Any:
        message = self.gateway.meanwhile(lambda: self.socket.recv(timeout=20))
        assert isinstance(message, bytes), "the service sends binary frames"
        return json.loads(message)

    def tell(self, *messages: Any) -> None:
        """Send messages that have no answer; typed text behind them has come when they have."""
        self.gateway.meanwhile(lambda: [self.send(each) for each in messages])
        self.gateway.meanwhile(lambda: self.send({"realtimeInput": {"text": "end of test"}}))
        texts = self.gateway.harness.sent["text"]
        self.gateway.harness.until(lambda: bool(texts) and texts[-1].text == "end of test")
        texts.pop()

    def close(self) -> None:
        self.gateway.meanwhile(self.socket.close)

    def closed(self) -> tuple[int, str]:
        """Code and reason with which the gateway closes."""

        def read_all() -> None:
            while True:
                self.socket.recv(timeout=20)

        with pytest.raises(ConnectionClosed) as error:
            self.gateway.meanwhile(read_all)
        assert error.value.rcvd is not None
        return error.value.rcvd.code, error.value.rcvd.reason


def test_the_setup_is_the_manner_of_the_session(gateway: GatewayOnStage) -> None:
    setup = {
        **MODEL,
        "generation_config": {
            "response_modalities": ["AUDIO"],
            "temperature": 0.5,
            "speech_config": {
                "language_code": "hi-IN",
                "voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}},
            },
        },
        "system_instruction": {"parts": [{"text": "Be kind."}, {"text": "Be brief."}]},
        "tools": [
            {
                "function_declarations": [
                    {
                        "name": "note",
                        "description": "Write down.",
                        "parameters": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
                        "behavior": "NON_BLOCKING",
                    }
                ]
            }
        ],
    }
    socket = gateway.connect("/" + PATH)
    gateway.begin(lambda: socket.send(json.dumps({"setup": setup}))).result()
    opened = gateway.harness.expect("sessions", SessionOpened)
    assert (opened.model, opened.voice, opened.language) == ("gemini-3.8-live", "Kore", "hi-IN")
    assert (opened.instruction, opened.temperature) == ("Be kind.\nBe brief.", 0.5)
    assert [each["name"] for each in opened.functions] == ["note"]
    assert opened.labels == {"protocol": "gemini"}
    gateway.meanwhile(socket.close)


def test_what_nobody_would_miss_is_taken(gateway: GatewayOnStage) -> None:
    client = LiveClient(
        gateway,
        generationConfig={"topP": 0.9, "topK": 5, "seed": 1, "maxOutputTokens": 4096},
        tools=[{"googleSearch": {}}, {"functionDeclarations": [{"name": "note"}]}],
        safetySettings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        contextWindowCompression={"slidingWindow": {}},
        realtimeInputConfig={"automaticActivityDetection": {"silenceDurationMs": 300}},
        inputAudioTranscription={"languageCodes": ["hi-IN"]},
        historyConfig={"initialHistoryInClientContent": True},
        labels={"shop": "b42"},
    )
    turns = [
        {"role": "user", "parts": [{"text": "Note it."}]},
        {"role": "model", "parts": [{"functionCall": {"name": "note", "args": {"a": 1}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "note", "response": {"b": 2}}}]},
    ]
    client.tell({"clientContent": {"turns": turns, "turnComplete": True}})
    assert gateway.harness.expect("text", UserText).text.splitlines() == [
        "Note it.",
        'You said: (I call the function note with {"a": 1})',
        'The function note that you called returned {"b": 2}',
    ]
    client.close()


@pytest.mark.parametrize(
    "model",
    ["models/gemini-2.0-flash-live-001", "my-model", "gemini-2.5-flash-native-audio-latest", ""],
)
def test_a_model_that_is_gone_is_as_the_config_says(gateway: GatewayOnStage, model: str) -> None:
    socket = gateway.connect(PATH)
    gateway.begin(lambda: socket.send(json.dumps({"setup": {"model": model}}))).result()
    assert gateway.harness.expect("sessions", SessionOpened).model is None
    gateway.meanwhile(socket.close)


def test_sound_pictures_and_text_go_into_the_pipeline(gateway: GatewayOnStage) -> None:
    client = LiveClient(gateway)
    harness = gateway.harness
    second = {"data": packed(bytes(2 * 16_000)), "mimeType": "audio/pcm;rate=16000"}
    picture = cv2.imencode(".jpg", np.zeros((100, 200, 3), np.uint8))[1].tobytes()
    client.tell(
        {"realtimeInput": {"audio": second}},
        {"realtime_input": {"media_chunks": [{**second, "mimeType": "audio/pcm"}]}},
        {"realtimeInput": {"video": {"data": packed(picture), "mimeType": "image/jpeg"}}},
    )
    blocks = [frame for frame in harness.sent["audio"] if isinstance(frame, Audio)]
    assert len(blocks) == 100
    assert {block.session for block in blocks} == {client.session}
    shown = harness.expect("video", Image)
    assert (shown.width, shown.height) == (200, 100)
    client.tell(
        {"clientContent": {"turns": [{"role": "user", "parts": [{"text": "Hello"}]}]}},
        {"clientContent": {"turns": {"parts": {"text": "there"}}, "turnComplete": True}},
    )
    assert harness.expect("text", UserText).text == "Hello\nthere"
    client.close()


def test_a_picture_that_is_none_is_counted_where_there_is_no_word_for_it(
    gateway: GatewayOnStage,
) -> None:
    client = LiveClient(gateway)
    client.tell({"realtimeInput": {"video": {"data": "AAAA", "mimeType": "image/jpeg"}}})
    counters = gateway.harness.actor.counters
    gateway.harness.until(lambda: counters["problems_untold"] == 1, "a problem")
    client.close()


def test_an_answer_comes_as_the_service_sends_it(gateway: GatewayOnStage) -> None:
    client = LiveClient(gateway, outputAudioTranscription={}, sessionResumption={})
    session, harness = client.session, gateway.harness
    turn = f"{session}:0"
    update = {"sessionResumptionUpdate": {"newHandle": session, "resumable": True}}
    assert client.next() == update
    words: dict[str, Any] = {"session": session, "turn": turn, **ANSWER}
    harness.send("transcript", Transcript(side=Side.USER, text="not asked for", **words))
    harness.send("transcript", Transcript(side=Side.MODEL, text="नमस्ते", **words))
    assert client.next() == {"serverContent": {"outputTranscription": {"text": "नमस्ते"}}}
    pcm = np.arange(1, 481, dtype="<i2").tobytes()
    harness.send("audio", AnswerAudio(session=session, turn=turn, position=0, pcm=pcm, **ANSWER))
    content = client.next()["serverContent"]
    part = content["modelTurn"]["parts"][0]["inlineData"]
    assert part == {"mimeType": "audio/pcm;rate=24000", "data": packed(pcm)}
    harness.send(
        "turns", TurnClosed(session=session, turn=turn, outcome=Outcome.ANSWERED, by="http")
    )
    assert client.next() == {"serverContent": {"generationComplete": True}}
    assert client.next() == {"serverContent": {"turnComplete": True}}
    assert client.next() == update
    client.close()


def test_who_speaks_over_an_answer_is_told_that_it_was_interrupted(gateway: GatewayOnStage) -> None:
    client = LiveClient(gateway)
    session, harness = client.session, gateway.harness
    harness.send(
        "audio",
        AnswerAudio(
            session=session, turn=f"{session}:0", position=0, pcm=b"\1\0" * 96_000, **ANSWER
        ),
    )
    assert "modelTurn" in client.next()["serverContent"]
    harness.send(
        "speech",
        SpeechStarted(session=session, turn=f"{session}:9000", position=9000, at_ns=2**62),
    )
    while (content := client.next()["serverContent"]) != {"interrupted": True}:
        assert "modelTurn" in content
    client.close()


def test_who_marks_the_beginning_of_speech_interrupts_at_once(gateway: GatewayOnStage) -> None:
    detection = {"automaticActivityDetection": {"disabled": True}}
    client = LiveClient(gateway, realtimeInputConfig=detection)
    session, harness = client.session, gateway.harness
    pcm = b"\1\0" * 96_000
    answer = AnswerAudio(session=session, turn=f"{session}:0", position=0, pcm=pcm, **ANSWER)
    harness.send("audio", answer)
    assert "modelTurn" in client.next()["serverContent"]
    gateway.meanwhile(lambda: client.send({"realtimeInput": {"activityStart": {}}}))
    while (content := client.next()["serverContent"]) != {"interrupted": True}:
        assert "modelTurn" in content
    client.close()


def test_functions_are_called_and_answered_on_the_clients_side(gateway: GatewayOnStage) -> None:
    client = LiveClient(gateway, tools=[{"functionDeclarations": [{"name": "note"}]}])
    session, harness = client.session, gateway.harness
    for call_id in ("1", "2", "3"):
        harness.send(
            "calls",
            ToolCall(
                session=session, turn="t", call_id=call_id, name="note", args={"a": [1, None]}
            ),
        )
        call = {"id": call_id, "name": "note", "args": {"a": [1, None]}}
        assert client.next() == {"toolCall": {"functionCalls": [call]}}
    harness.send("calls", ToolCancel(session=session, turn="t", call_id="3"))
    assert client.next() == {"toolCallCancellation": {"ids": ["3"]}}
    responses = [
        {"id": "1", "name": "note", "response": {"ok": True}},
        {"id": "2", "name": "note", "response": {"error": "full"}, "scheduling": "SILENT"},
        {"id": "9", "name": "note", "response": {}},
    ]
    client.tell({"toolResponse": {"functionResponses": responses}})
    first, second = harness.sent["results"]
    assert isinstance(first, ToolResult)
    assert isinstance(second, ToolResult)
    assert (first.call_id, first.status, first.response) == ("1", ToolStatus.OK, {"ok": True})
    assert (second.call_id, second.status) == ("2", ToolStatus.ERROR)
    client.close()


def test_a_client_that_marks_its_activity_is_heard_in_between(gateway: GatewayOnStage) -> None:
    detection = {"automaticActivityDetection": {"disabled": True}}
    client = LiveClient(gateway, realtimeInputConfig=detection)
    sound = {
        "realtimeInput": {
            "audio": {"data": packed(b"\1\0" * 16_000), "mimeType": "audio/pcm;rate=16000"}
        }
    }
    client.tell(
        sound,
        {"realtimeInput": {"activityStart": {}}},
        sound,
        {"realtimeInput": {"activityEnd": {}}},
        sound,
    )
    heard = b"".join(frame.pcm for frame in gateway.harness.sent["audio"])
    assert heard.startswith(b"\1\0" * 16_000)
    assert not any(heard[32_000:]), "the silence that ends the turn"
    assert len(heard) == 2 * 16_000 * 5 // 2
    client.close()


def test_a_handle_leads_back_to_the_session(gateway: GatewayOnStage) -> None:
    client = LiveClient(gateway, sessionResumption={})
    handle = client.next()["sessionResumptionUpdate"]["newHandle"]
    client.close()
    back = LiveClient(gateway, sessionResumption={"handle": handle})
    assert back.session == client.session
    assert back.next()["sessionResumptionUpdate"]["newHandle"] == handle
    back.close()
    gateway.harness.end(client.session, SessionEnd.TIME_OVER)
    socket = gateway.connect(PATH)
    setup = {**MODEL, "sessionResumption": {"handle": handle}}
    gateway.meanwhile(lambda: socket.send(json.dumps({"setup": setup})))
    with pytest.raises(ConnectionClosed, match=r"1007.*Invalid session handle"):
        gateway.next(socket)


def test_the_end_is_announced_by_go_away() -> None:
    with gateway_on_stage(warning_s=899.9) as gateway:
        client = LiveClient(gateway)
        assert client.next() == {"goAway": {"timeLeft": "900s"}}
        client.close()


BAD_SETUP = [
    ("not json", 1007, "JSON"),
    ('{"realtimeInput": {}}', 1007, "invalid argument"),
    ('{"setup": {"model": "models/gemini-3.8-live", "foo": 1}}', 1007, "Unknown name"),
    (
        '{"setup": {"generationConfig": {"responseModalities": ["TEXT"]}}}',
        1007,
        "response modalities (TEXT)",
    ),
    (
        '{"setup": {"generationConfig": {"speechConfig": {"voiceConfig": {"prebuiltVoiceConfig":'
        ' {"voiceName": "Nobody"}}}}}}',
        1007,
        "No matching speaker voice found for name: Nobody",
    ),
    ('{"setup": {"generationConfig": {"temperature": 9}}}', 1007, "temperature"),
    (
        '{"setup": {"model": "models/m", "tools": [{"codeExecution": {}}]}}',
        1007,
        "Code execution is not enabled for models/m",
    ),
    (
        '{"setup": {"model": "models/m", "tool_config": {"function_calling_config": {"mode": 2}}}}',
        1007,
        "Function calling mode ANY is not enabled",
    ),
    (
        '{"setup": {"realtimeInputConfig": {"activityHandling": "NO_INTERRUPTION"}}}',
        1007,
        "NO_INTERRUPTION",
    ),
    ('{"setup": {"generationConfig": {"candidateCount": 2}}}', 1007, "Multiple candidates"),
    ('{"setup": {"generationConfig": {"translationConfig": {}}}}', 1007, "Translation"),
    ('{"setup": {"inputAudioTranscription": {"diarization": true}}}', 1007, "Diarization"),
    ('{"setup": {"safetySettings": {"threshold": "BLOCK_ONLY_HIGH"}}}', 1007, "BLOCK_ONLY_HIGH"),
    (json.dumps({"setup": {"labels": {"a": "b" * 4000}}}), 1007, "labels have up to"),
    ('{"setup": {"avatarConfig": {}}}', 1007, 'Unknown name "avatarConfig"'),
]


@pytest.mark.parametrize(("message", "code", "reason"), BAD_SETUP)
def test_a_setup_that_cannot_be_had_is_refused_in_googles_words(
    gateway: GatewayOnStage, message: str, code: int, reason: str
) -> None:
    socket = gateway.connect(PATH)
    gateway.meanwhile(lambda: socket.send(message))
    with pytest.raises(ConnectionClosed) as error:
        gateway.next(socket)
    assert error.value.rcvd is not None
    assert error.value.rcvd.code == code
    assert reason in error.value.rcvd.reason


BAD_MESSAGES = [
    ({"realtimeInput": {"text": "a" * 400_001}}, "token count (100001) exceeds"),
    ({"setup": MODEL}, "invalid argument"),
    ({"no_such": {}}, 'Unknown name "no_such"'),
    ({"realtimeInput": {"foo": 1}}, 'Unknown name "foo"'),
    ({"realtimeInput": {"audio": {"data": "?", "mimeType": "audio/pcm"}}}, "Base64"),
    ({"realtimeInput": {"activityStart": {}}}, "Explicit activity control"),
    (
        {"clientContent": {"turns": [{"parts": [{"fileData": {"fileUri": "files/1"}}]}]}},
        "invalid argument",
    ),
    ({"realtimeInput": {"audio": {"data": "AAAA", "mimeType": "text/plain"}}}, "invalid argument"),
    ({"realtimeInput": {"audio": {"data": "AAAA", "mimeType": "audio/pcm;rate=1"}}}, "1 Hz"),
    ([], "invalid argument"),
    ({"clientContent": None}, "invalid argument"),
    ({"realtimeInput": {}, "toolResponse": {}}, "invalid argument"),
]


@pytest.mark.parametrize(("message", "reason"), BAD_MESSAGES)
def test_a_message_that_cannot_be_had_closes_the_connection_and_keeps_the_session(
    gateway: GatewayOnStage, message: Any, reason: str
) -> None:
    client = LiveClient(gateway, sessionResumption={})
    gateway.meanwhile(lambda: client.send(message))
    code, said = client.closed()
    assert code == 1007
    assert reason in said
    back = LiveClient(gateway, sessionResumption={"handle": client.session})
    back.close()


def test_other_paths_are_not_served(gateway: GatewayOnStage) -> None:
    with pytest.raises(InvalidStatus, match="404"):
        gateway.connect("/ws/google.ai.generativelanguage.v2.GenerativeService.Nothing")
