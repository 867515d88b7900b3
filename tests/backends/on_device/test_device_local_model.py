"""Talking to a language model in the house."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from local_server import LocalServer, event, local_server

from actors.backends.on_device.local_model import INSTRUCTION, WHO, LocalModelError, converse
from actors.backends.on_device.options import WordsOptions

HISTORY = (("user", "Hello."), ("model", "Good day."))


def ask(server: LocalServer, **options: Any) -> tuple[list[str], LocalModelError | None]:
    """The sentences that came, and the error that ended them."""
    found: list[str] = []

    async def run() -> LocalModelError | None:
        settings = WordsOptions.model_validate({**server.words, **options})
        try:
            async for sentence in converse(settings, HISTORY, "Tell me a joke."):
                found.append(sentence)
        except LocalModelError as error:
            return error
        return None

    error = asyncio.run(run())
    return found, error


def test_answer_comes_in_sentences_and_the_history_is_sent() -> None:
    with local_server() as server:
        server.says("<think>Easy.</think>Why did", " the robot stop? It", " was **tired**.")
        assert ask(server) == (["Why did the robot stop?", "It was tired."], None)
        (request,) = server.requests
    assert request["path"] == "/v1/chat/completions"
    assert (request["model"], request["stream"]) == ("small", True)
    assert [(m["role"], m["content"]) for m in request["messages"]] == [
        ("system", f"{WHO} {INSTRUCTION}"),
        ("user", "Hello."),
        ("assistant", "Good day."),
        ("user", "Tell me a joke."),
    ]


def test_first_sentence_does_not_wait_for_the_last() -> None:
    with local_server() as server:
        server.lines, server.hangs = [event("One. "), event("Two")], True
        found, error = ask(server, timeout_s=0.5)
    assert found == ["One."]
    assert "no sentence within 0.5 s" in str(error)


@pytest.mark.parametrize(
    ("lines", "status", "complaint"),
    [
        (["data: [DONE]"], 200, "answered with no words"),
        ([": keep-alive", event("   ")], 200, "answered with no words"),
        (["data: no json"], 200, "not a chat completion"),
        (["data: {}"], 200, "not a chat completion"),
        (["data: []"], 200, "not a chat completion"),
        (['data: {"error": {"message": "out of memory"}}'], 200, "out of memory"),
        (['{"error": "model not found"}'], 404, "404: .*model not found"),
    ],
)
def test_server_that_gives_no_answer_is_an_error_in_words(
    lines: list[str], status: int, complaint: str
) -> None:
    with local_server() as server:
        server.lines, server.status = lines, status
        found, error = ask(server)
    assert found == []
    with pytest.raises(LocalModelError, match=complaint):
        raise error or AssertionError("no error")


def test_server_that_is_not_there_is_an_error_in_words() -> None:
    with local_server() as server:
        pass
    found, error = ask(server)
    assert found == []
    assert "is the server running?" in str(error)


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with local_server() as server:
        server.says("Here.")
        assert ask(server) == (["Here."], None)
