"""The manner of a session: what it asked for, laid over the options of a backend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from pipeline.actor import Options
from pipeline.errors import ConfigError
from pipeline.frames.sessions import SessionOpened
from pipeline.sessions.refusal import wrong_functions

OptionsT = TypeVar("OptionsT", bound=Options)

FIELDS: Mapping[str, str] = {
    "instruction": "system_instruction",
    "voice": "voice",
    "language": "language",
    "model": "model",
    "temperature": "temperature",
}
"""Fields of `SessionOpened`, and the options over which they are laid; a backend that has no such
option goes by its own lights."""


def manner_of(options: OptionsT, opened: SessionOpened) -> OptionsT:
    """Return the options as this session wants them, checked as those of the config are.

    Raises:
        ConfigError: the session asked for what there is not; says what there is.
    """
    asked = {
        name: getattr(opened, field)
        for field, name in FIELDS.items()
        if name in type(options).model_fields
    }
    asked = {name: value for name, value in asked.items() if value is not None}
    if not asked:
        return options
    # Copied, and only then checked: other options stay as they are, defaults unset.
    try:
        return type(options).model_validate({**options.model_dump(exclude_unset=True), **asked})
    except ValidationError as error:
        said = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()
        )
        raise ConfigError(f"the session {opened.session} cannot be had as asked: {said}") from error


def functions_of(opened: SessionOpened) -> tuple[dict[str, Any], ...]:
    """Return the declarations of the functions that a session's own client answers.

    Raises:
        ConfigError: one of them is no declaration; says which, and what one looks like.
    """
    if why := wrong_functions(opened.functions):
        raise ConfigError(f"the session {opened.session}: {why}")
    return tuple(opened.functions)


def offered(
    tools: Sequence[dict[str, Any]], functions: Sequence[dict[str, Any]]
) -> tuple[dict[str, Any], ...]:
    """Return what a session's model may call; its own functions hide tools of the same name."""
    own = {each["name"] for each in functions}
    return (*functions, *(each for each in tools if each.get("name") not in own))
