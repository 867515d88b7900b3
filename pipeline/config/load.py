"""Read a config file with what it extends and what the command line sets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from pipeline.config.model import PipelineConfig
from pipeline.config.possible import problem_in
from pipeline.errors import ConfigError, did_you_mean
from pipeline.paths import Anchor, anchored, written
from pipeline.yaml_text import YamlError, parse_yaml, read_yaml

Tree = dict[str, Any]

_FIELD = re.compile(r"[a-z][a-z0-9_]*")


def load_config(
    path: Path, overrides: Sequence[str] = (), overlay: Mapping[str, Any] | None = None
) -> PipelineConfig:
    """Return the checked config.

    Args:
        path: YAML file; its `extends` names another, relative to it, on top of which it lies.
        overrides: `a.b.c=value`, the value as YAML; laid on like a config that extends the file.
        overlay: Laid on the file like a config that extends it.

    Raises:
        ConfigError: names the file, the path in it and the nearest valid name.
    """
    tree = _merge(read_tree(path), dict(overlay or {}))
    tree = _merge(tree, *map(_tree_of, overrides))
    try:
        config = PipelineConfig.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error, PipelineConfig)}") from error
    if problem := problem_in(tree):
        raise ConfigError(f"{path}: {problem}")
    return config


SECRET = "secret_written"
"""Type of an error about a value that may be a secret: it is not shown."""


def explain(error: ValidationError, model: type[BaseModel], prefix: str = "") -> str:
    """Say the first thing that is wrong: path, problem, nearest valid name."""
    first = error.errors(include_url=False)[0]
    steps = [str(step) for step in first["loc"] if step != "[key]"]
    path = ".".join([prefix, *steps] if prefix else steps) or "(top level)"
    if first["type"] == "extra_forbidden":
        fields = _fields_at(model, list(first["loc"][:-1]))
        return f"{path}: unknown field; {did_you_mean(steps[-1], fields)}"
    if first["type"] == "missing":
        return f"{path}: required, but not there"
    if first["type"] == SECRET:
        return f"{path}: {first['msg']}"
    got = re.sub(r"\s+", " ", repr(first["input"]))[:60]
    return f"{path}: {first['msg']}, not {got}"


def located(path: Path) -> Path:
    """Return the absolute path of a config; one that comes through a pipe counts as one here."""
    found = path.resolve()
    return Path.cwd() / path.name if path.exists() and not found.exists() else found


def read_tree(path: Path) -> Tree:
    """Return a config file's contents on top of what it extends, unchecked.

    Raises:
        ConfigError: it cannot be read or is no YAML map.
    """
    return _read(path, ())


def read_overrides(overrides: Sequence[str]) -> Tree:
    """Return what `a.b.c=value` sets, as a tree.

    Raises:
        ConfigError: one is written otherwise, or its value is not YAML.
    """
    return _merge({}, *map(_tree_of, overrides))


def _read(path: Path, seen: tuple[Path, ...]) -> Tree:
    try:
        given, path = path, located(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{str(path)!r} is no path: {error}") from error
    if path in seen:
        raise ConfigError(f"{path}: extends itself, through {' -> '.join(map(str, seen))}")
    try:
        tree = read_yaml(given)
    except FileNotFoundError as error:
        near = [p.name for p in path.parent.glob("[!.]*.y*ml")] if path.parent.is_dir() else []
        raise ConfigError(f"no config file {path}: {did_you_mean(path.name, near)}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except YamlError as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: a config is a map with name and actors")
    base = tree.pop("extends", None)
    if base is None:
        return tree
    if not isinstance(base, str) or "\0" in base:
        raise ConfigError(f"{path}: extends: the path of one file, not {base!r}")
    below = path.parent / _at_home(base)
    return _merge(_anchor(_read(below, (*seen, path)), below.resolve().parent), tree)


def _at_home(text: str) -> Path:
    """Return a path, its `~` replaced as a shell would; as it is where nobody lives."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def _anchor(tree: Tree, folder: Path) -> Tree:
    """Let a config that is extended keep its folder: its actor files, and what may be a path.

    Which options are paths, the actors' classes say, and they are not known here.
    """
    actors = tree.get("actors")
    if isinstance(actors, dict):
        for actor in actors.values():
            if isinstance(actor, dict) and isinstance(actor.get("use"), str):
                actor["use"] = anchored(actor["use"], Anchor.IF_THERE, folder)
    security = tree.get("security")
    if isinstance(security, dict) and isinstance(security.get("keys_dir"), str):
        security["keys_dir"] = anchored(security["keys_dir"], Anchor.IF_THERE, folder)
    done: Tree = written(tree, folder)
    return done


def _merge(base: Tree, *layers: Tree) -> Tree:
    """Lay each layer on what is below: maps are merged, all else replaced, null removes.

    An actor whose `use` changes keeps its inputs but not its options: they belong to the class.
    """
    merged = dict(base)
    for key, value in (item for layer in layers for item in layer.items()):
        below = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(below, dict) and isinstance(value, dict):
            if value.get("use", below.get("use")) != below.get("use"):
                below = {k: v for k, v in below.items() if k != "options"}
            merged[key] = _merge(below, value)
        else:
            merged[key] = value
    return merged


def _tree_of(override: str) -> Tree:
    path, equals, text = override.partition("=")
    if not (equals and path):
        raise ConfigError(f"--set {override}: write it as path.to.field=value")
    try:
        value = parse_yaml(text)
    except YamlError as error:
        if not _is_plain(text):
            raise ConfigError(f"--set {override}: the value is not YAML: {error}") from error
        value = text
    if isinstance(value, dict) and _is_plain(text) and not all(map(_FIELD.fullmatch, value)):
        value = text
    for step in reversed(path.split(".")):
        value = {step: value}
    tree: Tree = value
    return tree


def _is_plain(text: str) -> bool:
    """Whether a value may be a text as it stands, say `USB Audio: - (hw:1,0)`."""
    return not text.lstrip().startswith(tuple("[]{}\"'&*!|>%@`?"))


def _fields_at(model: type[BaseModel], steps: list[int | str]) -> list[str]:
    """Names of the fields that are valid where an unknown one was found."""
    kind: Any = model
    for step in steps:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(step))
            kind = field.annotation if field else None
        else:
            arguments = get_args(kind)
            kind = arguments[-1] if get_origin(kind) in (dict, list) and arguments else kind
        if get_origin(kind) is Union or type(kind).__name__ == "UnionType":
            models = [k for k in get_args(kind) if isinstance(k, type) and issubclass(k, BaseModel)]
            kind = models[0] if models else kind
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return list(kind.model_fields)
    return []
