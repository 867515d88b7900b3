"""What each model accepts, read from `capabilities.yaml`."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from pipeline.errors import ConfigError, did_you_mean

LIVE_METHOD = "bidiGenerateContent"


class LiveFamily(BaseModel):
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
    turn_coverage: Literal[
        "TURN_INCLUDES_ONLY_ACTIVITY", "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO"
    ] = "TURN_INCLUDES_ONLY_ACTIVITY"
    role: Literal["converses", "transcribes", "interprets"] = "converses"


class HttpFamily(BaseModel):
    """The rules of one generation of models that answer over HTTP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    speaks: bool
    signatures: Literal["demanded", "none"] = "none"
    whole: Literal["wav", "pcm"] = "wav"
    transcribes: bool = False


class SimulatedModel(BaseModel):
    """One model as `models.list` names it. Limits are in tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    family: str
    methods: list[str]
    versions: list[str]
    input_tokens: int
    output_tokens: int


class Pattern(BaseModel):
    """Names that are answered as the model `like` is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str
    like: str
    versions: list[str] | None = None


class SimulatedModels(BaseModel):
    """The whole table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    families: dict[str, LiveFamily]
    http_families: dict[str, HttpFamily]
    models: list[SimulatedModel]
    patterns: list[Pattern]
    routed: dict[str, str]
    retired: list[str]
    voices: list[str]
    max_system_tokens: int

    def find(self, name: str, version: str, method: str) -> SimulatedModel | None:
        """The model `name` (with or without `models/`) if it offers `method` in this version."""
        model = self.named(name.removeprefix("models/"))
        if model is None or version not in model.versions or method not in model.methods:
            return None
        return model

    def named(self, name: str) -> SimulatedModel | None:
        """The model of that name, listed or by pattern; one that answers for it if it is routed."""
        listed = {model.id: model for model in self.models}
        if name not in listed:
            name = self.routed.get(name, name)
        if name in listed or any(re.fullmatch(pattern, name) for pattern in self.retired):
            return listed.get(name)
        for pattern in self.patterns:
            if re.fullmatch(pattern.match, name):
                like = self._like(pattern.like)
                versions = like.versions if pattern.versions is None else pattern.versions
                return like.model_copy(update={"id": name, "name": name, "versions": versions})
        return None

    def with_models(self, added: Mapping[str, str]) -> "SimulatedModels":
        """The table with more models, by name, each of a family or like a model of the table.

        Raises:
            ConfigError: there is no such family and no such model.
        """
        models = [model for model in self.models if model.id not in added]
        for name, like in added.items():
            known = {model.id for model in self.models} | {model.family for model in self.models}
            if like not in known:
                raise ConfigError(f"model {name}: no family {like!r}; {did_you_mean(like, known)}")
            models.append(self._like(like).model_copy(update={"id": name, "name": name}))
        return self.model_copy(update={"models": models})

    def _like(self, name: str) -> SimulatedModel:
        return next(model for model in self.models if name in (model.id, model.family))


@cache
def capabilities() -> SimulatedModels:
    """The table, read once."""
    text = Path(__file__).with_name("capabilities.yaml").read_text(encoding="utf-8")
    return SimulatedModels.model_validate(yaml.safe_load(text))
