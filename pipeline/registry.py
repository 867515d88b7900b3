"""From the name in a config to the actor class."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from pipeline.actor import Actor, Options
from pipeline.errors import ConfigError, did_you_mean

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
    target, _, class_name = use.partition(":")
    if target.endswith(".py"):
        module = _from_file((config_dir / target).resolve())
    elif "." in target or class_name:
        module = _import(target, use)
    else:
        builtin = _builtin()
        if target not in builtin:
            raise ConfigError(f"unknown actor {use!r}: {did_you_mean(target, builtin)}")
        path, _, class_name = builtin[target].partition(":")
        module = _import(path, use)
    return _actor_in(module, class_name, use)


def builtin_names() -> list[str]:
    """Names of the actors that come with greenroom."""
    return list(_builtin())


def _builtin() -> dict[str, str]:
    table: dict[str, str] = importlib.import_module(BUILTIN_PACKAGE).ACTORS
    return table


def _import(module: str, use: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(error.name + ".")):
            raise ConfigError(
                f"unknown actor {use!r}: there is no module {error.name!r}; "
                f"built in: {did_you_mean(module.rpartition('.')[2], builtin_names())}"
            ) from error
        raise ConfigError(f"actor {use!r} needs the package {error.name!r}: install it") from error
    except Exception as error:
        raise ConfigError(f"actor {use!r} cannot be imported: {error!r}") from error


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        here = [p.name for p in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise ConfigError(f"no actor file {path}: {did_you_mean(path.name, here)}")
    name = f"greenroom_actor_{path.stem}_{abs(hash(path)):x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ConfigError(f"actor file {path} cannot be imported: {error!r}") from error
    finally:
        sys.path.remove(str(path.parent))
    return module


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
