"""What a model takes, read from `capabilities.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipeline.errors import did_you_mean


class ModelFamily(BaseModel):
    """The rules of one family of Live models; the fields are explained in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefix: str
    thinking: Literal["none", "level", "budget"]
    levels: tuple[str, ...] = ()
    default_level: str | None = None
    behaviors: tuple[str, ...]
    idle: Literal["turn_complete", "interaction_status"]
    typed_text: Literal["client_content", "realtime_text"]
    first_event_s: float


class ModelTable(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    families: tuple[ModelFamily, ...]
    voices: tuple[str, ...]


@cache
def capabilities() -> ModelTable:
    """The table, read once."""
    text = Path(__file__).with_name("capabilities.toml").read_text(encoding="utf-8")
    return ModelTable.model_validate(tomllib.loads(text))


def family_of(model: str) -> ModelFamily:
    """Return the rules for `model`, with or without `models/` before it."""
    name = model.removeprefix("models/")
    fitting = [each for each in capabilities().families if name.startswith(each.prefix)]
    return max(fitting, key=lambda each: len(each.prefix))


def known_voice(name: str | None) -> str | None:
    """Return a voice's name as Gemini spells it, whatever its case; None stays None.

    Raises:
        ValueError: there is no such voice; names the nearest.
    """
    if name is None:
        return None
    voices = {each.casefold(): each for each in capabilities().voices}
    if name.casefold() not in voices:
        raise ValueError(f"no voice {name!r}: {did_you_mean(name.title(), voices.values())}")
    return voices[name.casefold()]
