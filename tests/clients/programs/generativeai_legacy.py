"""google-generativeai, which is no longer developed and still much used."""

from __future__ import annotations

import json
import os

import google.generativeai as genai
from checks import check, main

genai.configure(
    api_key=os.environ["GOOGLE_API_KEY"],
    transport="rest",
    client_options={"api_endpoint": os.environ["GOOGLE_GEMINI_BASE_URL"].removeprefix("https://")},
)
MODEL = "gemini-3.8-flash"
# It cannot give the signature of a thought back.
OLDER_MODEL = "gemini-2.5-flash"


@check
def question() -> str:
    return genai.GenerativeModel(MODEL).generate_content("Hello there").text


@check
def streamed() -> str:
    model = genai.GenerativeModel(MODEL)
    pieces = [piece.text for piece in model.generate_content("Hello there, friend.", stream=True)]
    assert len(pieces) > 1
    return "".join(pieces)


@check
def function() -> str:
    called = []

    def move(direction: str, distance_m: float) -> dict[str, str]:
        """Moves the robot."""
        called.append((direction, distance_m))
        return {"result": "ok"}

    model = genai.GenerativeModel(OLDER_MODEL, tools=[move])
    chat = model.start_chat(enable_automatic_function_calling=True)
    said = chat.send_message("Go forward ten meters").text
    assert called == [("forward", 10)], called
    return said


@check
def structured() -> str:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
    config = genai.GenerationConfig(response_mime_type="application/json", response_schema=schema)
    answer = genai.GenerativeModel(MODEL).generate_content("Bob is 42", generation_config=config)
    assert json.loads(answer.text) == {"age": 42}
    return answer.text


main()
