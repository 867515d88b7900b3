"""Messages of which a part is missing or null: each is taken or refused, and no session fails."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from gateway_client import gateway_on_stage
from test_live_conversation import LiveClient
from websockets.exceptions import ConnectionClosed

INVALID, END = 1007, "the end"
PARTS: list[Any] = [
    {},
    {"text": None},
    {"thought": True},
    {"inlineData": {}},
    {"inlineData": None},
    {"inlineData": {"mimeType": "audio/pcm"}},
    {"inlineData": {"data": "AAAA"}},
    {"functionCall": {}},
    {"functionCall": {"name": "note", "args": None}},
    {"functionResponse": {}},
    {"functionResponse": {"name": "note", "response": None}},
    {"executableCode": {}},
    {"codeExecutionResult": {}},
    None,
]
TURNS: list[Any] = [{}, {"parts": None}, {"role": None, "parts": [{"text": "Hello."}]}, None]
MESSAGES: list[Any] = [
    *({"clientContent": {"turns": [{"role": "user", "parts": [part]}]}} for part in PARTS),
    *({"clientContent": {"turns": [turn], "turnComplete": True}} for turn in TURNS),
    {"clientContent": {"turns": None, "turnComplete": None}},
    {"toolResponse": {}},
    *(
        {"toolResponse": {"functionResponses": [each]}}
        for each in ({}, {"id": "x"}, {"id": "x", "response": None}, {"name": None}, None)
    ),
    {"toolResponse": {"functionResponses": None}},
    *(
        {"realtimeInput": {name: each}}
        for name in ("audio", "video")
        for each in ({}, {"mimeType": "audio/pcm"}, {"mimeType": None, "data": "AAAA"}, None)
    ),
    {"realtimeInput": {"mediaChunks": [{}]}},
    {"realtimeInput": {"mediaChunks": [{"mimeType": "image/jpeg"}]}},
    {"realtimeInput": {"mediaChunks": None}},
    {"realtimeInput": {"text": None}},
    {"realtimeInput": {"audioStreamEnd": None}},
]


def test_a_message_with_a_hole_is_taken_or_refused_and_no_session_fails() -> None:
    with gateway_on_stage(models=["gemini-3.8-live"]) as gateway:
        harness, texts = gateway.harness, gateway.harness.sent["text"]
        for message in MESSAGES:
            client = LiveClient(gateway)
            for each in (message, {"realtimeInput": {"text": END}}):
                with suppress(ConnectionClosed):
                    gateway.meanwhile(partial(client.send, each))
            harness.until(partial(is_over, client, texts), f"an end after {message}")
            assert client.socket.close_code in (None, INVALID), message
            assert not harness.actor.counters["sessions_failed"], message
            texts.clear()
            client.close()


def is_over(client: LiveClient, texts: list[Any]) -> bool:
    """Whether what was sent last has come, or the connection is closed."""
    came = any(each.text.endswith(END) for each in texts)
    return came or client.socket.close_code is not None
