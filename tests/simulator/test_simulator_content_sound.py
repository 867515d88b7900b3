"""Sound within a content of a Live session."""

import base64
from pathlib import Path
from typing import Any

import pytest
from raw_live import RawLive, user
from simulating import JPEG_4_BY_3, SPEECH, RunningSimulator, Scripted, client, recording, run

from actors.simulator import context

INVALID = (1007, "Request contains an invalid argument.")


def sound(data: bytes, mime_type: str, role: str = "user") -> dict[str, Any]:
    blob = {"mimeType": mime_type, "data": base64.b64encode(data).decode()}
    return {"role": role, "parts": [{"inlineData": blob}]}


def wav() -> bytes:
    return (SPEECH / "cards-001.wav").read_bytes()


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (wav(), "audio/wav"),
        (recording("cards-001.wav"), "audio/pcm;rate=16000"),
        (recording("cards-001.wav"), "audio/pcm"),
    ],
)
def test_sound_in_a_content_is_heard(
    talking: RunningSimulator, data: bytes, mime_type: str
) -> None:
    async def conversation() -> None:
        async with RawLive(talking) as live:
            await live.content(sound(data, mime_type))
            await live.until("turnComplete")
            assert live.said == "You said: Ten of clubs."
            assert "inputTranscription" not in live.kinds
            usage = live.got[-1]["usageMetadata"]
            tokens = {each["modality"]: each["tokenCount"] for each in usage["promptTokensDetails"]}
            assert tokens["AUDIO"] == round(len(recording("cards-001.wav")) / 32_000 * 25)
            await live.text("What did I say?")
            await live.until("turnComplete", 2)
            assert live.said.endswith("Before that you said: Ten of clubs.")

    run(conversation())


def test_sound_waits_for_the_turn_that_asks_about_it(talking: RunningSimulator) -> None:
    async def conversation() -> None:
        async with RawLive(talking) as live:
            await live.content(sound(wav(), "audio/wav"), complete=False)
            await live.content(sound(wav(), "audio/wav", role="model"), complete=False)
            await live.content(user("This card:"))
            await live.until("turnComplete")
            assert live.said == "You said: This card: Ten of clubs."

    run(conversation())


@pytest.mark.parametrize(
    ("data", "mime_type"), [(b"no sound", "audio/wav"), (b"no sound", "audio/mp3")]
)
def test_sound_that_cannot_be_read_closes(scripted: Scripted, data: bytes, mime_type: str) -> None:
    simulator = scripted()

    async def conversation() -> tuple[int | None, str]:
        async with RawLive(simulator) as live:
            await live.content(sound(data, mime_type))
            return await live.closed()

    assert run(conversation()) == INVALID


def test_what_waits_for_a_turn_has_a_limit(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = scripted()
    monkeypatch.setattr(context, "MAX_SOUND_BYTES", 10_000)

    async def conversation() -> tuple[int | None, str]:
        async with RawLive(simulator) as live:
            for _ in range(20):
                await live.content(sound(bytes(3200), "audio/pcm"), complete=False)
            return await live.closed()

    assert run(conversation()) == INVALID


def test_without_words_its_length_is_told(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with RawLive(simulator) as live:
            await live.content(sound(bytes(48_000), "audio/pcm"))
            await live.until("turnComplete")
            assert live.said == "I heard 1.5 seconds of sound."

    run(conversation())


def file_part(uri: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"fileData": {"fileUri": uri}}]}


def test_uploaded_sound_and_pictures_are_heard_and_seen(
    talking: RunningSimulator, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(JPEG_4_BY_3)
    with client() as sdk:
        heard = sdk.files.upload(file=SPEECH / "cards-001.wav").uri or ""
        seen = sdk.files.upload(file=picture).uri or ""

    async def conversation() -> None:
        async with RawLive(talking) as live:
            await live.content(file_part(heard))
            await live.until("turnComplete")
            assert live.said == "You said: Ten of clubs."
            await live.content(file_part(seen), complete=False)
            await live.text("What do you see?")
            await live.until("turnComplete", 2)
            assert live.said.endswith("The last one is 4 by 3 pixels.")

    run(conversation())


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("files/none", "You do not have permission to access the File none"),
        ("https://example.org/a.mp3", "The simulator fetches nothing"),
    ],
)
def test_file_that_is_not_there_closes(scripted: Scripted, uri: str, words: str) -> None:
    simulator = scripted()

    async def conversation() -> tuple[int | None, str]:
        async with RawLive(simulator) as live:
            await live.content(file_part(uri))
            return await live.closed()

    code, reason = run(conversation())
    assert (code, reason[: len(words)]) == (1007, words)
