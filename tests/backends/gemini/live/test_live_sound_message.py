"""Messages of sound are read without google-genai, and as google-genai reads them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest
from google.genai import Client
from google.genai.live import AsyncSession
from hypothesis import given
from hypothesis import strategies as st

from actors.backends.gemini.close_reason import ODD_FRAMES, ConnectionOverError
from actors.backends.gemini.live.events import events_of
from actors.backends.gemini.live.receiver import receive
from actors.backends.gemini.live.sound_message import sound_events
from actors.backends.realtime.events import AnswerChunk, Event, Said, TurnComplete
from pipeline.frames import Side

CLIENT = Client(api_key="none")
PCM = {"data": "AAAA", "mimeType": "audio/pcm;rate=24000"}
CHUNK = AnswerChunk(bytes(3))


def sound(*parts: Any, **content: Any) -> dict[str, Any]:
    return {"serverContent": {"modelTurn": {"role": "model", "parts": [*parts]}, **content}}


def blob(**changes: Any) -> dict[str, Any]:
    return {"inlineData": {**PCM, **changes}}


class Socket:
    """Gives these frames, then is closed."""

    def __init__(self, *frames: bytes) -> None:
        self._frames = iter(frames)

    async def recv(self, decode: bool | None = None) -> bytes:
        for frame in self._frames:
            return frame
        raise EOFError("closed")


def read_by_google(raw: bytes) -> list[Event]:
    session = AsyncSession(CLIENT._api_client, Socket(raw))  # type: ignore[arg-type]
    return events_of(asyncio.run(session._receive()))


READ: list[tuple[dict[str, Any], list[Event]]] = [
    (sound(blob()), [CHUNK]),
    ({"serverContent": {"modelTurn": {"parts": [blob(), blob()]}}}, [CHUNK, CHUNK]),
    (sound(), []),
    (sound(blob(mimeType="audio/pcm")), [CHUNK]),
    (sound(blob(mimeType="audio/pcm;rate=16000")), [AnswerChunk(bytes(3), 16_000)]),
    (sound(blob(data="_-8=")), [AnswerChunk(b"\xff\xef")]),
    (sound(blob(data="/+8=")), [AnswerChunk(b"\xff\xef")]),
    (
        sound(blob(), outputTranscription={"text": "Yes,", "finished": False}),
        [Said(Side.MODEL, "Yes,"), CHUNK],
    ),
    (
        {"serverContent": {"outputTranscription": {"text": "हाँ"}}},
        [Said(Side.MODEL, "हाँ")],
    ),
    (
        {"serverContent": {"outputTranscription": {"finished": True}}},
        [Said(Side.MODEL, "", finished=True)],
    ),
    ({"serverContent": {"outputTranscription": {}}}, []),
]
LEFT: list[dict[str, Any]] = [
    {},
    {"serverContent": {}},
    {"setupComplete": {}},
    sound(blob()) | {"usageMetadata": {"totalTokenCount": 1}},
    sound(blob(), turnComplete=True),
    sound(blob(), generationComplete=True),
    sound(blob(), interrupted=True),
    sound(blob(), inputTranscription={"text": "hi"}),
    sound({"text": "hm", "thought": True}, blob()),
    sound(blob() | {"thought": True}),
    sound({"inline_data": PCM}),
    sound(blob(mimeType="image/png")),
    sound(blob(data="")),
    sound(blob(data="AAA")),
    sound(blob(data="A*AA")),
    sound(blob(data=7)),
    sound(blob(displayName="x")),
    {"serverContent": {"modelTurn": {"role": "user", "parts": [blob()]}}},
    {"serverContent": {"modelTurn": {"role": "model"}}},
    {"serverContent": {"modelTurn": None}},
    {"serverContent": {"outputTranscription": {"text": None}}},
    {"serverContent": {"outputTranscription": {"text": "a", "languageCode": "en"}}},
    {"serverContent": {"outputTranscription": {"text": "a", "finished": 1}}},
]


@pytest.mark.parametrize(("message", "expected"), READ)
def test_sound_and_words_are_read_as_google_genai_reads_them(
    message: dict[str, Any], expected: list[Event]
) -> None:
    raw = json.dumps(message).encode()
    assert sound_events(raw) == expected == read_by_google(raw)


@pytest.mark.parametrize("message", LEFT)
def test_whatever_holds_more_is_left_to_google_genai(message: dict[str, Any]) -> None:
    assert sound_events(json.dumps(message).encode()) is None


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000, b"9" * 5_000])
def test_what_is_no_message_is_left_to_google_genai(raw: bytes) -> None:
    assert sound_events(raw) is None


TEXTS = st.sampled_from(["", "AAAA", "AA==", "AAA", "AA=A", "_-8=", "/+8", "model", "yes", "é"])
VALUES = st.none() | st.booleans() | st.integers(-1, 1) | TEXTS
BLOBS = st.fixed_dictionaries(
    {},
    optional={
        "data": TEXTS,
        "mimeType": st.sampled_from(["audio/pcm", "audio/pcm;rate=8000", "audio/pcmu", "text/x"]),
        "more": VALUES,
    },
)
PARTS = st.fixed_dictionaries({}, optional={"inlineData": BLOBS | st.none(), "text": TEXTS})
TURNS = st.fixed_dictionaries(
    {}, optional={"role": VALUES, "parts": st.lists(PARTS, max_size=2) | st.none()}
)
WORDS = st.fixed_dictionaries({}, optional={"text": VALUES, "finished": VALUES, "more": VALUES})
MESSAGES = st.fixed_dictionaries(
    {
        "serverContent": st.fixed_dictionaries(
            {},
            optional={
                "modelTurn": TURNS | st.none(),
                "outputTranscription": WORDS | st.none(),
                "interrupted": st.booleans(),
            },
        )
    },
    optional={"more": VALUES},
)


@given(MESSAGES)
def test_what_is_read_is_what_google_genai_would_have_read(message: dict[str, Any]) -> None:
    raw = json.dumps(message).encode()
    events = sound_events(raw)
    if events is not None:
        assert events == read_by_google(raw)


def received(*frames: bytes) -> list[Event]:
    events: list[Event] = []

    async def run() -> None:
        session = AsyncSession(CLIENT._api_client, Socket(*frames))  # type: ignore[arg-type]
        await receive(session, events.append, Counter())

    with pytest.raises(ConnectionOverError):
        asyncio.run(run())
    return events


def test_messages_of_both_kinds_keep_their_order() -> None:
    over = {"serverContent": {"turnComplete": True}}
    messages = [sound(blob()), over, sound(blob(), turnComplete=True), sound(blob()), over]
    frames = [json.dumps(each).encode() for each in messages]
    expected = [CHUNK, TurnComplete(), CHUNK, TurnComplete(), CHUNK, TurnComplete()]
    assert received(*frames) == expected


@pytest.mark.parametrize("error", ODD_FRAMES)
def test_an_error_of_whoever_is_given_sound_is_not_taken_for_an_odd_frame(
    error: type[Exception],
) -> None:
    def raise_it(_event: Event) -> None:
        raise error("of ours")

    async def run() -> None:
        frame = json.dumps(sound(blob())).encode()
        session = AsyncSession(CLIENT._api_client, Socket(frame))  # type: ignore[arg-type]
        await receive(session, raise_it, Counter())

    with pytest.raises(error, match="of ours"):
        asyncio.run(run())
