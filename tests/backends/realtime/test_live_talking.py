"""The actor over the real SDK against the simulator: speech, text, pictures, tools."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from google.genai import Client
from google.genai.live import AsyncSession
from live_server import JPEG, KEY, Talker, ready, simulator, sound, staged
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from actors.backends.gemini.live.messages import AUDIO_TYPE, audio_message, text_frame
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Audio,
    BackendState,
    BackendStatus,
    Image,
    Route,
    Side,
    ToolCall,
    ToolCancel,
    ToolOffer,
    ToolResult,
    ToolStatus,
    Transcript,
    Usage,
    UserText,
)

MOVE = {
    "name": "move",
    "description": "Drive.",
    "parameters": {"type": "object", "properties": {"distance_m": {"type": "number"}}},
}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)


def test_audio_message_is_what_the_sdk_would_send_to_the_byte() -> None:
    class Socket:
        sent = ""

        async def send(self, message: str) -> None:
            self.sent = message

    socket = Socket()
    client = Client(api_key=KEY)
    session = AsyncSession(client._api_client, socket)  # type: ignore[arg-type]
    pcm = sound(0, 320)
    asyncio.run(session.send_realtime_input(audio={"data": pcm, "mime_type": AUDIO_TYPE}))
    client.close()
    assert audio_message(pcm).decode() == socket.sent


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 905, 65_535, 65_536, 70_001])
def test_text_frame_is_what_a_websocket_takes(length: int) -> None:
    message = bytes(32 + index % 90 for index in range(length))
    server = ServerProtocol(state=State.OPEN)
    frames = [text_frame(message) for _ in range(3)]
    server.receive_data(b"".join(frames))
    taken = [event for event in server.events_received() if isinstance(event, Frame)]
    assert [(frame.opcode, frame.fin, bytes(frame.data)) for frame in taken] == [
        (Opcode.TEXT, True, message)
    ] * 3
    # The mask is drawn anew for each (RFC 6455, 5.3).
    assert len(set(frames)) == 3


def test_spoken_turn_reaches_the_server_to_the_sample_and_is_answered(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        talker = Talker(live)
        turn = talker.say(samples=32_000)
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end, ended.backend) == (turn, AnswerEnd.COMPLETE, "live")
        assert server.stt.heard == [sound(0, talker.position)]
        audio = [f for f in live.sent["audio"] if isinstance(f, AnswerAudio)]
        assert {f.rate_hz for f in audio} == {24_000}
        assert sum(len(f.pcm) // 2 for f in audio) == ended.samples
        usage = live.expect("usage", Usage)
        assert (usage.turn, usage.model) == (turn, "gemini-3.8-live")
        assert usage.output_tokens["audio"] > 0
        # Nothing but the turn was sent: listening to silence costs nothing.
        talker.blocks(talker.position + 16_000)
        assert server.journal.sessions[0].audio_outside_activity_ms == 0


def test_words_of_the_model_are_published_and_marked_final(tmp_path: Path) -> None:
    rule = {"when": {"turn": 1}, "do": [{"say": "Good morning."}]}
    with simulator(tmp_path, rule) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        Talker(live).say()
        live.expect("answer", AnswerEnded)
        said = [f for f in live.sent["transcript"] if isinstance(f, Transcript)]
        model = [f for f in said if f.side is Side.MODEL]
        assert "".join(f.text for f in model) == "Good morning."
        assert [f.final for f in model][-1]


def test_speech_before_the_connection_is_up_is_not_lost(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        talker = Talker(live)
        turn = talker.say()
        assert live.expect("answer", AnswerEnded).turn == turn
        assert server.stt.heard == [sound(0, talker.position)]


def test_speaking_over_the_answer_interrupts_it(tmp_path: Path) -> None:
    rules = [
        {"when": {"turn": 1}, "do": [{"slow": 1.0}, {"say": "word " * 60}]},
        {"when": {"turn": 2}, "do": ["burst", {"say": "Yes."}]},
    ]
    with simulator(tmp_path, *rules) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        talker = Talker(live)
        first = talker.say()
        live.expect("audio", AnswerAudio)
        second = talker.say()
        ends = [live.expect("answer", AnswerEnded) for _ in range(2)]
        assert [(e.turn, e.end) for e in ends] == [
            (first, AnswerEnd.INTERRUPTED),
            (second, AnswerEnd.COMPLETE),
        ]
        outcomes = [turn.outcome for turn in server.journal.sessions[0].turns]
        assert outcomes == ["interrupted", "answered"]


def test_tool_is_declared_called_and_answered_once(tmp_path: Path) -> None:
    rule = {
        "when": {"turn": 1},
        "do": [{"call": {"name": "move", "args": {"distance_m": 10}}}, {"say": "Moving."}],
    }
    ports = {"audio", "speech", "offer", "results"}
    with simulator(tmp_path, rule) as server, staged(tmp_path, ports, **server.address) as live:
        live.expect("status", BackendStatus)
        live.send("offer", ToolOffer(tools=[MOVE]))
        ready(live)
        turn = Talker(live).say()
        call = live.expect("tool_calls", ToolCall)
        assert (call.turn, call.name, call.args) == (turn, "move", {"distance_m": 10})
        result = ToolResult(
            turn=turn,
            call_id=call.call_id,
            name="move",
            status=ToolStatus.OK,
            response={"ok": True},
        )
        live.send("results", result, result)
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        (record,) = server.journal.sessions
        (done,) = record.tool_calls
        assert (done.outcome, done.response) == ("answered", {"ok": True})
        (declared,) = record.setup["tools"][0]["functionDeclarations"]
        assert declared["behavior"] == "BLOCKING"
        assert declared["parameters"]["properties"] == {"distance_m": {"type": "NUMBER"}}


def test_call_pending_when_the_user_speaks_again_is_cancelled_by_the_server(
    tmp_path: Path,
) -> None:
    rules = [
        {"when": {"turn": 1}, "do": [{"call": {"name": "move"}}]},
        {"when": "activity_start", "do": ["cancel_calls"]},
    ]
    ports = {"audio", "speech", "offer", "results"}
    options = {"tool_behavior": "non_blocking"}
    with (
        simulator(tmp_path, *rules) as server,
        staged(tmp_path, ports, **server.address, **options) as live,
    ):
        live.send("offer", ToolOffer(tools=[MOVE]))
        ready(live)
        talker = Talker(live)
        first = talker.say()
        call = live.expect("tool_calls", ToolCall)
        talker.say()
        assert live.expect("tool_calls", ToolCancel).call_id == call.call_id
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (first, AnswerEnd.INTERRUPTED)


def test_text_and_pictures_go_into_the_same_session(tmp_path: Path) -> None:
    ports = {"audio", "speech", "text", "video"}
    with simulator(tmp_path) as server, staged(tmp_path, ports, **server.address) as live:
        live.send("video", Image(jpeg=JPEG, width=16, height=8))
        ready(live)
        live.send("video", Image(jpeg=JPEG, width=16, height=8))
        # Half a picture, and none: the service ends the session on them.
        live.send("video", Image(jpeg=JPEG[:-2], width=16, height=8))
        live.send("video", Image(jpeg=b"GIF89a", width=16, height=8))
        live.send("text", UserText(turn="local:t1", text="What can you see?"))
        assert live.expect("answer", AnswerEnded).turn == "local:t1"
        (record,) = server.journal.sessions
        assert record.texts == ["What can you see?"]
        assert (record.video.frames, record.video.bytes) == (1, len(JPEG))
        # The one that came before there was a connection was old by the time there was one.
        assert live.actor.counters["video_skipped"] == 1
        assert live.actor.counters["video_frames"] == 1
        assert live.actor.counters["video_broken"] == 2
        assert live.actor.counters["video_bytes"] == len(JPEG)


def test_other_tools_are_offered_to_the_model_between_turns(tmp_path: Path) -> None:
    ports = {"audio", "speech", "offer"}
    with simulator(tmp_path) as server, staged(tmp_path, ports, **server.address) as live:
        live.send("offer", ToolOffer(tools=[MOVE]))
        ready(live)
        live.send("offer", ToolOffer(tools=[MOVE]))
        live.send("offer", ToolOffer(tools=[MOVE, {**MOVE, "name": "turn"}]))
        ready(live)
        names = [
            [each["name"] for each in session.setup["tools"][0]["functionDeclarations"]]
            for session in server.journal.sessions
        ]
        assert names == [["move"], ["move", "turn"]]
        live.expect_nothing("faults")


def test_server_cuts_the_turns_when_no_detector_is_connected(tmp_path: Path) -> None:
    ports = {"audio"}
    options = {"server_vad": {"silence_ms": 300}}
    with (
        simulator(tmp_path) as server,
        staged(tmp_path, ports, **server.address, **options) as live,
    ):
        ready(live)
        talker = Talker(live)
        talker.blocks(16_000)
        quiet = bytes(640)
        for position in range(16_000, 32_000, 320):
            live.send("audio", Audio(position=position, pcm=quiet))
        ended = live.expect("answer", AnswerEnded)
        assert ended.end is AnswerEnd.COMPLETE
        assert ended.turn.startswith("local:")
        detection = server.journal.sessions[0].setup["realtimeInputConfig"]
        assert detection == {"automaticActivityDetection": {"silenceDurationMs": 300}}


def test_only_the_owner_of_the_route_speaks(tmp_path: Path) -> None:
    ports = {"audio", "speech", "route"}
    with simulator(tmp_path) as server, staged(tmp_path, ports, **server.address) as live:
        live.send("route", Route(owner="http", epoch=4, reason="quota"))
        ready(live)
        talker = Talker(live)
        turn = talker.say()
        assert server.journal.sessions[0].audio_messages == 0
        live.send("route", Route(owner="live", epoch=5, reason="back"))
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.epoch) == (turn, 5)
        assert server.stt.heard == [sound(0, talker.position)]


def test_address_is_read_from_a_file_that_appears_later(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, server_file="simulator.json") as live:
        assert live.expect("status", BackendStatus).state is BackendState.CONNECTING
        address = {**server.address, "api_key": KEY}
        (tmp_path / "new.json").write_text(json.dumps(address), encoding="utf-8")
        (tmp_path / "new.json").rename(tmp_path / "simulator.json")
        ready(live)


def test_model_that_thinks_in_steps_is_done_when_it_is_idle(tmp_path: Path) -> None:
    options = {"model": "gemini-3.8-live-extended-thinking"}
    with (
        simulator(tmp_path) as server,
        staged(tmp_path, **server.address, **options) as live,
    ):
        ready(live)
        Talker(live).say()
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        generation = server.journal.sessions[0].setup["generationConfig"]
        assert generation["thinkingConfig"]["thinkingLevel"] == "LOW"
