"""Talking to a language model in the house."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest
from device_turns import MOVE
from local_server import LocalServer, calls, event, local_server

from actors.backends.on_device.mind import MindError, Question, converse
from actors.backends.on_device.mind.chat import MOST_CHARACTERS
from actors.backends.on_device.mind.conversing import READ_OUT, WHO, WITH_TOOLS, WITHOUT_TOOLS
from actors.backends.on_device.mind.server import MOST_LINE_BYTES, ServedMind
from actors.backends.on_device.options import MindOptions

HISTORY = (("user", "Hello."), ("model", "Good day."))
JOKE = Question("Tell me a joke.", HISTORY)


def settings(server: LocalServer, **options: Any) -> MindOptions:
    return MindOptions.model_validate({**server.mind, **options})


def ask(
    server: LocalServer, question: Question = JOKE, **options: Any
) -> tuple[list[str], MindError | None]:
    """The sentences that came, and the error that ended them."""
    found: list[str] = []

    async def run() -> MindError | None:
        mind = settings(server, **options)
        try:
            async for sentence in converse(ServedMind(mind), mind, question):
                found.append(sentence)
        except MindError as error:
            return error
        return None

    error = asyncio.run(run())
    return found, error


class Robot:
    """Moves, and remembers what it was told."""

    def __init__(self) -> None:
        self.moved: list[tuple[str, dict[str, Any]]] = []

    async def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.moved.append((name, arguments))
        return {"result": "done"}


def test_answer_comes_in_sentences_and_the_history_is_sent() -> None:
    with local_server() as server:
        server.says("<think>Easy.</think>Why did", " the robot stop? It", " was **tired**.")
        assert ask(server) == (["Why did the robot stop?", "It was tired."], None)
        (request,) = server.requests
    assert request["path"] == "/v1/chat/completions"
    assert (request["model"], request["stream"]) == ("small", True)
    assert "tools" not in request
    assert [(m["role"], m["content"]) for m in request["messages"]] == [
        ("system", f"{WHO} {READ_OUT} {WITHOUT_TOOLS}"),
        ("user", "Hello."),
        ("assistant", "Good day."),
        ("user", "Tell me a joke."),
    ]


def test_it_is_told_the_language_of_the_session() -> None:
    with local_server() as server:
        server.says("यह एक वाक्य है। ", "और एक।")
        assert ask(server, Question("नमस्ते", language="hi"))[0] == ["यह एक वाक्य है।", "और एक।"]
        (request,) = server.requests
    assert "Always answer in this language: hi." in request["messages"][0]["content"]


def test_functions_are_carried_out_and_their_results_told() -> None:
    robot = Robot()
    with local_server() as server:
        move = calls("move", '{"direction": "forw', 'ard", "distance_m": 2}')
        server.answers = [[event("I am going. "), *move], [event("I am there."), "data: [DONE]"]]
        question = Question("Go on a bit.", HISTORY, (MOVE,), robot.call)
        assert ask(server, question) == (["I am going.", "I am there."], None)
        first, second = server.requests
    assert robot.moved == [("move", {"direction": "forward", "distance_m": 2})]
    assert first["messages"][0]["content"] == f"{WHO} {READ_OUT} {WITH_TOOLS}"
    assert first["tools"][0]["function"]["parameters"] == MOVE["parameters"]
    called, result = second["messages"][-2:]
    assert called["tool_calls"][0]["function"]["name"] == "move"
    assert (result["role"], json.loads(result["content"])) == ("tool", {"result": "done"})


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (calls("move", '{"direction": '), "the arguments are no JSON object; nothing was done"),
        (calls("move", "[2]"), "the arguments are no JSON object; nothing was done"),
        (calls("fly", "{}"), "there is no function 'fly', only move"),
    ],
)
def test_a_call_that_makes_no_sense_is_not_carried_out(call: list[str], told: str) -> None:
    robot = Robot()
    with local_server() as server:
        server.answers = [call, [event("Sorry."), "data: [DONE]"]]
        assert ask(server, Question("Go.", (), (MOVE,), robot.call))[0] == ["Sorry."]
        assert json.loads(server.requests[1]["messages"][-1]["content"]) == {"error": told}
    assert not robot.moved


def test_a_model_that_calls_for_ever_is_stopped() -> None:
    robot = Robot()
    with local_server() as server:
        server.lines = calls("move", "{}")
        found, error = ask(server, Question("Go.", (), (MOVE,), robot.call))
    assert (found, len(robot.moved)) == ([], 4)
    assert "answered with no words" in str(error)


def test_a_function_that_does_not_return_is_not_waited_for() -> None:
    async def never(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    with local_server() as server:
        server.answers = [calls("move", "{}"), [event("It hangs."), "data: [DONE]"]]
        question = Question("Go.", (), (MOVE,), never)
        assert ask(server, question, tool_timeout_s=0.05)[0] == ["It hangs."]
        assert "no result in time" in server.requests[1]["messages"][-1]["content"]


def test_first_sentence_does_not_wait_for_the_last() -> None:
    with local_server() as server:
        server.lines, server.hangs = [event("One. "), event("Two")], True
        found, error = ask(server, timeout_s=1.5)
    assert found == ["One."]
    assert "no sentence within 1.5 s" in str(error)


def test_a_model_that_is_interrupted_is_hung_up_on() -> None:
    async def listen(server: LocalServer) -> str:
        mind = settings(server)
        async with aclosing(converse(ServedMind(mind), mind, JOKE)) as answer:
            return await anext(answer)

    with local_server() as server:
        server.lines, server.hangs = [event("One. "), event("Two")], True
        assert asyncio.run(listen(server)) == "One."
        assert server.hung_up.wait(5)


def test_an_answer_that_is_no_stream_is_taken_too() -> None:
    whole = {"choices": [{"message": {"role": "assistant", "content": "Here I am. Really."}}]}
    with local_server() as server:
        server.lines = [json.dumps(whole)]
        assert ask(server) == (["Here I am.", "Really."], None)


@pytest.mark.parametrize(
    ("lines", "status", "complaint"),
    [
        (["data: [DONE]"], 200, "answered with no words"),
        ([": keep-alive", event("   ")], 200, "answered with no words"),
        (["data: no json"], 200, "not a chat completion"),
        (["data: {}"], 200, "not a chat completion"),
        (["data: []"], 200, "not a chat completion"),
        (['data: {"choices": [{"delta": {"tool_calls": [5]}}]}'], 200, "not a chat completion"),
        (['data: {"error": {"message": "out of memory"}}'], 200, "out of memory"),
        (['{"error": "model not found"}'], 404, "404: .*model not found.*name of a model"),
        (["<html>nginx</html>"], 502, "502: <html>"),
        (["data: " + "x" * (MOST_LINE_BYTES + 99_999)], 200, "has no end|not a chat completion"),
        ([event("la la ")] * MOST_CHARACTERS, 200, "more than 6000 characters"),
    ],
)
def test_server_that_gives_no_answer_is_an_error_in_words(
    lines: list[str], status: int, complaint: str
) -> None:
    with local_server() as server:
        server.lines, server.status = lines, status
        found, error = ask(server)
    assert len(found) < 30, "cut where a sentence has no end"
    assert len(str(error)) < 600
    with pytest.raises(MindError, match=complaint):
        raise error or AssertionError("no error")


def test_server_that_is_not_there_is_an_error_in_words() -> None:
    with local_server() as server:
        pass
    found, error = ask(server)
    assert found == []
    assert "is the server running?" in str(error)


def test_a_model_that_takes_no_functions_is_asked_without_them() -> None:
    robot = Robot()
    with local_server() as server:
        server.refuses_tools = True
        server.says("I cannot move.")
        assert ask(server, Question("Go.", (), (MOVE,), robot.call)) == (["I cannot move."], None)
        first, second = server.requests
    assert "tools" in first
    assert "tools" not in second
    assert WITHOUT_TOOLS in second["messages"][0]["content"]


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with local_server() as server:
        server.says("Here.")
        assert ask(server) == (["Here."], None)
