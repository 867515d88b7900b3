"""The official SDK, unmodified, connects to the gateway by base URL alone."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from helpers import SPEECH, journal, live_sound
from recognition import recognised
from web_gateway import gateway_config, with_certificate

from benchmarks.web_room import url_of
from pipeline.testing import running

NOTE = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="move",
            parameters_json_schema={
                "type": "object",
                "properties": {
                    "direction": {"type": "string"},
                    "distance_m": {"type": "number"},
                },
            },
        )
    ]
)


def sdk(url: str, folder: Path, key: str = "of-the-gateway") -> genai.Client:
    trusting = ssl.create_default_context(cafile=folder / "ca.pem")
    options = types.HttpOptions(
        base_url=url,
        # Tokens are made, and taken, by this version alone.
        api_version="v1alpha",
        async_client_args={"ssl": trusting},
        client_args={"verify": trusting},
    )
    return genai.Client(api_key=key, http_options=options)


async def ask(session: Any, recording: str) -> tuple[bytes, str, list[types.FunctionCall]]:
    """Say a recording; return the answer's sound and words, and the functions called for it."""

    async def speak() -> None:
        async for piece in live_sound(recording):
            blob = types.Blob(data=piece, mime_type="audio/pcm;rate=16000")
            await session.send_realtime_input(audio=blob)

    sound, words, calls = b"", "", []
    async with asyncio.timeout(90), asyncio.TaskGroup() as tasks:
        tasks.create_task(speak())
        async for message in session.receive():
            if message.tool_call is not None:
                for call in message.tool_call.function_calls or []:
                    calls.append(call)
                    response = types.FunctionResponse(
                        id=call.id, name=call.name, response={"moved_m": 10}
                    )
                    await session.send_tool_response(function_responses=response)
            sound += message.data or b""
            content = message.server_content
            if content is not None and content.output_transcription is not None:
                words += content.output_transcription.text or ""
    return sound, words, calls


def test_an_unmodified_sdk_is_answered_through_a_quota_fault_and_calls_its_own_function(
    tmp_path: Path,
) -> None:
    async def converse(url: str) -> None:
        setup = types.LiveConnectConfig(
            response_modalities=[types.Modality.AUDIO],
            output_audio_transcription=types.AudioTranscriptionConfig(),
            session_resumption=types.SessionResumptionConfig(),
            tools=[NOTE],
        )
        live = sdk(url, tmp_path).aio.live
        # Live's quota is used up in the middle of its first answer: the client never learns of it.
        async with live.connect(model="gemini-2.0-flash-live-001", config=setup) as session:
            sound, words, calls = await ask(session, "goforward.wav")
            assert [call.name for call in calls] == ["move"]
            assert calls[0].args == {"direction": "forward", "distance_m": 10}
            assert words
            assert await asyncio.to_thread(recognised, sound, 24_000)
            sound, words, _ = await ask(session, "cards-001.wav")
            assert "ten of clubs" in words.lower()
            assert "clubs" in await asyncio.to_thread(recognised, sound, 24_000)

    async def converse_by_token(url: str) -> None:
        locked = types.LiveConnectConstraints(
            model="gemini-3.8-live",
            config=types.LiveConnectConfig(
                system_instruction="You are a waiter.",
                output_audio_transcription=types.AudioTranscriptionConfig(),
            ),
        )
        config = types.CreateAuthTokenConfig(uses=1, live_connect_constraints=locked)
        minted = await sdk(url, tmp_path).aio.auth_tokens.create(config=config)
        live = sdk(url, tmp_path, str(minted.name)).aio.live
        async with live.connect(model="gemini-3.8-live") as session:
            _, words, _ = await ask(session, "cards-001.wav")
            assert "ten of clubs" in words.lower()
        with pytest.raises(errors.APIError, match="has begun its session"):
            async with live.connect(model="gemini-3.8-live"):
                pass

    with running(
        gateway_config(tmp_path, with_certificate(tmp_path), scenario="f01_quota_mid_answer")
    ) as pipeline:
        asyncio.run(converse(url_of(pipeline)))
        asyncio.run(converse_by_token(url_of(pipeline)))
        asked = [each["instruction"] for each in journal(pipeline)["requests"]]
        assert any("You are a waiter." in each for each in asked)
        status = pipeline.until(lambda status: status.turns_open == 0, "every turn closed")
    assert status.turns_closed["answered"] == 3
    assert "quota" in pipeline.output


def move(direction: str, distance_m: float) -> dict[str, Any]:
    """Moves the robot.

    Args:
        direction: Where to.
        distance_m: How far, in metres.
    """
    return {"moved": f"{distance_m} {direction}"}


def test_what_an_unmodified_sdk_asks_over_http_is_answered_by_the_pipeline(
    tmp_path: Path,
) -> None:
    with running(gateway_config(tmp_path, scenario="f01_quota_mid_answer")) as pipeline:
        options = types.HttpOptions(base_url=url_of(pipeline))
        with genai.Client(api_key="of-the-gateway", http_options=options) as client:
            models = client.models
            listed = [model.name for model in models.list()]
            assert "models/gemini-3.8-flash" in listed
            # Live's quota is used up in the middle of its first answer.
            answer = models.generate_content(model="gemini-2.0-flash", contents="Hello there")
            assert answer.text == "You said: Hello there"
            counted = models.count_tokens(model="gemini-3.8-flash", contents="Hello there")
            assert counted.total_tokens == 3
            # The SDK calls the function by itself, and sends what it returned in another request.
            chat = client.chats.create(
                model="gemini-3.8-flash", config=types.GenerateContentConfig(tools=[move])
            )
            said = chat.send_message("Go forward ten meters").text
            calls = [
                part.function_call.args
                for content in chat.get_history()
                for part in content.parts or []
                if part.function_call
            ]
            assert calls == [{"direction": "forward", "distance_m": 10}]
            assert said
            again = chat.send_message("What was the first thing I said?").text
            assert "ten meters" in str(again).lower()
            sound = types.Part.from_bytes(
                data=(SPEECH / "cards-001.wav").read_bytes(), mime_type="audio/wav"
            )
            stream = models.generate_content_stream(model="gemini-3.8-flash", contents=[sound])
            pieces = [chunk.text or "" for chunk in stream]
            assert len(pieces) > 1
            assert "ten of clubs" in "".join(pieces).lower()
            with pytest.raises(errors.ClientError, match="JSON mode is not enabled"):
                models.generate_content(
                    model="gemini-3.8-flash",
                    contents="Hello",
                    config=types.GenerateContentConfig(response_mime_type="application/json"),
                )
        status = pipeline.until(lambda status: status.sessions == 1, "every session over")
    assert "failed" not in status.turns_closed
    assert "quota" in pipeline.output
