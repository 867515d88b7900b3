"""From a Python function to what the model is offered, and from its arguments to the call."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from actors.services.tools.functions import FunctionTool, load_function
from actors.services.tools.threads import DaemonThreads
from actors.services.tools.tool import MAX_RESPONSE_BYTES, ToolError
from pipeline.errors import ConfigError


class Place(BaseModel):
    room: str
    floor: int = 0


def go(
    to: Place,
    speed: Annotated[float, Field(gt=0, le=2, description="Metres a second.")] = 1.0,
    copy: Literal["once", "twice"] = "once",
) -> dict[str, Any]:
    """Drive to a place.

    It takes a while.
    """
    return {"to": to, "speed": speed, "copy": copy, "thread": threading.current_thread().name}


async def greet(name: str) -> str:
    return f"Grüß dich, {name}"


def offer(function: Any) -> FunctionTool:
    return FunctionTool(function, DaemonThreads())


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def run(function: Any, **args: Any) -> dict[str, Any]:
    return asyncio.run(offer(function).call(args))


def test_the_schema_comes_from_the_signature_and_the_description_from_the_docstring() -> None:
    tool = offer(go)
    assert tool.name == "go"
    assert tool.description == "Drive to a place.\n\nIt takes a while."
    assert tool.parameters["type"] == "object"
    assert tool.parameters["required"] == ["to"]
    assert tool.parameters["properties"]["speed"] == {
        "default": 1.0,
        "description": "Metres a second.",
        "exclusiveMinimum": 0,
        "maximum": 2,
        "type": "number",
    }
    assert tool.parameters["properties"]["copy"]["enum"] == ["once", "twice"]


def test_a_sync_function_runs_in_a_thread_with_checked_arguments() -> None:
    assert run(go, to={"room": "kitchen"}, speed=2) == {
        "to": {"room": "kitchen", "floor": 0},
        "speed": 2.0,
        "copy": "once",
        "thread": "tool-go",
    }


def test_an_async_function_is_awaited_and_a_bare_value_is_wrapped() -> None:
    assert run(greet, name="Åsa") == {"result": "Grüß dich, Åsa"}


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ({}, "to: Missing required argument"),
        ({"to": {"room": "hall"}, "speed": 3}, "speed: Input should be less than or equal to 2"),
        ({"to": {"room": "hall"}, "speed": 3}, "not 3"),
        ({"to": {"room": "hall"}, "copy": "thrice"}, "copy: Input should be 'once' or 'twice'"),
        ({"to": {"room": "hall"}, "loud": True}, "loud: Unexpected keyword argument"),
        ({"to": {}}, "to.room: Field required"),
    ],
)
def test_a_bad_argument_is_named_for_the_model(args: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ToolError, match=complaint):
        run(go, **args)


@pytest.mark.parametrize(
    "value", [object(), 2**70, nested(600), nested(100_000), "x" * (MAX_RESPONSE_BYTES + 1)]
)
def test_a_result_that_fits_into_no_frame_is_an_error(value: object) -> None:
    async def tool() -> object:
        return value

    with pytest.raises(ToolError, match=r"it returned|too large"):
        run(tool)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("a\ud800b", "a\ufffdb"),
        ({"\udcff": "\ud83d\ude00"}, {"\ufffd": "😀"}),
        ([float("nan"), float("-inf")], ["NaN", "-Infinity"]),
    ],
)
def test_what_json_has_no_form_for_is_told_in_words(value: object, told: object) -> None:
    async def tool() -> object:
        return value

    response = run(tool)
    assert response == (told if isinstance(told, dict) else {"result": told})
    json.dumps(response, allow_nan=False).encode("ascii")


def test_a_tool_that_exits_is_an_error_and_not_the_end_of_the_actor() -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(RuntimeError, match="SystemExit: 3"):
        run(leave)


def without_hint(x) -> None:  # type: ignore[no-untyped-def]
    del x


def with_anything(*args: int) -> None:
    del args


def without_schema(x: threading.Lock) -> None:
    del x


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (without_hint, "give 'x' a type hint"),
        (with_anything, "arguments by name"),
        (without_schema, "no JSON Schema"),
    ],
)
def test_a_function_that_cannot_be_offered_is_refused(function: Any, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        offer(function)


def test_a_function_is_found_in_a_file_beside_the_config(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def wave(times: int) -> int:\n    return times\n")
    assert load_function("mine.py:wave", tmp_path)(3) == 3


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        ("wave", "not written module:function"),
        ("mime.py:wave", "did you mean 'mine.py'"),
        ("mine.py:wawe", "did you mean 'wave'"),
        ("mine.py:number", "is not a function"),
        ("broken.py:wave", "line 1 cannot be imported: ZeroDivisionError"),
        ("leaving.py:wave", "line 1 cannot be imported: SystemExit"),
        ("no.such.module:wave", "there is no module 'no'"),
    ],
)
def test_a_wrong_reference_names_the_nearest(
    tmp_path: Path, reference: str, complaint: str
) -> None:
    (tmp_path / "mine.py").write_text(
        "number = 1\ndef wave(times: int) -> int:\n    return times\n"
    )
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "leaving.py").write_text("raise SystemExit(3)\n")
    with pytest.raises(ConfigError, match=complaint):
        load_function(reference, tmp_path)
