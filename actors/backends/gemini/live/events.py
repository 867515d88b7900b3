"""From the messages of the Live API to events."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from actors.backends.gemini.usage import live_tokens
from actors.backends.realtime.events import (
    DEFAULT_RATE_HZ,
    AnswerChunk,
    CallRequested,
    CallsCancelled,
    Event,
    GenerationComplete,
    GoAway,
    HandleIssued,
    Interrupted,
    Said,
    StepComplete,
    TurnComplete,
)
from pipeline.frames import Side
from pipeline.frames.media import GREATEST_RATE_HZ, LEAST_RATE_HZ

if TYPE_CHECKING:
    from google.genai import types

WHOLE = ("TURN_COMPLETE_REASON_UNSPECIFIED", "NEED_MORE_INPUT")
"""Reasons for the end of a turn that nothing is wrong with; every other is a refusal, or a call of
a function that cannot be read (google-genai, `TurnCompleteReason`)."""

DEFAULT_TIME_LEFT_S = 10.0
"""For a GoAway that does not say how much time is left."""


def events_of(message: types.LiveServerMessage) -> list[Event]:
    """Return all that a message says; one message may carry several parts and signals."""
    events: list[Event] = []
    if message.tool_call_cancellation and message.tool_call_cancellation.ids:
        events.append(CallsCancelled(tuple(message.tool_call_cancellation.ids)))
    content = message.server_content
    if content is not None:
        events += _content_events(content)
    if message.tool_call and message.tool_call.function_calls:
        events += [
            CallRequested(call.id or call.name or "", call.name or "", dict(call.args or {}))
            for call in message.tool_call.function_calls
        ]
    if message.usage_metadata is not None:
        events.append(live_tokens(message.usage_metadata))
    if content is not None and _is_idle(content):
        events.append(TurnComplete(_broken(content)))
    elif content is not None and content.turn_complete:
        events.append(StepComplete())
    update = message.session_resumption_update
    if update is not None:
        events.append(HandleIssued(update.new_handle if update.resumable else None))
    if message.go_away is not None:
        events.append(GoAway(_seconds(message.go_away.time_left)))
    return events


def _content_events(content: types.LiveServerContent) -> list[Event]:
    events: list[Event] = []
    if content.interrupted:
        events.append(Interrupted())
    for side, said in (
        (Side.USER, content.input_transcription),
        (Side.MODEL, content.output_transcription),
    ):
        if said is not None and (said.text or said.finished):
            events.append(Said(side, said.text or "", bool(said.finished)))
    for part in (content.model_turn.parts if content.model_turn else None) or []:
        blob = part.inline_data
        if blob is not None and blob.data and (blob.mime_type or "").startswith("audio/pcm"):
            events.append(AnswerChunk(blob.data, rate_hz_of(blob.mime_type or "")))
    if content.generation_complete:
        events.append(GenerationComplete())
    return events


def _is_idle(content: types.LiveServerContent) -> bool:
    """A model that thinks in steps completes several turns before it is idle."""
    status = content.interaction_status
    if status is not None and status.value != "INTERACTION_STATUS_UNSPECIFIED":
        return status.value == "IDLE"
    return bool(content.turn_complete)


def _broken(content: types.LiveServerContent) -> str:
    """Why the answer is not whole; nothing is said of one that is."""
    reason = content.turn_complete_reason
    return "" if reason is None or reason.value in WHOLE else reason.value


def rate_hz_of(mime_type: str) -> int:
    """Return the rate of sound that a service sends; one that no sound has is a slip."""
    found = re.search(r"rate=([0-9]{1,6})(?![0-9])", mime_type)
    rate_hz = int(found[1]) if found else DEFAULT_RATE_HZ
    return rate_hz if LEAST_RATE_HZ <= rate_hz <= GREATEST_RATE_HZ else DEFAULT_RATE_HZ


def _seconds(duration: str | None) -> float:
    """A duration as JSON writes it: `50s`, `9.5s`."""
    try:
        seconds = float((duration or "").rstrip("s"))
    except ValueError:
        return DEFAULT_TIME_LEFT_S
    return max(0.0, seconds) if math.isfinite(seconds) else DEFAULT_TIME_LEFT_S
