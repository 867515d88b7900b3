"""Actor registry: from the name in a config to the class."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from pipeline.actor import Actor, Options
from pipeline.errors import ConfigError, did_you_mean
from pipeline.importing import ImportReference, load_module

BUILTIN_PACKAGE = "actors"
"""A bare name is looked up in the table `ACTORS` of this package."""


def find_actor(use: str, config_dir: Path) -> type[Actor[Options]]:
    """Return the class that `use` names.

    Args:
        use: `vad` (a name in the table `actors.ACTORS`), `package.module:Class`, or
            `folder/file.py:Class` with the path taken from `config_dir`.
        config_dir: Folder of the config file.

    Raises:
        ConfigError: there is no such module or class, or importing it failed; the message names
            the nearest valid name.
    """
    reference = ImportReference.parse(use)
    if not (reference.name or reference.is_file or "." in reference.target):
        builtin = _builtin()
        if use not in builtin:
            raise ConfigError(f"unknown actor {use!r}: {did_you_mean(use, builtin)}")
        reference = ImportReference.parse(builtin[use])
    try:
        module = load_module(reference, config_dir, builtin_names())
    except ConfigError as error:
        raise ConfigError(f"actor {use!r}: {error}") from error
    return _actor_in(module, reference.name, use)


def builtin_names() -> list[str]:
    """Names of the actors that come with greenroom."""
    return list(_builtin())


def _builtin() -> dict[str, str]:
    table: dict[str, str] = importlib.import_module(BUILTIN_PACKAGE).ACTORS
    return table


def _actor_in(module: ModuleType, class_name: str, use: str) -> type[Actor[Options]]:
    classes = {
        name: item
        for name, item in vars(module).items()
        if isinstance(item, type) and issubclass(item, Actor) and item is not Actor
    }
    if class_name:
        if class_name not in classes:
            raise ConfigError(
                f"{use!r}: no actor class {class_name!r} there: {did_you_mean(class_name, classes)}"
            )
        return classes[class_name]
    # A module of the package may import the base of its actor; its own class is what counts.
    own = [item for item in classes.values() if item.__module__.startswith(module.__name__)]
    if len(own) != 1:
        raise ConfigError(
            f"{use!r} holds {len(own)} actor classes: name one, as in {use}:ClassName"
        )
    return own[0]
