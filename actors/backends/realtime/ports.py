"""What a Live session takes and gives."""

from __future__ import annotations

from collections.abc import Mapping

from actors.backends.ports import OUTPUTS
from pipeline.frames import (
    Audio,
    Image,
    Playback,
    Route,
    SpeechEnded,
    SpeechStarted,
    ToolOffer,
    ToolResult,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.ports import In

INPUTS: Mapping[str, In] = {
    "audio": In((Audio,), max_age_ms=30_000, replay=True),
    "speech": In((SpeechStarted, SpeechEnded), replay=True, required=False),
    "video": In((Image,), max_age_ms=5_000, newest=True, required=False),
    "text": In((UserText,), required=False),
    "offer": In((ToolOffer,), replay=True, required=False),
    "results": In((ToolResult,), replay=True, required=False),
    "transcript": In((Transcript,), required=False),
    "playback": In((Playback,), required=False),
    "route": In((Route,), replay=True, required=False),
    "turns": In((TurnClosed,), replay=True, required=False),
}

__all__ = ["INPUTS", "OUTPUTS"]
