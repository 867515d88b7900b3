"""The manner of a session: what it asked for, laid over the actor's options."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from actors.backends.realtime.options import RealtimeOptions
from pipeline.errors import ConfigError
from pipeline.frames.sessions import SessionOpened

OptionsT = TypeVar("OptionsT", bound=RealtimeOptions)

FIELDS = {
    "instruction": "system_instruction",
    "voice": "voice",
    "language": "language",
    "model": "model",
    "temperature": "temperature",
}
"""Fields of `SessionOpened`, and the options over which they are laid."""


def manner_of(options: OptionsT, opened: SessionOpened) -> OptionsT:
    """Return the options as this session wants them, checked as those of the config are.

    Raises:
        ConfigError: the session asked for what there is not; says what there is.
    """
    asked = {name: getattr(opened, field) for field, name in FIELDS.items()}
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
