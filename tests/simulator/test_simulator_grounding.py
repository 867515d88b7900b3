"""Answers that were looked up, and where they say that they come from."""

from typing import Any

import pytest
from google.genai import types
from raw_http import TEXT_MODEL, generate
from raw_live import RawLive
from simulating import MOVE, Scripted, client, connect, messages, run

from actors.simulator.grounding import is_looked_up

SEARCH: dict[str, Any] = {"googleSearch": {}}
QUESTION = "What is the capital of <France>?"
FOUND = f"I looked that up: {QUESTION}"


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (QUESTION, True),
        (" who are you", True),
        ("Tell me the latest news.", True),
        ("Please search for robots.", True),
        ("Hello there.", False),
        ("I know what you mean.", False),
        ("", False),
    ],
)
def test_questions_are_looked_up(heard: str, expected: bool) -> None:
    assert is_looked_up(heard) is expected


def test_live_answer_says_where_it_comes_from(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> types.GroundingMetadata:
        found: list[types.GroundingMetadata] = []
        async with connect(tools=[{"google_search": {}}]) as session:
            await session.send_realtime_input(text=QUESTION)
            async for message in messages(session):
                content = message.server_content
                if content is not None and content.grounding_metadata is not None:
                    found.append(content.grounding_metadata)
                if content is not None and content.generation_complete:
                    break
        (only,) = found
        return only

    metadata = run(conversation())
    assert metadata.web_search_queries == [QUESTION]
    assert metadata.search_entry_point is not None
    assert "&lt;France&gt;" in (metadata.search_entry_point.rendered_content or "")
    (chunk,) = metadata.grounding_chunks or []
    assert chunk.web is not None
    assert (chunk.web.uri or "").startswith("https://vertexaisearch.cloud.google.com/")
    (support,) = metadata.grounding_supports or []
    assert support.segment is not None
    assert (support.segment.text, support.segment.end_index) == (FOUND, len(FOUND))
    (turn,) = simulator.journal.sessions[0].turns
    assert (turn.said, turn.searched) == (FOUND, QUESTION)


@pytest.mark.parametrize(
    ("text", "tools"),
    [
        (QUESTION, []),
        (QUESTION, [{"functionDeclarations": [MOVE]}]),
        ("what time is it?", [SEARCH]),
        ("Hello there.", [SEARCH]),
    ],
)
def test_what_is_not_looked_up_has_no_source(
    scripted: Scripted, text: str, tools: list[dict[str, Any]]
) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with RawLive(simulator, tools=tools) as live:
            await live.text(text)
            await live.until("turnComplete")
            assert "groundingMetadata" not in live.kinds
            assert "looked that up" not in live.said

    run(conversation())


def test_functions_and_search_go_together(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with RawLive(simulator, tools=[SEARCH, {"functionDeclarations": [MOVE]}]) as live:
            await live.text("go forward ten meters")
            await live.until("turnComplete")
            assert len(live.calls()) == 1
            await live.text(QUESTION)
            await live.until("groundingMetadata")
            await live.send({"contextUpdate": {"tools": []}})
            await live.until("turnComplete", 2)
            await live.text(QUESTION)
            await live.until("turnComplete", 3)
            assert live.said.endswith(f"You said: {QUESTION}")

    run(conversation())


@pytest.mark.parametrize("streamed", [False, True])
def test_answer_over_http_says_it_once_at_its_end(scripted: Scripted, streamed: bool) -> None:
    simulator = scripted()
    method = "streamGenerateContent" if streamed else "generateContent"
    body = {"contents": [{"parts": [{"text": QUESTION}]}], "tools": [SEARCH]}
    reply = generate(simulator, body, method=method)
    responses = reply.json if streamed else [reply.json]
    found = [each["candidates"][0].get("groundingMetadata") for each in responses]
    assert found[:-1] == [None] * (len(found) - 1)
    assert found[-1]["webSearchQueries"] == [QUESTION]
    assert found[-1]["groundingSupports"][0]["segment"]["text"] == FOUND
    scripted()
    with client() as sdk:
        tools = types.GenerateContentConfig(tools=[types.Tool(google_search=types.GoogleSearch())])
        answer = sdk.models.generate_content(model=TEXT_MODEL, contents=QUESTION, config=tools)
    assert answer.text == FOUND
