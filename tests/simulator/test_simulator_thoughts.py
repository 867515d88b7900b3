"""Thoughts of Live models: which are shown, and what they cost."""

from typing import Any

import pytest
from raw_live import RawLive
from simulating import LIVE_MODEL, MOVE, Scripted, run

THINKING_MODEL = f"{LIVE_MODEL}-extended-thinking"
MODEL_31 = "gemini-3.1-flash-live-preview"
MODEL_25 = "gemini-2.5-flash-native-audio-latest"
HELLO = "Hello there."


def thoughts(live: RawLive) -> list[str]:
    return [
        part["text"]
        for message in live.got
        for part in message.get("serverContent", {}).get("modelTurn", {}).get("parts", [])
        if part.get("thought")
    ]


def cost(live: RawLive) -> int:
    usages = [message["usageMetadata"] for message in live.got if "usageMetadata" in message]
    for usage in usages:
        counted = ("promptTokenCount", "responseTokenCount", "thoughtsTokenCount")
        assert usage["totalTokenCount"] == sum(usage.get(name, 0) for name in counted)
    return sum(usage.get("thoughtsTokenCount", 0) for usage in usages)


@pytest.mark.parametrize(
    ("model", "thinking", "shown", "tokens"),
    [
        (LIVE_MODEL, None, False, 0),
        (THINKING_MODEL, {"thinkingLevel": "LOW"}, False, 12),
        (THINKING_MODEL, {"thinkingLevel": "HIGH", "includeThoughts": True}, True, 48),
        (MODEL_31, None, False, 0),
        (MODEL_31, {"includeThoughts": True}, False, 0),
        (MODEL_31, {"thinkingLevel": "MEDIUM", "includeThoughts": True}, True, 24),
        (MODEL_25, None, True, 24),
        (MODEL_25, {"includeThoughts": False}, False, 24),
        (MODEL_25, {"thinkingBudget": 0, "includeThoughts": True}, False, 0),
        (MODEL_25, {"thinkingBudget": 10}, True, 10),
        (MODEL_25, {"thinkingBudget": -1}, True, 24),
    ],
)
def test_thoughts_are_shown_and_counted_as_the_setup_says(
    scripted: Scripted, model: str, thinking: Any, shown: bool, tokens: int
) -> None:
    simulator = scripted()

    async def conversation() -> None:
        config = {"responseModalities": ["AUDIO"], "thinkingConfig": thinking}
        async with RawLive(simulator, model, generationConfig=config) as live:
            await live.text(HELLO)
            idle = model == THINKING_MODEL
            await live.until("IDLE" if idle else "turnComplete")
            assert thoughts(live) == (
                [f"The user said: {HELLO}. I answer with what fits."] if shown else []
            )
            assert cost(live) == tokens
            assert "The user said" not in live.said

    run(conversation())


def test_thought_comes_before_a_call_and_not_again_with_its_result(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        tools = [{"functionDeclarations": [MOVE]}]
        async with RawLive(simulator, MODEL_25, tools=tools) as live:
            await live.text("go forward ten meters")
            await live.until("toolCall")
            assert len(thoughts(live)) == 1
            await live.reply(live.calls()[0], {"result": "ok"})
            await live.until("turnComplete")
            assert len(thoughts(live)) == 1

    run(conversation())


def test_models_of_2_5_may_be_told_to_show_thoughts_only_if_asked(scripted: Scripted) -> None:
    simulator = scripted(thoughts_unasked=False)

    async def conversation() -> None:
        async with RawLive(simulator, MODEL_25) as live:
            await live.text(HELLO)
            await live.until("turnComplete")
            assert not thoughts(live)

    run(conversation())
