"""A pipeline to be watched: what it is, and what it says."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import zmq

from actors.cli.watch.board import Board
from pipeline.bus import Publisher
from pipeline.config.description import DescribedStream, Description, Endpoint
from pipeline.frames import (
    FRAME_TYPES,
    ActorState,
    ActorStatus,
    AnswerAudio,
    Audio,
    EndReason,
    Health,
    Outcome,
    Playback,
    PlaybackState,
    Route,
    Side,
    SpeechEnded,
    SpeechStarted,
    Status,
    Transcript,
    TurnClosed,
)
from pipeline.ports import Out

MS = 1_000_000
TURN = "local:0"
STREAMS = [
    DescribedStream("microphone", "audio", ["audio"], ["vad", "live"]),
    DescribedStream("microphone", "health", ["health"], []),
    DescribedStream("vad", "speech", ["speech_started", "speech_ended"], ["live", "speaker"]),
    DescribedStream("live", "audio", ["answer_audio"], ["speaker"]),
    DescribedStream("live", "transcript", ["transcript"], []),
    DescribedStream("speaker", "playback", ["playback"], ["live"]),
    DescribedStream("supervisor", "route", ["route"], ["live"]),
    DescribedStream("supervisor", "turns", ["turn_closed"], []),
    DescribedStream("supervisor", "sessions", ["session_opened", "session_ended"], []),
    DescribedStream("supervisor", "status", ["status"], []),
]
INPUTS: dict[str, dict[str, str | list[str]]] = {
    "microphone": {},
    "vad": {"audio": "microphone.audio"},
    "live": {
        "audio": ["microphone.audio"],
        "speech": "vad.speech",
        "route": "supervisor.route",
        "playback": "speaker.playback",
    },
    "speaker": {"audio": ["live.audio"], "speech": "vad.speech"},
}


def described(endpoints: dict[str, Endpoint] | None = None) -> Description:
    return Description(
        pipeline="robot",
        version="1.0",
        session="local",
        started_ns=0,
        config_path="robot.yaml",
        keys_dir=None,
        config={"actors": {name: {"inputs": inputs} for name, inputs in INPUTS.items()}},
        endpoints=endpoints or {},
        streams=STREAMS,
    )


def tone(peak: int) -> bytes:
    return (np.full(320, peak, dtype=np.int16)).tobytes()


def heard(seq: int, at_ms: float, *, peak: int = 3277, age_ms: float = 10) -> Audio:
    sent_ns = int(at_ms * MS)
    return Audio(
        session="local",
        position=seq * 320,
        pcm=tone(peak),
        seq=seq,
        boot=1,
        sent_ns=sent_ns,
        origin_ns=int(sent_ns - age_ms * MS),
    )


def started(at_ms: int) -> SpeechStarted:
    return SpeechStarted(session="local", turn=TURN, position=0, at_ns=at_ms * MS)


def ended(voiced_ms: int, told_ms: int) -> SpeechEnded:
    return SpeechEnded(
        session="local",
        turn=TURN,
        start_position=0,
        position=1,
        at_ns=voiced_ms * MS,
        sent_ns=told_ms * MS,
        reason=EndReason.SILENCE,
    )


def block(sent_ms: int) -> AnswerAudio:
    return AnswerAudio(
        session="local",
        turn=TURN,
        epoch=0,
        backend="live",
        position=0,
        pcm=tone(9000),
        sent_ns=sent_ms * MS,
    )


def played(state: PlaybackState, at_ms: int) -> Playback:
    return Playback(
        session="local",
        turn=TURN,
        epoch=0,
        backend="live",
        state=state,
        played_samples=0,
        at_ns=at_ms * MS,
    )


def said(side: Side, text: str) -> Transcript:
    return Transcript(
        session="local", turn=TURN, epoch=0, backend="live", side=side, text=text, final=True
    )


def closed(**fields: Any) -> TurnClosed:
    values = {
        "session": "local",
        "outcome": Outcome.ANSWERED,
        "by": "live",
        "first_sound_ms": 1100.0,
    }
    return TurnClosed(turn=TURN, **(values | fields))


def routed(owner: str, epoch: int, reason: str) -> Route:
    return Route(session="local", owner=owner, epoch=epoch, reason=reason, sent_ns=MS)


def actor(name: str, phase: str = "running", **fields: Any) -> ActorStatus:
    counters = fields.pop("counters", {})
    health = Health(session="local", actor=name, pid=7, state=ActorState.READY, counters=counters)
    return ActorStatus(actor=name, phase=phase, health=health, **fields)


def status(*actors: ActorStatus) -> Status:
    return Status(
        session="local",
        pipeline="robot",
        version="1.0",
        uptime_s=61.4,
        ready=True,
        route=routed("live", 1, ""),
        actors=list(actors),
        turns_closed={"answered": 2},
    )


def busy() -> Board:
    """A board in the middle of a conversation."""
    now_ns = time.monotonic_ns()
    board = Board(described(), now_ns - 1_000_000_000)
    contained = actor("device", "contained", restarts=6, last_exit="killed by SIGKILL")
    vad = actor("vad", pss_mib=40.2, counters={"audio.expired": 3})
    board.on_frame(
        "supervisor", "status", status(actor("live", restarts=1), vad, contained), now_ns
    )
    board.on_frame("supervisor", "route", routed("live", 0, "first"), now_ns)
    board.on_frame("supervisor", "route", routed("device", 1, "live gave no sound"), now_ns)
    for seq in range(50):
        board.on_frame("microphone", "audio", heard(seq, now_ns / 1e6, age_ms=30), now_ns)
    board.on_frame("vad", "speech", started(0), now_ns)
    board.on_frame("vad", "speech", ended(900, 1500), now_ns)
    board.on_frame("live", "audio", block(1800), now_ns)
    board.on_frame("speaker", "playback", played(PlaybackState.STARTED, 2000), now_ns)
    board.on_frame("speaker", "playback", played(PlaybackState.FINISHED, 3500), now_ns)
    board.on_frame("live", "transcript", said(Side.USER, "go [bold]forward[/bold]"), now_ns)
    board.on_frame("live", "transcript", said(Side.MODEL, "Going forward."), now_ns)
    board.on_frame("supervisor", "turns", closed(), now_ns - 600_000_000)
    board.read(now_ns)
    return board


def publisher(context: zmq.Context[zmq.Socket[bytes]], address: str, name: str) -> Publisher:
    ports = {
        stream.port: Out(
            tuple(FRAME_TYPES[each] for each in stream.types), retain_last=stream.port == "route"
        )
        for stream in STREAMS
        if stream.actor == name
    }
    return Publisher(context, address, ports, high_water=100)
