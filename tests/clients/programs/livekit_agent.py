"""LiveKit Agents with default models: Realtime (voice, function, interruption), LLM, TTS."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from checks import Changes, check, live_sound, main
from livekit import rtc
from livekit.agents import Agent, AgentSession, function_tool, llm, utils
from livekit.agents.voice.io import AudioInput, AudioOutput, AudioOutputCapabilities
from livekit.plugins import google
from pydantic import BaseModel

# LiveKit's default: what comes so soon after the agent began is taken for its echo.
ECHO_WARMUP_S = 3.0


class Person(BaseModel):
    name: str
    age: int


class Microphone(AudioInput):
    """Takes sound from memory."""

    def __init__(self) -> None:
        super().__init__(label="memory")
        self._blocks = utils.aio.Chan[rtc.AudioFrame]()

    async def speak(self, name: str) -> None:
        async for block in live_sound(name):
            self._blocks.send_nowait(rtc.AudioFrame(block, 16_000, 1, len(block) // 2))

    async def __anext__(self) -> rtc.AudioFrame:
        return await self._blocks.__anext__()


class Speaker(AudioOutput):
    """Plays into nothing, in real time."""

    def __init__(self, changes: Changes) -> None:
        capabilities = AudioOutputCapabilities(pause=False)
        super().__init__(label="memory", sample_rate=24_000, capabilities=capabilities)
        self.played_s = 0.0
        self.cleared = 0
        self._changes = changes
        self._pushed_s = self._started = 0.0
        self._ending: asyncio.TimerHandle | None = None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if not self._pushed_s:
            self.on_playback_started(created_at=time.time())
            self._started = asyncio.get_running_loop().time()
        self._pushed_s += frame.duration
        self.played_s += frame.duration
        self._changes.tell()

    def flush(self) -> None:
        super().flush()
        if self._pushed_s:
            loop = asyncio.get_running_loop()
            left_s = max(0.0, self._pushed_s - (loop.time() - self._started))
            self._ending = loop.call_later(left_s, self._finish, False)

    def clear_buffer(self) -> None:
        self.cleared += 1
        self._changes.tell()
        self._finish(True)

    def _finish(self, interrupted: bool) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        if self._pushed_s:
            played_s, self._pushed_s = self._pushed_s, 0.0
            self.on_playback_finished(playback_position=played_s, interrupted=interrupted)


class Robot(Agent):
    def __init__(self) -> None:
        super().__init__(instructions="Answer briefly.")
        self.called: list[Any] = []

    @function_tool
    async def move(self, direction: Literal["forward", "backward"], distance_m: float) -> str:
        """Moves the robot.

        Args:
            direction: Where to.
            distance_m: How far, in metres.
        """
        self.called.append((direction, distance_m))
        return "ok"


class Call:
    """What an agent session said and heard."""

    def __init__(self) -> None:
        self._changes = Changes()
        self.until = self._changes.until
        self.microphone, self.speaker, self.agent = Microphone(), Speaker(self._changes), Robot()
        self.session = AgentSession(llm=google.realtime.RealtimeModel())
        self.session.input.audio = self.microphone
        self.session.output.audio = self.speaker
        self.session.on("conversation_item_added", self._added)
        self.said = self.heard = ""

    def _added(self, event: Any) -> None:
        text = getattr(event.item, "text_content", None) or ""
        if getattr(event.item, "role", "") == "assistant":
            self.said += text
        else:
            self.heard += text
        self._changes.tell()


@asynccontextmanager
async def calling() -> AsyncIterator[Call]:
    async with utils.http_context.open():
        call = Call()
        await call.session.start(call.agent)
        try:
            yield call
        finally:
            await call.session.aclose()


@check
async def realtime_question() -> Any:
    async with calling() as call:
        call.session.generate_reply(user_input="Hello there")
        await call.until(lambda: "Hello" in call.said)
        return call.said, call.speaker.played_s


@check
async def realtime_speech() -> Any:
    async with calling() as call:
        await call.microphone.speak("cards-001.wav")
        await call.until(lambda: "clubs" in call.said.lower())
        return call.heard, call.said


@check
async def realtime_function() -> Any:
    async with calling() as call:
        call.session.generate_reply(user_input="Go forward ten meters")
        await call.until(lambda: "Moving forward" in call.said)
        assert call.agent.called == [("forward", 10)], call.agent.called
        return call.said


@check
async def realtime_interruption() -> Any:
    async with calling() as call:
        call.session.generate_reply(user_input="Say this: " + "a long story " * 30)
        await call.until(lambda: call.speaker.played_s)
        await asyncio.sleep(ECHO_WARMUP_S)
        await call.microphone.speak("cards-001.wav")
        await call.until(lambda: call.speaker.cleared)
        await call.until(lambda: "clubs" in call.said.lower())
        return call.speaker.cleared, call.said[-60:]


async def chat(words: str, **options: Any) -> tuple[str, list[Any]]:
    async with utils.http_context.open(), google.LLM() as model:
        context = llm.ChatContext.empty()
        context.add_message(role="user", content=words)
        said, calls = "", []
        async with model.chat(chat_ctx=context, **options) as stream:
            async for chunk in stream:
                if chunk.delta:
                    said += chunk.delta.content or ""
                    calls += chunk.delta.tool_calls
        return said, calls


@check
async def llm_question() -> Any:
    said, _ = await chat("Hello there")
    assert "Hello there" in said
    return said


@check
async def llm_function() -> Any:
    _, calls = await chat("Go forward ten meters", tools=[Robot().move])
    assert calls[0].name == "move", calls
    return calls[0].arguments


@check
async def llm_structured() -> Any:
    said, _ = await chat("Bob is 42", response_format=Person)
    person = Person.model_validate_json(said)
    assert person.age == 42
    return person


@check
async def tts() -> Any:
    async with utils.http_context.open(), google.beta.GeminiTTS() as voice:
        frame = await voice.synthesize("Good morning.").collect()
    assert frame.duration > 0.5
    return frame.duration


main()
