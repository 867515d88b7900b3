"""Paths in options: which options name files, and the folder they are relative to.

A relative path in a config begins at the folder of the file that it is written in, also where
another config extends that file. Only options that say so by their type are paths: any other
string stays as it is, whatever files there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


class Anchor(Enum):
    """How an option names a file."""

    ALWAYS = auto()
    """It is a path and nothing else."""
    IF_THERE = auto()
    """It is a path if there is such a file; else it may be a word, an address, a device."""


ConfigPath = Annotated[Path, Anchor.ALWAYS]
"""Type of an option: a path that begins at the folder of the config. The actor gets it absolute."""
PathOrName = Annotated[str, Anchor.IF_THERE]
"""Type of an option: a path from there, perhaps with `:name` behind it, or something else."""

_LOOKS_LIKE_A_PATH = re.compile(r"[^/:\n][^:\n]*[./][^:\n]*(:\w+)?")


class Written(str):
    """A string of a config that knows the folder of its file."""

    __slots__ = ("folder",)
    folder: Path


def written(value: Any, folder: Path) -> Any:
    """Return a tree in which what may be a path knows its folder."""
    if isinstance(value, dict):
        return {key: written(below, folder) for key, below in value.items()}
    if isinstance(value, list):
        return [written(below, folder) for below in value]
    if type(value) is str and _may_be_a_path(value):
        value = Written(value)
        value.folder = folder
    return value


def resolved(options: dict[str, Any], kind: type[BaseModel], config_dir: Path) -> dict[str, Any]:
    """Return the options with plain strings, paths made absolute.

    Args:
        options: As written, unchecked.
        kind: What they are checked by, which says by type what is a path.
        config_dir: Folder of those strings that do not know theirs.
    """
    fields = {field.alias or name: field for name, field in kind.model_fields.items()}
    done: dict[str, Any] = {}
    for key, value in options.items():
        field = fields.get(key)
        hint = None if field is None else field.annotation
        anchors = () if field is None else field.metadata
        done[key] = _resolve(value, Annotated[hint, None, *anchors], None, config_dir)
    return done


def anchored(text: str, anchor: Anchor | None, folder: Path) -> str:
    """Return a string of an option, absolute if it names a file of `folder`."""
    path, colon, name = text.partition(":")
    match anchor:
        case Anchor.ALWAYS:
            return str(folder / Path(text).expanduser())
        case Anchor.IF_THERE if _may_be_a_path(text) and (folder / path).exists():
            return f"{(folder / path).resolve()}{colon}{name}"
    return str(text)


def _may_be_a_path(text: str) -> bool:
    return _LOOKS_LIKE_A_PATH.fullmatch(text) is not None


def _resolve(value: Any, hint: Any, anchor: Anchor | None, config_dir: Path) -> Any:
    hints = list(_alternatives(hint))
    anchor = next((each for _, each in hints if each is not None), anchor)
    if isinstance(value, str):
        if isinstance(value, Written):
            return anchored(value, anchor, value.folder)
        # What the user sets himself the actor takes from the config's folder, as it always did.
        return anchored(value, anchor if anchor is Anchor.ALWAYS else None, config_dir)
    kinds = [kind for kind, _ in hints]
    if isinstance(value, list):
        below = next((get_args(k)[0] for k in kinds if get_origin(k) in (list, tuple, set)), None)
        return [_resolve(each, below, anchor, config_dir) for each in value]
    if isinstance(value, dict):
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                return resolved(value, kind, config_dir)
        below = next((get_args(k)[1] for k in kinds if get_origin(k) is dict), None)
        return {key: _resolve(each, below, None, config_dir) for key, each in value.items()}
    return value


def _alternatives(hint: Any, anchor: Anchor | None = None) -> Iterator[tuple[Any, Anchor | None]]:
    """Yield the types that a type hint allows, each with its anchor."""
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        anchor = next((note for note in notes if isinstance(note, Anchor)), anchor)
        yield from _alternatives(inner, anchor)
    elif get_origin(hint) in (Union, UnionType):
        for each in get_args(hint):
            yield from _alternatives(each, anchor)
    else:
        yield hint, anchor
