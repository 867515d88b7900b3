"""What every backend that answers whole turns takes and gives."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.frames import (
    AnswerAudio,
    AnswerEnded,
    Audio,
    BackendStatus,
    Fault,
    Image,
    Playback,
    Route,
    SpeechEnded,
    SpeechStarted,
    ToolCall,
    ToolCancel,
    ToolOffer,
    ToolResult,
    Transcript,
    TurnClosed,
    Usage,
    UserText,
)
from pipeline.ports import In, Out

RETAIN_CLOSED_S = 5.0
"""The sound of a turn that is closed was played, and is for those that write it down: killed, they
are back within 2 s. Of answers of a second each, three seconds apart, 30 s are 480 KB a session."""

INPUTS: Mapping[str, In] = {
    "audio": In((Audio,), max_age_ms=30_000, replay=True),
    "speech": In((SpeechStarted, SpeechEnded), replay=True),
    "video": In((Image,), max_age_ms=5_000, newest=True, required=False),
    "text": In((UserText,), replay=True, required=False),
    "transcript": In((Transcript,), required=False),
    "answers": In((AnswerEnded,), replay=True, required=False),
    "playback": In((Playback,), replay=True, required=False),
    "route": In((Route,), replay=True, required=False),
    "turns": In((TurnClosed,), replay=True, required=False),
    "offer": In((ToolOffer,), replay=True, required=False),
    "results": In((ToolResult,), replay=True, required=False),
}
OUTPUTS: Mapping[str, Out] = {
    # A player that was killed in mid-answer goes on with what it had not played.
    "audio": Out((AnswerAudio,), retain_s=30, retain_closed_s=RETAIN_CLOSED_S),
    "answer": Out((AnswerEnded,), retain_s=30),
    "transcript": Out((Transcript,)),
    "tool_calls": Out((ToolCall, ToolCancel), retain_s=30),
    # What was used while nobody counted is counted all the same.
    "usage": Out((Usage,), retain_s=30),
    "status": Out((BackendStatus,), retain_last=True),
    "faults": Out((Fault,)),
}
