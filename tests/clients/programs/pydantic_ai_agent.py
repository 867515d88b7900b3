"""pydantic-ai: an agent that answers, calls, and gives structured output in all its ways."""

from __future__ import annotations

from typing import Literal

from checks import check, main
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput

MODEL = "google:gemini-3.8-flash"

Direction = Literal["forward", "backward"]


class Person(BaseModel):
    name: str
    age: int
    city: str | None = None


@check
async def question() -> str:
    return (await Agent(MODEL).run("Hello there")).output


@check
async def streamed() -> str:
    async with Agent(MODEL).run_stream("Hello there, how are you?") as result:
        pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
    assert len(pieces) > 1
    return "".join(pieces)


@check
async def function() -> str:
    agent = Agent(MODEL)
    called = []

    @agent.tool_plain
    def move(direction: Direction, distance_m: float) -> str:
        """Moves the robot."""
        called.append((direction, distance_m))
        return "done"

    result = await agent.run("Go forward ten meters")
    assert called == [("forward", 10)], called
    return result.output


@check
async def memory() -> str:
    agent = Agent(MODEL)
    first = await agent.run("My name is Bob")
    second = await agent.run("What did I say?", message_history=first.all_messages())
    assert "Bob" in second.output
    return second.output


async def structured(kind: type) -> Person:
    result = await Agent(MODEL, output_type=kind(Person)).run("Bob is 42")
    assert result.output.age == 42
    return result.output


@check
async def structured_by_a_tool() -> Person:
    return await structured(ToolOutput)


@check
async def structured_by_the_model() -> Person:
    return await structured(NativeOutput)


@check
async def structured_by_the_prompt() -> Person:
    return await structured(PromptedOutput)


@check
async def structured_after_a_function() -> Person:
    agent = Agent(MODEL, output_type=Person)
    called = []

    @agent.tool_plain
    def look_up(name: str) -> str:
        """Looks a person up."""
        called.append(name)
        return f"{name} is 42"

    result = await agent.run("Look up name Bob")
    assert called
    return result.output


main()
