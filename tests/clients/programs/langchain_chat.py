"""LangChain's ChatGoogleGenerativeAI: question, stream, tool loop, structured output."""

from __future__ import annotations

from typing import Literal

from checks import check, main
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_google_genai import ChatGoogleGenerativeAI
from pydantic import BaseModel, Field

MODEL = "gemini-3.8-flash"

Direction = Literal["forward", "backward"]


class Person(BaseModel):
    """A person."""

    name: str = Field(description="The name.")
    age: int


@tool
def move(direction: Direction, distance_m: float) -> str:
    """Moves the robot."""
    return f"{distance_m} {direction}"


@check
def question() -> str:
    return ChatGoogleGenerativeAI(model=MODEL).invoke("Hello there").text


@check
def streamed() -> str:
    pieces = [
        p.text for p in ChatGoogleGenerativeAI(model=MODEL).stream("Hello there, how are you?")
    ]
    assert len(pieces) > 1
    return "".join(pieces)


@check
def function() -> str:
    model = ChatGoogleGenerativeAI(model=MODEL).bind_tools([move])
    messages = [HumanMessage("Go forward ten meters")]
    first = model.invoke(messages)
    (call,) = first.tool_calls
    assert call["args"] == {"direction": "forward", "distance_m": 10}
    result = ToolMessage(move.invoke(call["args"]), tool_call_id=call["id"], name=call["name"])
    return model.invoke([*messages, first, result]).text


def structured(method: str) -> Person:
    model = ChatGoogleGenerativeAI(model=MODEL).with_structured_output(Person, method=method)
    person = model.invoke("Bob is 42")
    assert isinstance(person, Person)
    assert person.age == 42
    return person


@check
def structured_by_json_schema() -> Person:
    return structured("json_schema")


@check
def structured_by_function_calling() -> Person:
    return structured("function_calling")


main()
