"""A quick look at a frame of numbers, text and bytes; what it does not let pass is validated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from annotated_types import Ge, Gt
from pydantic import AfterValidator

from pipeline.frames.base import Frame

PLAIN_TYPES: tuple[type[Any], ...] = (int, str, bytes, bool)
FrameT = TypeVar("FrameT", bound=Frame)


@dataclass(frozen=True)
class Check:
    """What is known of a field without pydantic."""

    name: str
    of: type[Any]
    least: int | None = None
    validate: Callable[..., Any] | None = None


@cache
def checks_of(frame_type: type[Frame]) -> tuple[Check, ...] | None:
    """Return the checks of a frame class; None if a field needs more than they can tell."""
    checks = []
    for name, field in frame_type.model_fields.items():
        of = next((each for each in PLAIN_TYPES if each is field.annotation), None)
        if of is None or field.alias or field.validation_alias:
            return None
        least: int | None = None
        validate: Callable[..., Any] | None = None
        for each in field.metadata:
            if isinstance(each, Ge) and isinstance(each.ge, int):
                least = each.ge
            elif isinstance(each, Gt) and isinstance(each.gt, int):
                least = each.gt + 1
            elif isinstance(each, AfterValidator) and validate is None:
                validate = each.func
            else:
                return None
        checks.append(Check(name, of, least, validate))
    return tuple(checks)


def construct(frame_type: type[FrameT], fields: dict[str, Any]) -> FrameT | None:
    """Return the frame of these fields, if all are there and exactly as they have to be.

    It is what `frame_type.model_validate(fields)` returns, in half of the time. None does not say
    that the fields are wrong.
    """
    checks = checks_of(frame_type)
    if checks is None or len(fields) != len(checks):
        return None
    try:
        for check in checks:
            value: Any = fields[check.name]
            if type(value) is not check.of or (check.least is not None and value < check.least):
                return None
            if check.validate is not None:
                check.validate(value)
    except (KeyError, ValueError):
        return None
    frame = frame_type.__new__(frame_type)
    # As pydantic's own model_construct does it.
    object.__setattr__(frame, "__dict__", fields)
    object.__setattr__(frame, "__pydantic_fields_set__", set(fields))
    object.__setattr__(frame, "__pydantic_extra__", None)
    object.__setattr__(frame, "__pydantic_private__", None)
    return frame
