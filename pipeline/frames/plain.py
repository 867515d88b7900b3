"""A quick look at a frame of numbers, text and bytes; what it does not let pass is validated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator

from pipeline.frames.base import Frame, FrameT, assemble

PLAIN_TYPES: tuple[type[Any], ...] = (int, str, bytes, bool)


@dataclass(frozen=True)
class FrameShape:
    """What is known of a frame class without pydantic.

    Attributes:
        types: Of each field, exactly.
        least: Of fields that have one.
        most: Of fields that have one.
        validators: Of fields that have one; raises ValueError.
        names: Of all fields; shared by all frames, none of which ever changes.
    """

    types: dict[str, type[Any]]
    least: tuple[tuple[str, int], ...]
    most: tuple[tuple[str, int], ...]
    validators: tuple[tuple[str, Callable[..., Any]], ...]
    names: set[str]


@cache
def shape_of(frame_type: type[Frame]) -> FrameShape | None:
    """Return the shape of a frame class; None if a field needs more than it can tell."""
    types: dict[str, type[Any]] = {}
    least: dict[str, int] = {}
    most: dict[str, int] = {}
    validators: dict[str, Callable[..., Any]] = {}
    for name, field in frame_type.model_fields.items():
        of = next((each for each in PLAIN_TYPES if each is field.annotation), None)
        if of is None or field.alias or field.validation_alias:
            return None
        types[name] = of
        for each in field.metadata:
            if isinstance(each, Ge) and isinstance(each.ge, int):
                least[name] = each.ge
            elif isinstance(each, Gt) and isinstance(each.gt, int):
                least[name] = each.gt + 1
            elif isinstance(each, Le) and isinstance(each.le, int):
                most[name] = each.le
            elif isinstance(each, AfterValidator) and name not in validators:
                validators[name] = each.func
            else:
                return None
    return FrameShape(
        types, tuple(least.items()), tuple(most.items()), tuple(validators.items()), set(types)
    )


def construct(frame_type: type[FrameT], fields: dict[str, Any]) -> FrameT | None:
    """Return the frame of these fields, if all are there and exactly as they have to be.

    It is what `frame_type.model_validate(fields)` returns, in half of the time. None does not say
    that the fields are wrong.
    """
    shape = shape_of(frame_type)
    # No step of the interpreter for each field: with cold caches those are what takes the time.
    if shape is None or dict(zip(fields, map(type, fields.values()), strict=True)) != shape.types:
        return None
    for name, least in shape.least:
        if fields[name] < least:
            return None
    for name, most in shape.most:
        if fields[name] > most:
            return None
    for name, validate in shape.validators:
        try:
            validate(fields[name])
        except ValueError:
            return None
    return assemble(frame_type, fields, shape.names)
