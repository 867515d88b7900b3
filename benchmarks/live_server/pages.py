"""As much of generateContent and of Gemini's speech as `http` needs to answer a turn."""

from __future__ import annotations

import io
import json
import re
import wave
from dataclasses import dataclass

from actors.backends.gemini.wire import decode_base64, encode_base64
from benchmarks.live_server.socket import Page
from benchmarks.marks import blocks_in

WORDS = "<heard>a sentence</heard>\nOne two."
"""So few that 0.2 s may be all of their sound: of more, `http` takes it for one that broke off."""
SOUND = re.compile(rb'"data"\s*:\s*"([^"]+)"')
MODEL_NAMES = ("gemini-3.8-live", "gemini-3.8-flash", "gemini-3.8-flash-tts")


@dataclass
class TurnRequest:
    """A request for the answer to a spoken turn.

    Attributes:
        at_ns: Monotonic time at which it was here.
        caller: Whose sound is in it; -1 if that is unknown.
        blocks: The whole blocks of sound in it.
    """

    at_ns: int
    caller: int
    blocks: list[int]


def models_page() -> Page:
    """The list of models."""
    methods = ["bidiGenerateContent", "generateContent"]
    models = [
        {"name": f"models/{name}", "supportedGenerationMethods": methods} for name in MODEL_NAMES
    ]
    return Page(json.dumps({"models": models}).encode())


def words_page() -> Page:
    """An answer in words, in one event."""
    return _event({"text": WORDS})


def speech_page(tone: bytes) -> Page:
    """The answer spoken; `tone` is PCM16 of 24 kHz."""
    data = encode_base64(tone)
    return _event({"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": data}})


def read_turn(body: bytes, at_ns: int) -> TurnRequest:
    """Find out whose turn a request is for, and what of it is in it."""
    for found in reversed(SOUND.findall(body)):
        with wave.open(io.BytesIO(decode_base64(found.decode()))) as file:
            whose = blocks_in(file.readframes(-1))
        if whose is not None:
            return TurnRequest(at_ns, *whose)
    return TurnRequest(at_ns, -1, [])


def _event(part: dict[str, object]) -> Page:
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    event = json.dumps({"candidates": [candidate], "usageMetadata": usage})
    return Page(f"data: {event}\r\n\r\n".encode(), "text/event-stream")
