"""Where the API key comes from; it is never logged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.errors import CredentialError
from pipeline.logs import add_secret


def find_keys(
    variables: Sequence[str], folders: Iterable[Path], environ: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """Return all keys of the first variable that holds any, in the environment or a `.env`.

    Raises:
        CredentialError: there is none; says how to give one.
    """
    for source in (environ, *(read_env_file(folder / ".env") for folder in folders)):
        for variable in variables:
            if keys := split_keys(source.get(variable, "")):
                return keys
    raise CredentialError(
        f"no API key: set {' or '.join(variables)}, in the environment or in a file named .env"
    )


def split_keys(text: str) -> tuple[str, ...]:
    """Return the keys in a comma-separated list, each once; none of them is ever logged."""
    keys = tuple(dict.fromkeys(key.strip() for key in text.split(",") if key.strip()))
    for key in keys:
        add_secret(key)
    return keys


def read_env_file(path: Path) -> dict[str, str]:
    """Return the `NAME=value` lines of a file; quotes and a leading `export` are taken off."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialError(f"cannot read {path}: {error}") from error
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or name.startswith("#"):
            continue
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        else:
            value = value.partition(" #")[0].strip()
        values[name.strip()] = value
    return values
