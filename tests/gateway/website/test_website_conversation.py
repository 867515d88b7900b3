from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from gateway_client import GatewayOnStage, gateway_on_stage, packed
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from actors.gateway.ear import MOST_AHEAD_S
from actors.lib.audio import g711
from actors.outputs.output import NOWHERE
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Audio,
    Image,
    Outcome,
    Playback,
    PlaybackState,
    Route,
    SessionEnd,
    SessionEnded,
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

SECOND = bytes(2 * 16_000)
ANSWER: dict[str, Any] = {"epoch": 0, "backend": "live"}


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage(prebuffer_ms=0) as on_stage:
        yield on_stage


@pytest.fixture
def client(gateway: GatewayOnStage) -> Iterator[ClientConnection]:
    connection = gateway.connect()
    yield connection
    gateway.meanwhile(connection.close)


def answer(session: str, turn: str, seconds: float = 0.2) -> list[AnswerAudio | AnswerEnded]:
    count = int(24_000 * seconds)
    pcm = np.arange(1, count + 1, dtype="<i2").tobytes()
    return [
        AnswerAudio(session=session, turn=turn, position=0, pcm=pcm, **ANSWER),
        AnswerEnded(session=session, turn=turn, end=AnswerEnd.COMPLETE, samples=count, **ANSWER),
    ]


def unread(gateway: GatewayOnStage, client: ClientConnection) -> list[Any]:
    """Return what came before the connection was closed."""
    came = []
    while True:
        try:
            came.append(gateway.next(client))
        except ConnectionClosed:
            return came


def absent(gateway: GatewayOnStage) -> float:
    gateway.harness.actor.measure()
    return gateway.harness.actor.gauges["callers_away"]


def test_what_a_client_asks_for_is_the_manner_of_its_session(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    manner = {
        "model": "gemini-3.8-live",
        "voice": "Kore",
        "language": "hi-IN",
        "system_instruction": "You ask about health.",
        "lasts_s": 60,
        "labels": {"interview_type": "health"},
        "functions": [{"name": "note"}],
        "field_of_its_own": 1,
    }
    harness = gateway.harness
    future = gateway.begin(
        lambda: client.send(json.dumps({"type": "start_session", "session_id": "anna", **manner}))
    )
    opened = harness.expect("sessions", SessionOpened)
    future.result()
    assert opened.session == "anna"
    assert (opened.model, opened.voice, opened.language) == ("gemini-3.8-live", "Kore", "hi-IN")
    assert opened.instruction == "You ask about health."
    assert opened.lasts_s == 60
    assert opened.labels == {"protocol": "website", "interview_type": "health"}
    assert opened.functions == [{"name": "note"}]


def test_sound_text_and_pictures_go_into_the_pipeline(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    session = gateway.start(client)
    harness = gateway.harness
    gateway.tell(client, type="audio_chunk", data=packed(SECOND), format="pcm")
    gateway.tell(
        client, type="audio_chunk", data="data:audio/pcm;rate=8000;base64," + packed(SECOND)
    )
    blocks = [frame for frame in harness.sent["audio"] if isinstance(frame, Audio)]
    assert {block.session for block in blocks} == {session}
    assert [block.position for block in blocks] == [320 * n for n in range(len(blocks))]
    assert len(blocks) == pytest.approx(150, abs=2)

    gateway.meanwhile(lambda: client.send(SECOND))
    gateway.tell(client, type="ping")
    assert len(harness.sent["audio"]) == pytest.approx(200, abs=2)

    gateway.tell(client, type="text", text="नमस्ते")
    typed = harness.expect("text", UserText)
    assert (typed.session, typed.text) == (session, "नमस्ते")
    assert typed.turn.startswith(f"{session}:t")

    picture = cv2.imencode(".png", np.full((2000, 3000, 3), 128, np.uint8))[1].tobytes()
    gateway.tell(client, type="image", data=packed(picture))
    shown = harness.expect("video", Image)
    assert (shown.session, shown.width, shown.height) == (session, 768, 512)


@pytest.mark.parametrize(
    ("form", "rate_hz", "said"),
    [
        ("mulaw", 8000, {}),
        ("audio/PCMU", 8000, {}),
        ("audio/basic;rate=16000", 16_000, {}),
        ("audio/x-alaw", 8000, {}),
        ("PCMA", 16_000, {"sample_rate": 16_000}),
    ],
)
def test_sound_of_telephones_is_heard(
    gateway: GatewayOnStage, client: ClientConnection, form: str, rate_hz: int, said: dict[str, int]
) -> None:
    gateway.start(client)
    codes = g711.alaw_codes() if "alaw" in form or "PCMA" in form else g711.mulaw_codes()
    loud = np.full(rate_hz, 8000, np.int16)
    gateway.tell(
        client, type="audio_chunk", format=form, data=packed(g711.encode(loud, codes)), **said
    )
    blocks = [frame for frame in gateway.harness.sent["audio"] if isinstance(frame, Audio)]
    heard = np.frombuffer(b"".join(block.pcm for block in blocks), np.int16)
    assert len(heard) == pytest.approx(16_000, abs=2 * 320)
    assert np.median(heard) == pytest.approx(8000, rel=0.03)


@pytest.mark.parametrize("binary", [False, True])
def test_an_answer_is_heard_at_its_pace_and_reported(binary: bool) -> None:
    with gateway_on_stage(prebuffer_ms=0) as gateway:
        client = gateway.connect("/ws/live-audio?audio=binary" if binary else "/")
        session = gateway.start(client)
        turn = f"{session}:0"
        gateway.harness.send("audio", answer(session, turn)[0])
        gateway.harness.send("answer", answer(session, turn)[1])
        heard = b""
        while len(heard) < 2 * 4800:
            message = gateway.next(client)
            heard += message if binary else base64.b64decode(message["data"])
        assert heard.startswith(np.arange(1, 100, dtype="<i2").tobytes())
        last = gateway.harness.expect(
            "playback", Playback, lambda frame: frame.state is PlaybackState.FINISHED
        )
        assert (last.turn, last.played_samples) == (turn, 4800)
        gateway.meanwhile(client.close)


def test_who_speaks_over_an_answer_is_told_to_throw_away_what_waits(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    session = gateway.start(client)
    harness = gateway.harness
    harness.send("audio", answer(session, f"{session}:0", 5)[0])
    assert gateway.next(client)["type"] == "audio"
    harness.send(
        "speech",
        SpeechStarted(session=session, turn=f"{session}:9000", position=9000, at_ns=2**62),
    )
    kinds = []
    while "interrupted" not in kinds:
        kinds.append(gateway.next(client)["type"])
    assert "speech_started" in kinds
    told = harness.expect(
        "playback", Playback, lambda frame: frame.state is PlaybackState.INTERRUPTED
    )
    assert told.played_samples < 24_000


def interrupted(
    gateway: GatewayOnStage, client: ClientConnection, played_ms: float | None = None
) -> tuple[float, int, int]:
    """Speak over an answer; return `heard_ms`, what playback tells, and the samples that came."""
    session = gateway.start(client)
    gateway.harness.send("audio", answer(session, f"{session}:0", 5)[0])
    came = 0
    while came < 6 * 480:
        came += len(base64.b64decode(gateway.next(client)["data"])) // 2
    if played_ms is not None:
        report = {"type": "played", "ms": played_ms}
        gateway.meanwhile(lambda: client.send(json.dumps(report)))
    gateway.meanwhile(lambda: client.send('{"type": "ping"}'))
    ahead = SpeechStarted(session=session, turn=f"{session}:9000", position=9000, at_ns=2**62)
    while True:
        message = gateway.next(client)
        if message["type"] == "pong":
            gateway.harness.send("speech", ahead)
        elif message["type"] == "audio":
            came += len(base64.b64decode(message["data"])) // 2
        elif message["type"] == "interrupted":
            break
    told = gateway.harness.expect(
        "playback", Playback, lambda frame: frame.state is PlaybackState.INTERRUPTED
    )
    return message["heard_ms"], told.played_samples, came


def test_of_an_answer_that_is_spoken_over_what_was_sent_ahead_was_not_heard(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    heard_ms, played, came = interrupted(gateway, client)
    assert heard_ms == round(played / 24)
    assert played < came


def test_a_client_that_says_what_it_played_is_believed(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    heard_ms, played, _ = interrupted(gateway, client, played_ms=45.0)
    assert (heard_ms, played) == (40, 960)


@pytest.mark.parametrize("ms", ["much", -1, 1e12, None])
def test_what_cannot_have_been_played_is_refused(
    gateway: GatewayOnStage, client: ClientConnection, ms: object
) -> None:
    gateway.start(client)
    said = gateway.say(client, type="played", ms=ms)
    assert said["type"] == "error"


def test_an_answer_that_breaks_off_and_is_gone_on_with_is_not_interrupted(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    session = gateway.start(client)
    harness = gateway.harness
    turn = f"{session}:t{time.monotonic_ns()}"
    sound, _ = answer(session, turn)
    harness.send("audio", sound)
    broken = {"end": AnswerEnd.FAILED, "samples": 4800, "epoch": 0, "backend": "live"}
    harness.send("answer", AnswerEnded(session=session, turn=turn, **broken))
    harness.expect("playback", Playback, lambda frame: frame.state is PlaybackState.INTERRUPTED)
    harness.send("route", Route(session=session, epoch=1, owner="http", reason="live failed"))
    harness.send("audio", sound.model_copy(update={"epoch": 1, "backend": "http"}))
    # What comes late of an answer before it was never heard, and ends nothing.
    harness.send("audio", answer(session, f"{session}:t1")[0].model_copy(update={"epoch": 1}))
    harness.send(
        "answer",
        AnswerEnded(
            session=session,
            turn=turn,
            end=AnswerEnd.COMPLETE,
            samples=4800,
            epoch=1,
            backend="http",
        ),
    )
    harness.expect("playback", Playback, lambda frame: frame.state is PlaybackState.FINISHED)
    gateway.meanwhile(lambda: client.send('{"type": "ping"}'))
    told = []
    while not told or told[-1] != "pong":
        told.append(gateway.next(client)["type"])
    assert len(told) > 2 * 10
    assert set(told[:-1]) == {"audio"}


def test_words_the_end_of_a_turn_and_functions_are_told(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    session = gateway.start(client, functions=[{"name": "note"}])
    harness = gateway.harness
    turn = f"{session}:0"
    harness.send(
        "transcript",
        Transcript(session=session, turn=turn, side=Side.USER, text="مرحبا", **ANSWER),
    )
    assert gateway.next(client) == {
        "type": "transcript",
        "turn": turn,
        "role": "user",
        "text": "مرحبا",
        "final": False,
    }
    # A function of the pipeline's own tools is not the client's.
    for call_id, name in (("1", "move"), ("2", "note"), ("3", "note")):
        call = ToolCall(session=session, turn=turn, call_id=call_id, name=name, args={"a": 1})
        harness.send("calls", call)
    assert gateway.next(client) == {
        "type": "function_call",
        "call_id": "2",
        "name": "note",
        "args": {"a": 1},
    }
    assert gateway.next(client)["call_id"] == "3"
    gateway.tell(client, type="function_result", call_id="2", response={"ok": True})
    result = harness.expect("results", ToolResult)
    assert (result.call_id, result.name, result.turn) == ("2", "note", turn)
    assert (result.status, result.response) == (ToolStatus.OK, {"ok": True})
    again = gateway.say(client, type="function_result", call_id="2", response={})
    assert again["error"] == "no call '2' waits for a result"
    harness.send("calls", ToolCancel(session=session, turn=turn, call_id="3"))
    assert gateway.next(client) == {"type": "function_cancelled", "call_id": "3"}
    late = gateway.say(client, type="function_result", call_id="3", response={})
    assert late["error"] == "no call '3' waits for a result"
    closed = TurnClosed(session=session, turn=turn, outcome=Outcome.ANSWERED, by="live")
    harness.send("turns", closed)
    assert gateway.next(client)["type"] == "turn_complete"


def test_the_end_of_a_session_is_told_and_closes_the_connection(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    session = gateway.start(client)
    gateway.harness.end(session, SessionEnd.TIME_OVER, "its 900 s are over")
    told = gateway.next(client)
    assert (told["type"], told["reason"]) == ("session_ended", "time_over")
    with pytest.raises(ConnectionClosed):
        gateway.next(client)
    status, body = gateway.request("GET", f"/api/v1/live-audio/session/{session}/status")
    assert (status, body["error"]) == (410, f"the session {session!r} is over: its 900 s are over")
    other = gateway.connect()
    answered = gateway.say(other, type="text", text="hello")
    assert answered["error"].startswith("there is no session on this connection")
    gateway.meanwhile(other.close)


def test_the_time_left_is_told_before_the_end() -> None:
    with gateway_on_stage(warning_s=899.9) as gateway:
        client = gateway.connect()
        gateway.start(client)
        assert gateway.next(client) == {"type": "time_left", "seconds": 900}
        gateway.meanwhile(client.close)


def test_who_comes_back_hears_the_rest_and_reads_what_was_said_meanwhile(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    session = gateway.start(client, session_id="anna")
    harness = gateway.harness
    harness.send("audio", answer(session, f"{session}:0", 1)[0])
    harness.send("answer", answer(session, f"{session}:0", 1)[1])
    heard = 0
    while heard < 4800:
        heard += len(gateway.next(client)["data"]) * 3 // 8
    gateway.meanwhile(client.close)
    # On a busy machine more has come than was read.
    heard += sum(len(each["data"]) * 3 // 8 for each in unread(gateway, client))
    harness.until(lambda: absent(gateway) == 1, "its absence")
    harness.send(
        "transcript",
        Transcript(session=session, turn=f"{session}:0", side=Side.MODEL, text="Well", **ANSWER),
    )
    back = gateway.connect()
    started = gateway.say(back, type="start_session", session_id="anna")
    assert started["session_id"] == "anna"
    assert started["resumed"]
    assert started["left_s"] < started["lasts_s"]
    assert gateway.next(back)["text"] == "Well"
    while heard < 24_000 - 24:
        heard += len(gateway.next(back)["data"]) * 3 // 8
    harness.expect("playback", Playback, lambda frame: frame.state is PlaybackState.FINISHED)
    gateway.meanwhile(back.close)


def test_a_second_connection_takes_the_conversation_over(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    gateway.start(client, session_id="anna")
    other = gateway.connect()
    gateway.say(other, type="start_session", session_id="anna")
    with pytest.raises(ConnectionClosed, match="another connection"):
        gateway.next(client)
    assert gateway.say(other, type="ping") == {"type": "pong"}
    gateway.meanwhile(other.close)


def test_who_stays_away_is_let_go_f28() -> None:
    with gateway_on_stage(absence_s=0.05) as gateway:
        client = gateway.connect()
        session = gateway.start(client)
        gateway.meanwhile(client.close)
        ended = gateway.harness.expect("sessions", SessionEnded)
        assert (ended.session, ended.reason) == (session, SessionEnd.HUNG_UP)


def test_a_refused_session_is_told_with_the_reason(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    future = gateway.begin(lambda: client.send('{"type": "start_session", "session_id": "late"}'))
    asked = gateway.harness.expect("sessions", SessionOpened)
    future.result()
    gateway.harness.end(asked.session, SessionEnd.REFUSED, "300 sessions are open")
    assert gateway.next(client) == {"type": "error", "error": "300 sessions are open"}
    assert gateway.say(client, type="ping") == {"type": "pong"}


def test_the_name_of_the_pipelines_own_session_is_nobody_elses(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    told = gateway.say(client, type="start_session", session_id="local")
    assert "is the pipeline's own" in told["error"]


def test_after_a_restart_callers_come_back_to_their_sessions(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    session = gateway.start(client)
    gateway.tell(client, type="audio_chunk", data=packed(SECOND), format="pcm")
    with gateway_on_stage(checkpoint=gateway.harness.actor.checkpoint) as successor:
        successor.harness.open(session, lasts_s=900, brought_by="gateway")
        claimed = successor.harness.expect("sessions", SessionOpened)
        assert (claimed.session, claimed.brought_by) == (session, "gateway"), "it is not given up"
        back = successor.connect()
        started = successor.say(back, type="start_session", session_id=session)
        assert started["session_id"] == session
        successor.tell(back, type="audio_chunk", data=packed(SECOND), format="pcm")
        block = successor.harness.expect("audio", Audio)
        assert block.position > 16_000, "no sample has the position of another"
        successor.meanwhile(back.close)


def test_a_caller_of_whom_nothing_was_saved_comes_back_to_its_session_too() -> None:
    with gateway_on_stage() as successor:
        successor.harness.open("anna", brought_by="gateway")
        successor.harness.open("ben", brought_by="another")
        back = successor.connect()
        started = successor.say(back, type="start_session", session_id="anna")
        assert started["session_id"] == "anna"
        successor.tell(back, type="audio_chunk", data=packed(SECOND), format="pcm")
        block = successor.harness.expect("audio", Audio)
        assert block.position > MOST_AHEAD_S * 16_000, "no sample has the position of another"
        successor.meanwhile(back.close)
        status, _ = successor.request("GET", "/api/v1/live-audio/session/ben/status")
        assert status == 404, "it is another actor's"


def test_the_gateways_own_page_may_connect_and_others_may_not(gateway: GatewayOnStage) -> None:
    own = gateway.connect(origin=f"http://{gateway.url}")
    gateway.meanwhile(own.close)
    for other_site in ("https://evil.example", "http://[", "null"):
        with pytest.raises(InvalidStatus, match="403"):
            gateway.connect(origin=other_site)
    with gateway_on_stage(origins=["https://good.example"]) as other:
        allowed = other.connect(origin="https://good.example")
        other.meanwhile(allowed.close)


BAD = [
    ("not json", "JSON"),
    ("[]", "object"),
    ("{}", "type"),
    ('{"type": 1}', "type"),
    ('{"type": "no_such"}', "type"),
    ('{"type": "audio_chunk"}', "data"),
    ('{"type": "audio_chunk", "data": 5}', "data"),
    ('{"type": "audio_chunk", "data": "AAAA", "format": "pcm", "sample_rate": 5}', "Hz"),
    ('{"type": "audio_chunk", "data": "AAAA", "format": "webm"}', "no sound file"),
    ('{"type": "audio_chunk", "data": "\\u00e9"}', "base64"),
    ('{"type": "image", "data": "AAAA"}', "no picture"),
    ('{"type": "image", "data": ""}', "no picture"),
    ('{"type": "text", "text": ""}', "text"),
    ('{"type": "text"}', "text"),
    ('{"type": "function_result", "call_id": "x"}', "no call"),
    ('{"type": "start_session"}', "has a session already"),
    ("[" * 5000 + "]" * 5000, ""),
    ('{"type": "start_session", "session_id": ""}', "session_id"),
]


@pytest.mark.parametrize(("message", "says"), BAD)
def test_what_cannot_be_used_is_told_and_the_conversation_goes_on(
    gateway: GatewayOnStage, client: ClientConnection, message: str, says: str
) -> None:
    gateway.start(client)

    def ask() -> Any:
        client.send(message)
        return json.loads(client.recv(timeout=20))

    told = gateway.meanwhile(ask)
    assert told["type"] == "error"
    assert says in told["error"]
    assert gateway.say(client, type="ping") == {"type": "pong"}
    gateway.tell(client, type="text", text="still here")
    assert gateway.harness.expect("text", UserText).text == "still here"


def test_who_reads_nothing_at_all_is_let_go_with_its_socket_f28(
    gateway: GatewayOnStage, client: ClientConnection
) -> None:
    session = gateway.start(client)
    host, port = gateway.url.split(":")
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

        def come_back() -> None:
            deaf.connect((host, int(port)))
            deaf.sendall(
                f"GET /ws/live-audio HTTP/1.1\r\nHost: {gateway.url}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: {packed(bytes(16))}\r\n\r\n".encode()
            )
            assert deaf.recv(12) == b"HTTP/1.1 101"
            message = json.dumps({"type": "start_session", "session_id": session}).encode()
            deaf.sendall(bytes([0x81, 0x80 | len(message)]) + bytes(4) + message)

        gateway.meanwhile(come_back)
        with pytest.raises(ConnectionClosed, match="another connection"):
            gateway.next(client)
        caller = gateway.harness.actor._callers.get(session)
        server = gateway.harness.actor.server
        assert server is not None

        def play_on() -> bool:
            caller.play(np.zeros(20 * 480, np.int16), 0, NOWHERE)
            return not caller.is_there

        gateway.harness.until(play_on, "its absence")
        gateway.harness.until(lambda: not server.server_state.connections, "the end of its socket")


def test_who_does_not_read_is_let_go_f28(
    gateway: GatewayOnStage, client: ClientConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = gateway.start(client)
    caller = gateway.harness.actor._callers.get(session)
    monkeypatch.setattr("actors.gateway.link.MOST_WAITING_BYTES", 1000)
    # 20 MB: more than the system takes for it, at either end.
    for _ in range(15_000):
        caller.play(np.zeros(480, np.int16), 0, NOWHERE)
    gateway.harness.until(lambda: not caller.is_there, "its absence")

    def read_all() -> None:
        while True:
            client.recv(timeout=20)

    with pytest.raises(ConnectionClosed, match="does not read"):
        gateway.meanwhile(read_all)
