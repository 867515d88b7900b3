"""Where the API key comes from; it is never logged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.errors import CredentialError, NoKeyError
from pipeline.logs import add_secret


def find_keys(
    variables: Sequence[str], folders: Iterable[Path], environ: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """Return all keys of the first variable that holds any, in the environment or a `.env`.

    Raises:
        NoKeyError: there is none; says how to give one.
        CredentialError: a file that may hold one cannot be read.
    """
    for source in (environ, *(read_env_file(folder / ".env") for folder in folders)):
        for variable in variables:
            if keys := split_keys(source.get(variable, "")):
                return keys
    raise NoKeyError(
        f"no API key: set {' or '.join(variables)}, in the environment or in a file named .env"
    )


def split_keys(text: str) -> tuple[str, ...]:
    """Return the keys in a comma-separated list, each once; none of them is ever logged."""
    keys = tuple(dict.fromkeys(key.strip() for key in text.split(",") if key.strip()))
    for key in keys:
        add_secret(key)
    return keys


def read_env_file(path: Path) -> dict[str, str]:
    """Return the values of a `.env` file by their names; none if there is no such file.

    Raises:
        CredentialError: it cannot be read.
    """
    if not path.exists():
        return {}
    # As few have such a file, its reader is not imported with this module: 15 ms.
    from dotenv import dotenv_values

    try:
        values = dotenv_values(path, interpolate=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialError(f"cannot read {path}: {error}") from error
    return {name: value for name, value in values.items() if value is not None}
