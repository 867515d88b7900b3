"""google-genai as its documentation uses it: content, functions, structure, speech, Live."""

from __future__ import annotations

from typing import Any

from checks import check, live_sound, main
from google import genai
from google.genai import types
from pydantic import BaseModel

TEXT, SPEECH, LIVE = "gemini-3.8-flash", "gemini-3.8-flash-tts", "gemini-3.8-live"
SPOKEN = {"response_modalities": ["AUDIO"], "output_audio_transcription": {}}


class Person(BaseModel):
    name: str
    age: int
    hobbies: list[str]


def move(direction: str, distance_m: float) -> dict[str, Any]:
    """Moves the robot.

    Args:
        direction: Where to.
        distance_m: How far, in metres.
    """
    return {"moved": f"{distance_m} {direction}"}


@check
def question() -> str | None:
    with genai.Client() as client:
        return client.models.generate_content(model=TEXT, contents="Hello there").text


@check
async def streamed() -> str:
    async with genai.Client().aio as client:
        stream = await client.models.generate_content_stream(
            model=TEXT, contents="Hello there, how are you?"
        )
        pieces = [chunk.text or "" async for chunk in stream]
    assert len(pieces) > 1
    return "".join(pieces)


@check
def function_called_by_the_sdk() -> str | None:
    with genai.Client() as client:
        chat = client.chats.create(model=TEXT, config={"tools": [move]})
        answer = chat.send_message("Go forward ten meters")
        calls = [
            part.function_call.args
            for content in chat.get_history()
            for part in content.parts or []
            if part.function_call
        ]
    assert calls == [{"direction": "forward", "distance_m": 10}], calls
    return answer.text


@check
def structured() -> Person:
    with genai.Client() as client:
        answer = client.models.generate_content(
            model=TEXT,
            contents="Bob is 42",
            config={"response_mime_type": "application/json", "response_schema": Person},
        )
    assert isinstance(answer.parsed, Person)
    assert answer.parsed.age == 42
    return answer.parsed


@check
def spoken() -> int:
    with genai.Client() as client:
        answer = client.models.generate_content(
            model=SPEECH, contents="Good morning.", config={"response_modalities": ["AUDIO"]}
        )
    data = answer.candidates[0].content.parts[0].inline_data.data
    assert data.startswith(b"RIFF")
    return len(data)


@check
def tokens() -> int | None:
    with genai.Client() as client:
        return client.models.count_tokens(model=TEXT, contents="Hello there").total_tokens


@check
async def live_question() -> str:
    async with genai.Client().aio.live.connect(model=LIVE, config=SPOKEN) as session:
        await session.send_realtime_input(text="Hello there")
        said, audio = "", 0
        async for message in session.receive():
            content = message.server_content
            if content and content.output_transcription:
                said += content.output_transcription.text or ""
            audio += len(message.data or b"")
    assert audio > 10_000
    return said


@check
async def live_speech() -> str:
    config = {**SPOKEN, "input_audio_transcription": {}}
    async with genai.Client().aio.live.connect(model=LIVE, config=config) as session:
        async for block in live_sound("cards-001.wav", 0.1):
            blob = types.Blob(data=block, mime_type="audio/pcm;rate=16000")
            await session.send_realtime_input(audio=blob)
        heard = ""
        async for message in session.receive():
            content = message.server_content
            if content and content.input_transcription:
                heard += content.input_transcription.text or ""
    assert "clubs" in heard.lower(), heard
    return heard


@check
async def live_function() -> Any:
    function = types.FunctionDeclaration.from_callable(
        client=genai.Client()._api_client, callable=move
    )
    config = {**SPOKEN, "tools": [{"function_declarations": [function]}]}
    async with genai.Client().aio.live.connect(model=LIVE, config=config) as session:
        await session.send_realtime_input(text="Go forward ten meters")
        args, said = None, ""
        while args is None or "moving" not in said.lower():
            async for message in session.receive():
                for call in message.tool_call.function_calls or [] if message.tool_call else []:
                    args, said = call.args, ""
                    response = types.FunctionResponse(
                        id=call.id, name=call.name, response={"result": "ok"}
                    )
                    await session.send_tool_response(function_responses=response)
                content = message.server_content
                if content and content.output_transcription:
                    said += content.output_transcription.text or ""
    assert args == {"direction": "forward", "distance_m": 10}
    return said


@check
async def live_interruption() -> str:
    config = {
        **SPOKEN,
        "realtime_input_config": {"automatic_activity_detection": {"disabled": True}},
    }
    long = "Tell me " + "a long story " * 30
    async with genai.Client().aio.live.connect(model=LIVE, config=config) as session:
        await session.send_realtime_input(text=long)
        interrupted = False
        async for message in session.receive():
            content = message.server_content
            if content and content.model_turn and not interrupted:
                await session.send_realtime_input(activity_start=types.ActivityStart())
            interrupted = interrupted or bool(content and content.interrupted)
    assert interrupted
    return "interrupted"


main()
