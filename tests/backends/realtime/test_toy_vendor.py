"""A second realtime vendor is one folder of four files; here it works as an actor."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_server import sound
from toy_server import ToyServer
from toy_vendor.link import Toy
from toy_vendor.options import ToyOptions

from actors.backends.audio_ring import AudioRing
from actors.backends.realtime.uplink import Uplink
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Audio,
    BackendState,
    BackendStatus,
    EndReason,
    Fault,
    FaultClass,
    SessionEnded,
    SpeechEnded,
    SpeechStarted,
    ToolCall,
    ToolResult,
    ToolStatus,
    UserText,
)
from pipeline.testing import ActorHarness, stage

PORTS = {"audio", "speech", "text", "results"}
BLOCK = 320
Serve = Callable[..., ToyServer]


@pytest.fixture
def socket() -> Iterator[Path]:
    # The path of a UNIX socket has 107 characters at most.
    folder = tempfile.mkdtemp(prefix="toy-")
    yield Path(folder) / "s"
    shutil.rmtree(folder)


@pytest.fixture
def serve(socket: Path) -> Iterator[Serve]:
    servers: list[ToyServer] = []

    def start(**options: object) -> ToyServer:
        servers.append(ToyServer(socket, **options))  # type: ignore[arg-type]
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def ready(toy: ActorHarness[ToyOptions]) -> str:
    return toy.expect("status", BackendStatus, lambda f: f.state is BackendState.READY).session


def speak(toy: ActorHarness[ToyOptions], blocks: int) -> str:
    turn = f"{toy.actor.session}:0"
    toy.send("speech", SpeechStarted(turn=turn, position=0, at_ns=1))
    for index in range(blocks):
        at = index * BLOCK
        toy.send("audio", Audio(position=at, pcm=sound(at, at + BLOCK)))
    ended = SpeechEnded(
        turn=turn, start_position=0, position=blocks * BLOCK, at_ns=1, reason=EndReason.SILENCE
    )
    toy.send("speech", ended)
    return turn


def sound_in(messages: list[dict[str, str]]) -> bytes:
    return b"".join(base64.b64decode(each["sound"]) for each in messages if "sound" in each)


def test_it_answers_speech_with_what_it_heard(serve: Serve, socket: Path) -> None:
    server = serve()
    with stage(Toy, connected=PORTS, socket=socket) as toy:
        ready(toy)
        turn = speak(toy, 20)
        ended = toy.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end, ended.samples) == (turn, AnswerEnd.COMPLETE, 20 * BLOCK)
        audio = [f for f in toy.sent["audio"] if isinstance(f, AnswerAudio)]
        assert b"".join(f.pcm for f in audio) == sound(0, 20 * BLOCK)
        assert {f.rate_hz for f in audio} == {16_000}
        assert [m["activity"] for m in server.heard[0] if "activity" in m] == ["started", "ended"]


def test_a_break_in_mid_speech_is_made_good_with_its_own_ticket(serve: Serve, socket: Path) -> None:
    server = serve(ends=("bye", 10))
    with stage(Toy, connected=PORTS, socket=socket) as toy:
        ready(toy)
        turn = speak(toy, 20)
        ended = toy.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)
        assert server.heard[1][0]["ticket"] == "t1"
        assert sound_in(server.heard[1]) == sound(0, 20 * BLOCK), "all of the turn"


def test_blocks_of_an_open_turn_go_straight_to_the_link(
    serve: Serve, socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    with stage(Toy, connected=PORTS, socket=socket) as toy:
        ready(toy)
        toy.send("speech", SpeechStarted(turn="local:0", position=0, at_ns=1))
        toy.send("audio", Audio(position=0, pcm=sound(0, BLOCK)))
        asked: list[str] = []
        monkeypatch.setattr(AudioRing, "cut", lambda *_: asked.append("the ring"))
        monkeypatch.setattr(Uplink, "audio_heard", lambda *_: asked.append("the turns"))
        for at in range(BLOCK, 20 * BLOCK, BLOCK):
            toy.send("audio", Audio(position=at, pcm=sound(at, at + BLOCK)))
        toy.until(lambda: sound_in(server.heard[0]) == sound(0, 20 * BLOCK), "all of it")
        assert not asked


def test_its_faults_reach_the_pipeline(serve: Serve, socket: Path) -> None:
    serve(ends=("busy", 1))
    with stage(Toy, connected=PORTS, socket=socket) as toy:
        ready(toy)
        speak(toy, 3)
        fault = toy.expect("faults", Fault)
        assert (fault.fault, fault.retry_after_s) == (FaultClass.QUOTA, 60.0)
        assert toy.expect("answer", AnswerEnded).end is AnswerEnd.FAILED


def test_callers_have_their_manner_and_functions(serve: Serve, socket: Path) -> None:
    server = serve()
    with stage(Toy, connected=PORTS, socket=socket, voice="gruff") as toy:
        ready(toy)
        toy.open("anna", voice="squeaky", instruction="Squeak.", functions=[{"name": "weather"}])
        assert ready(toy) == "anna"
        own, anna = (messages[0] for messages in server.heard)
        assert (own["voice"], own["instruction"], own["tools"]) == ("gruff", None, [])
        assert (anna["voice"], anna["instruction"]) == ("squeaky", "Squeak.")
        assert anna["tools"] == ["weather"]
        toy.send("text", UserText(session="anna", turn="anna:t1", text="use it"))
        call = toy.expect("tool_calls", ToolCall)
        result = ToolResult(
            session="anna",
            turn=call.turn,
            call_id=call.call_id,
            name=call.name,
            status=ToolStatus.OK,
            response={"text": "rain"},
        )
        toy.send("results", result)
        assert toy.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        toy.open("bert", voice="grufff")
        assert "'gruff'" in toy.expect("sessions", SessionEnded).detail
