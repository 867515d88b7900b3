"""Import references in a config: `package.module:name` and `file.py:name`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import NamedTuple

from pipeline.errors import ConfigError, did_you_mean


class ImportReference(NamedTuple):
    """What a config names.

    Attributes:
        target: A module, or a file that ends in `.py`.
        name: What is meant in it; may be empty.
    """

    target: str
    name: str

    @classmethod
    def parse(cls, text: str) -> ImportReference:
        """Take apart `target:name`, or `target` alone."""
        target, colon, name = text.rpartition(":")
        return cls(target, name) if colon else cls(text, "")

    @property
    def is_file(self) -> bool:
        """Whether the target is a file."""
        return self.target.endswith(".py")


def load_module(reference: ImportReference, folder: Path, valid: Iterable[str] = ()) -> ModuleType:
    """Import the module of a reference.

    Args:
        reference: What is named.
        folder: Where the path of a file begins.
        valid: Names that may have been meant where there is no such module.

    Raises:
        ConfigError: it is not there, or importing it failed.
    """
    if reference.is_file:
        return _from_file((folder / reference.target).resolve())
    try:
        return importlib.import_module(reference.target)
    except ConfigError:
        raise
    except ModuleNotFoundError as error:
        missing = error.name or reference.target
        if reference.target != missing and not reference.target.startswith(missing + "."):
            raise ConfigError(f"it needs the package {missing!r}: install it") from error
        names = list(valid)
        near = did_you_mean(reference.target.rpartition(".")[2], names) if names else ""
        raise ConfigError(
            f"there is no module {missing!r}" + (f"; built in: {near}" if near else "")
        ) from error
    except (Exception, SystemExit) as error:
        # A script may end with `sys.exit`, which is no wish of the user's here.
        raise ConfigError(f"{reference.target!r} cannot be imported: {error!r}") from error


def load_object(text: str, folder: Path, accepts: Callable[[object], bool], kind: str) -> object:
    """Return what `package.module:name` or `file.py:name` names.

    Args:
        text: The reference; the name must be there.
        folder: Where the path of a file begins.
        accepts: Whether a value is of the kind wanted.
        kind: What is wanted, in words: `function`.

    Raises:
        ConfigError: there is no such thing; the message names the nearest one of its kind.
    """
    reference = ImportReference.parse(text)
    if not (reference.target and reference.name):
        raise ConfigError(f"{text!r} is not written module:{kind} or folder/file.py:{kind}")
    try:
        module = load_module(reference, folder)
    except ConfigError as error:
        raise ConfigError(f"{text!r}: {error}") from error
    found = getattr(module, reference.name, None)
    if found is None:
        there = [name for name, item in vars(module).items() if accepts(item)]
        near = did_you_mean(reference.name, there)
        raise ConfigError(f"{text!r}: no {reference.name!r} there: {near}")
    if not accepts(found):
        raise ConfigError(f"{text!r} is not a {kind} but {found!r}")
    return found


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        here = [p.name for p in path.parent.glob("[!.]*.py")] if path.parent.is_dir() else []
        raise ConfigError(f"no file {path}: {did_you_mean(path.name, here)}")
    name = f"greenroom_{path.stem}_{sha256(bytes(path)).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = str(path.parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except ConfigError:
        del sys.modules[name]
        raise
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        line = f", line {lines[-1]}" if (lines := _lines(error, path)) else ""
        raise ConfigError(f"{path}{line} cannot be imported: {error!r}") from error
    finally:
        sys.path.remove(folder)
        # Its neighbours may be imported later too, from a function; they shadow nothing.
        if folder not in sys.path:
            sys.path.append(folder)
    return module


def _lines(error: BaseException, path: Path) -> list[int]:
    """Return the lines of the file that led to an error, the innermost last."""
    frames = extract_tb(error.__traceback__)
    return [each.lineno for each in frames if each.filename == str(path) and each.lineno]
