"""What each model accepts, read from `capabilities.yaml`."""

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

LIVE_METHOD = "bidiGenerateContent"


class Family(BaseModel):
    """The rules of one generation of Live models."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    thinking: Literal["none", "level", "budget"]
    levels: list[str] = []
    level_required: bool = False
    behaviors: list[str]
    idle_status: bool
    extra_fields: list[str]
    audio_in_media_chunks: bool
    parts_per_message: int


class Model(BaseModel):
    """One model as `models.list` names it. Limits are in tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    family: str
    methods: list[str]
    versions: list[str]
    input_tokens: int
    output_tokens: int


class Capabilities(BaseModel):
    """The whole table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    families: dict[str, Family]
    models: list[Model]
    voices: list[str]
    max_system_tokens: int

    def find(self, name: str, version: str, method: str) -> Model | None:
        """The model `name` (with or without `models/`) if it offers `method` in this version."""
        wanted = name.removeprefix("models/")
        for model in self.models:
            if model.id == wanted and version in model.versions and method in model.methods:
                return model
        return None


@cache
def capabilities() -> Capabilities:
    """The table, read once."""
    text = Path(__file__).with_name("capabilities.yaml").read_text(encoding="utf-8")
    return Capabilities.model_validate(yaml.safe_load(text))
