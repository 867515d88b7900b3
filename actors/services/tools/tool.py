"""What every tool is: something with a name and a schema that can be called."""

from __future__ import annotations

import math
from typing import Any, Protocol

import msgpack
from pydantic_core import PydanticSerializationError, to_jsonable_python

from pipeline.errors import GreenroomError
from pipeline.frames.values import problem_of, whole_text

MAX_RESPONSE_BYTES = 256 * 1024
"""About 64,000 tokens, half the context window of the Live models (128k); far below the largest
frame, which consumers would drop."""


class ToolError(GreenroomError):
    """The call failed in a way that the model is told about."""


class Tool(Protocol):
    """One function offered to the model."""

    @property
    def name(self) -> str:
        """Name that the model calls it by."""

    @property
    def description(self) -> str:
        """What it does, for the model."""

    @property
    def parameters(self) -> dict[str, Any]:
        """JSON Schema of its arguments, an object."""

    async def call(self, args: dict[str, Any]) -> dict[str, Any]:
        """Do it and return the response for the model.

        Raises:
            ToolError: the message tells the model what is wrong.
            Exception: the tool itself failed.
        """


def as_response(value: object) -> dict[str, Any]:
    """Return what a tool gave back as a response that fits into a frame.

    Anything but a dict becomes `{"result": value}`. A float that is no finite number, such as what
    a sensor gives that is not there, becomes the text NaN or Infinity: JSON has no form for it.

    Raises:
        ToolError: it is no JSON value, or too large.
    """
    try:
        plain = whole_text(_spelt_out(to_jsonable_python(whole_text(value))))
        response = plain if isinstance(plain, dict) else {"result": plain}
        problem = problem_of(response)
        size = 0 if problem else len(msgpack.packb(response))
    except (PydanticSerializationError, ValueError, TypeError, RecursionError) as error:
        problem = str(error)
    if problem:
        kind = type(value).__name__
        raise ToolError(f"it returned a {kind} that cannot be written as JSON: {problem}")
    if size > MAX_RESPONSE_BYTES:
        raise ToolError(f"its result is too large: {size} bytes, at most {MAX_RESPONSE_BYTES}")
    return response


def _spelt_out(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case dict():
            return {key: _spelt_out(each) for key, each in value.items()}
        case list():
            return [_spelt_out(each) for each in value]
    return value
