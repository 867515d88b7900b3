"""LiteLLM: Gemini in the form of OpenAI's API."""

from __future__ import annotations

import os
from typing import Any

# Prices come with it; it would ask for newer ones at every start.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from checks import check, main
from pydantic import BaseModel

os.environ["GEMINI_API_BASE"] = f"{os.environ['GOOGLE_GEMINI_BASE_URL']}/v1beta"
MODEL = "gemini/gemini-3.8-flash"
PROPERTIES = {
    "direction": {"type": "string", "enum": ["forward", "backward"]},
    "distance_m": {"type": "number"},
}
PARAMETERS = {"type": "object", "properties": PROPERTIES}
TOOLS = [{"type": "function", "function": {"name": "move", "parameters": PARAMETERS}}]


class Person(BaseModel):
    name: str
    age: int


def complete(messages: list[Any], **options: Any) -> Any:
    return litellm.completion(
        model=MODEL, api_key=os.environ["GOOGLE_API_KEY"], messages=messages, **options
    )


def said(words: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": words}]


@check
def question() -> str:
    return complete(said("Hello there")).choices[0].message.content


@check
def streamed() -> str:
    chunks = complete(said("Hello there, how are you?"), stream=True)
    pieces = [piece for chunk in chunks if (piece := chunk.choices[0].delta.content)]
    assert len(pieces) > 1
    return "".join(pieces)


@check
def function() -> str:
    messages = said("Go forward ten meters")
    first = complete(messages, tools=TOOLS).choices[0].message
    (call,) = first.tool_calls
    result = {"role": "tool", "tool_call_id": call.id, "name": "move", "content": '{"ok": true}'}
    messages += [first.model_dump(), result]
    return complete(messages, tools=TOOLS).choices[0].message.content


@check
def structured() -> Person:
    answer = complete(said("Bob is 42"), response_format=Person)
    person = Person.model_validate_json(answer.choices[0].message.content)
    assert person.age == 42
    return person


main()
