"""From lines of JSON to events, and from close lines to faults."""

from __future__ import annotations

import base64
import json
from typing import Any

from actors.backends.fault_info import FaultAction, FaultInfo
from actors.backends.realtime.events import (
    AnswerChunk,
    CallRequested,
    Event,
    HandleIssued,
    Said,
    TurnComplete,
)
from pipeline.frames import FaultClass, Side

FAULTS = {
    "busy": (FaultClass.QUOTA, FaultAction.COOL_DOWN),
    "bye": (FaultClass.SESSION_END, FaultAction.RESUME),
}


def event_of(line: bytes) -> Event | FaultInfo:
    """Return what a line says."""
    said: dict[str, Any] = json.loads(line)
    match said:
        case {"sound": pcm}:
            return AnswerChunk(base64.b64decode(pcm), 16_000)
        case {"you": text}:
            return Said(Side.USER, text, finished=True)
        case {"me": text}:
            return Said(Side.MODEL, text)
        case {"call": name, "id": call_id}:
            return CallRequested(call_id, name)
        case {"ticket": handle}:
            return HandleIssued(handle)
        case {"done": _}:
            return TurnComplete()
    fault, action = FAULTS.get(said.get("over", ""), (FaultClass.UNKNOWN, FaultAction.BACK_OFF))
    return FaultInfo(fault, action, None, line.decode())


def lost(reason: str) -> FaultInfo:
    """Return the fault of a line that went dead."""
    return FaultInfo(FaultClass.NETWORK, FaultAction.BACK_OFF, None, reason)
