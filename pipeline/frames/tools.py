"""Functions the model wants called, and what came of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from pipeline.frames.base import Frame


class ToolCall(Frame):
    """The model asks for a function."""

    type_name: ClassVar[str] = "tool_call"

    turn: str = Field(description="Turn in which it was asked for.")
    call_id: str = Field(description="Id that the result must carry.")
    name: str = Field(description="Function.")
    args: dict[str, Any] = Field(default_factory=dict, description="Arguments by name.")


class ToolCancel(Frame):
    """The model no longer wants the result of a call."""

    type_name: ClassVar[str] = "tool_cancel"

    turn: str = Field(description="Turn in which it was asked for.")
    call_id: str = Field(description="The call.")


class ToolStatus(StrEnum):
    """How a call ended."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    CALLED_OFF = "called_off"
    """It was never carried out: the user went on speaking."""
    UNKNOWN = "unknown_tool"


class ToolResult(Frame):
    """The one answer to a call."""

    type_name: ClassVar[str] = "tool_result"

    turn: str = Field(description="Turn in which it was asked for.")
    call_id: str = Field(description="The call.")
    name: str = Field(description="Function.")
    status: ToolStatus = Field(description="How it ended.")
    response: dict[str, Any] = Field(default_factory=dict, description="For the model.")


class ToolOffer(Frame):
    """The functions that may be called, as JSON Schema; the newest replaces those before."""

    type_name: ClassVar[str] = "tool_offer"

    tools: list[dict[str, Any]] = Field(
        description="Each with `name`, `description` and `parameters` (JSON Schema)."
    )
