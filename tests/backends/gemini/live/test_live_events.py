"""Server messages as small events, in the order in which they must be dealt with."""

from __future__ import annotations

from typing import Any

import pytest
from google.genai import types

from actors.backends.answer import Tokens
from actors.backends.gemini.live.events import events_of
from actors.backends.realtime.events import (
    AnswerChunk,
    CallRequested,
    CallsCancelled,
    GenerationComplete,
    GoAway,
    HandleIssued,
    Interrupted,
    Said,
    StepComplete,
    TurnComplete,
)
from pipeline.frames import Side

PCM = {"inlineData": {"data": "AAAA", "mimeType": "audio/pcm;rate=24000"}}
SLOW = {"inlineData": {"data": "AAAA", "mimeType": "audio/pcm;rate=16000"}}
BARE = {"inlineData": {"data": "AAAA", "mimeType": "audio/pcm"}}
CHUNK = AnswerChunk(bytes(3), 24_000)

MESSAGES: list[tuple[dict[str, Any], list[object]]] = [
    ({}, []),
    ({"setupComplete": {}}, []),
    (
        {"serverContent": {"modelTurn": {"parts": [PCM, {"text": "hm", "thought": True}, PCM]}}},
        [CHUNK, CHUNK],
    ),
    ({"serverContent": {"modelTurn": {"parts": [SLOW]}}}, [AnswerChunk(bytes(3), 16_000)]),
    ({"serverContent": {"modelTurn": {"parts": [BARE]}}}, [CHUNK]),
    ({"serverContent": {"modelTurn": {"role": "model"}}}, []),
    ({"serverContent": {"inputTranscription": {"text": "hi"}}}, [Said(Side.USER, "hi")]),
    (
        {"serverContent": {"outputTranscription": {"finished": True}}},
        [Said(Side.MODEL, "", finished=True)],
    ),
    ({"serverContent": {"generationComplete": True}}, [GenerationComplete()]),
    (
        {"serverContent": {"interrupted": True, "turnComplete": True}},
        [Interrupted(), TurnComplete()],
    ),
    (
        {"serverContent": {"turnComplete": True, "interactionStatus": "IN_PROGRESS"}},
        [StepComplete()],
    ),
    (
        {"serverContent": {"turnComplete": True, "interactionStatus": "REQUIRES_ACTION"}},
        [StepComplete()],
    ),
    ({"serverContent": {"interactionStatus": "IN_PROGRESS"}}, []),
    ({"serverContent": {"interactionStatus": "IDLE"}}, [TurnComplete()]),
    (
        {
            "serverContent": {
                "interrupted": True,
                "outputTranscription": {"text": "yes"},
                "modelTurn": {"parts": [PCM]},
                "turnComplete": True,
            },
            "usageMetadata": {
                "totalTokenCount": 9,
                "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 5}],
                "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}],
                "thoughtsTokenCount": 1,
            },
        },
        [
            Interrupted(),
            Said(Side.MODEL, "yes"),
            CHUNK,
            Tokens({"audio": 5}, {"audio": 3, "text": 1}, 9),
            TurnComplete(),
        ],
    ),
    (
        {"usageMetadata": {"promptTokenCount": 4, "responseTokenCount": 2, "totalTokenCount": 6}},
        [Tokens({"text": 4}, {"audio": 2}, 6)],
    ),
    (
        {
            "toolCall": {
                "functionCalls": [
                    {"id": "a", "name": "f", "args": {"x": 1}},
                    {"id": "b", "name": "g"},
                ]
            }
        },
        [CallRequested("a", "f", {"x": 1}), CallRequested("b", "g", {})],
    ),
    ({"toolCallCancellation": {"ids": ["a", "b"]}}, [CallsCancelled(("a", "b"))]),
    ({"goAway": {"timeLeft": "50s"}}, [GoAway(50.0)]),
    ({"goAway": {"timeLeft": "0.5s"}}, [GoAway(0.5)]),
    ({"goAway": {}}, [GoAway(10.0)]),
    (
        {"sessionResumptionUpdate": {"newHandle": "h", "resumable": True}},
        [HandleIssued("h")],
    ),
    ({"sessionResumptionUpdate": {"resumable": False}}, [HandleIssued(None)]),
]


@pytest.mark.parametrize(("message", "expected"), MESSAGES)
def test_every_part_of_a_message_becomes_an_event(
    message: dict[str, Any], expected: list[object]
) -> None:
    assert events_of(types.LiveServerMessage.model_validate(message)) == expected
