"""What every tool is: something with a name and a schema that can be called."""

from __future__ import annotations

from typing import Any, Protocol

import msgpack
from pydantic_core import PydanticSerializationError, to_jsonable_python

from pipeline.errors import GreenroomError

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

    Anything but a dict becomes `{"result": value}`.

    Raises:
        ToolError: it is no JSON value, or too large.
    """
    try:
        plain = to_jsonable_python(value)
        response = plain if isinstance(plain, dict) else {"result": plain}
        size = len(msgpack.packb(response))
    except (PydanticSerializationError, ValueError, OverflowError, TypeError) as error:
        raise ToolError(
            f"it returned a {type(value).__name__} that cannot be written as JSON: {error}"
        ) from error
    if size > MAX_RESPONSE_BYTES:
        raise ToolError(f"its result is too large: {size} bytes, at most {MAX_RESPONSE_BYTES}")
    return response
