"""Google ADK: an agent over HTTP, and run_live with text, voice, a function and an interruption."""

from __future__ import annotations

import asyncio
from typing import Any

from checks import check, live_sound, main
from google.adk.agents import Agent, LiveRequestQueue
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.runners import InMemoryRunner
from google.genai import types

TEXT, LIVE = "gemini-3.8-flash", "gemini-3.8-live"


def move(direction: str, distance_m: float) -> dict[str, Any]:
    """Moves the robot.

    Args:
        direction: Where to.
        distance_m: How far, in metres.
    """
    return {"moved": f"{distance_m} {direction}"}


def content(words: str) -> types.Content:
    return types.Content(role="user", parts=[types.Part(text=words)])


async def ask(words: str) -> tuple[str, list[str]]:
    runner = InMemoryRunner(Agent(name="robot", model=TEXT, tools=[move]), app_name="test")
    session = await runner.session_service.create_session(app_name="test", user_id="u")
    said, called = "", []
    async for event in runner.run_async(
        user_id="u", session_id=session.id, new_message=content(words)
    ):
        for part in event.content.parts if event.content else []:
            said += part.text or ""
            called += [part.function_call.name] if part.function_call else []
    return said, called


@check
async def question() -> str:
    said, called = await ask("Hello there")
    assert not called
    return said


@check
async def function() -> str:
    said, called = await ask("Go forward ten meters")
    assert called == ["move"]
    return said


async def live(words: str, mime_type: str, until: str) -> dict[str, Any]:
    """Holds one turn, typed or spoken; ends when `until` was said, heard or done."""
    runner = InMemoryRunner(Agent(name="robot", model=LIVE, tools=[move]), app_name="test")
    session = await runner.session_service.create_session(app_name="test", user_id="u")
    queue = LiveRequestQueue()
    config = RunConfig(
        streaming_mode=StreamingMode.BIDI,
        response_modalities=["AUDIO"],
        input_audio_transcription=types.AudioTranscriptionConfig(),
        output_audio_transcription=types.AudioTranscriptionConfig(),
    )
    seen: dict[str, Any] = {"said": "", "heard": "", "called": [], "interrupted": False}

    async def speak(name: str) -> None:
        async for block in live_sound(name, 0.1):
            queue.send_realtime(types.Blob(data=block, mime_type=mime_type))

    speaking = None
    if words.endswith(".wav"):
        speaking = asyncio.create_task(speak(words))
    else:
        queue.send_content(content(words))
    async for event in runner.run_live(
        user_id="u", session_id=session.id, live_request_queue=queue, run_config=config
    ):
        if event.output_transcription:
            seen["said"] += event.output_transcription.text or ""
        if event.input_transcription:
            seen["heard"] += event.input_transcription.text or ""
        seen["interrupted"] = seen["interrupted"] or bool(event.interrupted)
        seen["called"] += [call.name for call in event.get_function_calls()]
        if until == "interrupted" and seen["said"] and speaking is None:
            speaking = asyncio.create_task(speak("cards-001.wav"))
        if until in f"{seen['said']} {seen['heard']}" or seen.get(until):
            break
    queue.close()
    if speaking is not None:
        speaking.cancel()
    return seen


@check
async def live_question() -> Any:
    return await live("Hello there", "", "You said: Hello there")


@check
async def live_speech_without_a_rate() -> Any:
    return await live("cards-001.wav", "audio/pcm", "Ten of clubs")


@check
async def live_function() -> Any:
    seen = await live("Go forward ten meters", "", "Moving forward")
    assert seen["called"] == ["move"]
    return seen


@check
async def live_interruption() -> Any:
    return await live("a long story " * 30, "audio/pcm;rate=16000", "interrupted")


main()
