"""Frames of a recorded run, for the tests of the cassette."""

from __future__ import annotations

from typing import Any

from actors.recordings.cassette.recorded_frame import RecordedFrame
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    EndReason,
    Fault,
    FaultClass,
    Frame,
    Side,
    SpeechEnded,
    SpeechStarted,
    ToolCall,
    ToolCancel,
    ToolOffer,
    ToolResult,
    ToolStatus,
    Transcript,
    TurnClosed,
    Usage,
    UserText,
)

Row = tuple[float, Frame]
"""Seconds, and a frame that was sent then."""
FED = (SpeechStarted, SpeechEnded, UserText, ToolResult, ToolOffer, TurnClosed)
TTS = "the-voice"


def happened(*rows: Row) -> list[RecordedFrame]:
    """What the backend `live` was sent and sent."""
    ordered = sorted(rows, key=lambda row: row[0])
    return [RecordedFrame(round(s * 1e9), not isinstance(f, FED), f) for s, f in ordered]


def began(turn: str, position: int = 0) -> SpeechStarted:
    return SpeechStarted(turn=turn, position=position, at_ns=1)


def said(turn: str, start: int = 0, end: int = 320) -> SpeechEnded:
    return SpeechEnded(
        turn=turn, start_position=start, position=end, at_ns=1, reason=EndReason.SILENCE
    )


def _of(turn: str, backend: str = "live") -> dict[str, Any]:
    return {"turn": turn, "epoch": 1, "backend": backend}


def sound(turn: str, pcm: bytes, position: int = 0) -> AnswerAudio:
    return AnswerAudio(**_of(turn), position=position, pcm=pcm)


def words(turn: str, text: str, side: Side = Side.MODEL, *, final: bool = False) -> Transcript:
    return Transcript(**_of(turn), side=side, text=text, final=final)


def heard(turn: str, text: str, *, final: bool = False, backend: str = "live") -> Transcript:
    return Transcript(**_of(turn, backend), side=Side.USER, text=text, final=final)


def over(turn: str, end: AnswerEnd = AnswerEnd.COMPLETE, samples: int = 2) -> AnswerEnded:
    return AnswerEnded(**_of(turn), end=end, samples=samples)


def cost(turn: str, total: int, model: str = "the-words") -> Usage:
    tokens: dict[str, Any] = {"input_tokens": {"audio": total}, "output_tokens": {}}
    return Usage(**_of(turn), model=model, total_tokens=total, **tokens)


def call(turn: str, call_id: str) -> ToolCall:
    return ToolCall(turn=turn, call_id=call_id, name="move", args={"distance_m": 1})


def cancel(turn: str, call_id: str) -> ToolCancel:
    return ToolCancel(turn=turn, call_id=call_id)


def result(turn: str, call_id: str) -> ToolResult:
    return ToolResult(turn=turn, call_id=call_id, name="move", status=ToolStatus.OK)


def status(state: BackendState = BackendState.READY) -> BackendStatus:
    return BackendStatus(backend="live", state=state)


def fault(code: int | None, kind: FaultClass = FaultClass.TRANSIENT, reason: str = "") -> Fault:
    return Fault(backend="live", fault=kind, code=code, reason=reason, retry=True)
