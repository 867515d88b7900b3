"""Every type of frame; docs/wire-format.md is made from these classes."""

from pipeline.frames.answers import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    AnswerFrame,
    Playback,
    PlaybackState,
    Side,
    Transcript,
    Usage,
)
from pipeline.frames.base import FRAME_TYPES, SCHEMA_VERSION, Frame
from pipeline.frames.control import (
    ActorState,
    ActorStatus,
    BackendState,
    BackendStatus,
    Fault,
    FaultClass,
    Health,
    Route,
    Status,
)
from pipeline.frames.media import Audio, Image
from pipeline.frames.tools import ToolCall, ToolCancel, ToolOffer, ToolResult, ToolStatus
from pipeline.frames.turns import (
    EndReason,
    Outcome,
    SpeechEnded,
    SpeechStarted,
    TurnClosed,
    UserText,
    turn_id,
)

__all__ = [
    "FRAME_TYPES",
    "SCHEMA_VERSION",
    "ActorState",
    "ActorStatus",
    "AnswerAudio",
    "AnswerEnd",
    "AnswerEnded",
    "AnswerFrame",
    "Audio",
    "BackendState",
    "BackendStatus",
    "EndReason",
    "Fault",
    "FaultClass",
    "Frame",
    "Health",
    "Image",
    "Outcome",
    "Playback",
    "PlaybackState",
    "Route",
    "Side",
    "SpeechEnded",
    "SpeechStarted",
    "Status",
    "ToolCall",
    "ToolCancel",
    "ToolOffer",
    "ToolResult",
    "ToolStatus",
    "Transcript",
    "TurnClosed",
    "Usage",
    "UserText",
    "turn_id",
]
