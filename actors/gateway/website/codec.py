"""What a website's client is told, as JSON."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from actors.gateway.events import (
    AnswerInterrupted,
    AnswerSound,
    Event,
    GoingAway,
    Message,
    Problem,
    SoundDone,
    Speaking,
    SpokenWords,
    TimeLeft,
)
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import Outcome, SessionEnded, ToolCall, ToolCancel, TurnClosed


class WebsiteCodec:
    """Says events in JSON; sound in base64, or as binary messages of samples.

    Args:
        binary: Sound comes as binary messages: signed 16-bit little-endian mono at 24 kHz.
    """

    def __init__(self, *, binary: bool = False) -> None:
        self.binary = binary

    def encode(self, event: Event) -> Iterable[Message]:
        """Return the messages that say it."""
        if isinstance(event, AnswerSound) and self.binary:
            yield event.pcm
        else:
            yield json.dumps(told(event), ensure_ascii=False)


def told(event: Event) -> dict[str, Any]:
    """Return an event as the fields of a message."""
    match event:
        case AnswerSound():
            data = base64.b64encode(event.pcm).decode()
            return {"type": "audio", "data": data, "format": "pcm", "sample_rate": RATE_HZ}
        case SpokenWords():
            return {
                "type": "transcript",
                "turn": event.turn,
                "role": event.side.value,
                "text": event.text,
                "final": event.final,
            }
        case Speaking():
            kind = "speech_started" if event.began else "speech_ended"
            return {"type": kind, "turn": event.turn}
        case AnswerInterrupted():
            return {
                "type": "interrupted",
                "turn": event.turn,
                "heard_ms": round(event.heard_ms),
            }
        case TurnClosed():
            return turn_complete(event)
        case ToolCall():
            return {
                "type": "function_call",
                "call_id": event.call_id,
                "name": event.name,
                "args": event.args,
            }
        case ToolCancel():
            return {"type": "function_cancelled", "call_id": event.call_id}
        case TimeLeft():
            return {"type": "time_left", "seconds": round(event.seconds)}
        case SoundDone():
            return {"type": "sound_done", **asdict(event)}
        case GoingAway():
            return going_away(event)
        case Problem():
            return error(event)
        case SessionEnded():
            return {
                "type": "session_ended",
                "session_id": event.session,
                "reason": event.reason.value,
                "detail": event.detail,
            }


def turn_complete(closed: TurnClosed) -> dict[str, Any]:
    """Return how a turn ended."""
    message: dict[str, Any] = {
        "type": "turn_complete",
        "turn": closed.turn,
        "outcome": closed.outcome.value,
        "answered_by": closed.by,
        "first_sound_ms": closed.first_sound_ms,
    }
    if closed.outcome is Outcome.FAILED:
        message["reason"] = closed.reason
    return message


def going_away(event: GoingAway) -> dict[str, Any]:
    """Return that the caller is to connect again; one with `moves` at once."""
    if event.moves:
        detail = "another room is there for you: connect again now"
        return {"type": "going_away", "detail": detail, "moves": True}
    return {"type": "going_away", "detail": "the gateway stops: connect again soon"}


def error(problem: Problem) -> dict[str, Any]:
    """Return what went wrong."""
    message: dict[str, Any] = {"type": "error", "error": problem.text}
    if problem.code:
        message["code"] = problem.code
    if problem.retry_after_s is not None:
        message["retry_after_s"] = math.ceil(problem.retry_after_s)
    return message
