"""Where the API key comes from; it is never logged."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from actors.backends.gemini.key_text import clean_key
from pipeline.errors import CredentialError, NoKeyError
from pipeline.logs import add_secret

BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""Editors of Windows, and `>` of its PowerShell, write UTF-16."""


def find_keys(
    variables: Sequence[str], folders: Iterable[Path], environ: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """Return all keys of the first variable that holds any, in the environment or a `.env`.

    Raises:
        NoKeyError: there is none; says how to give one.
        CredentialError: a file that may hold one cannot be read, or what is there is no key.
    """
    read: list[str] = []
    for where, source in _sources(folders, environ):
        read += [where] if where else []
        for variable in variables:
            place = f"{variable} of {where}" if where else variable
            if keys := split_keys(source.get(variable, ""), place):
                return keys
    looked = f"; {' and '.join(read)} sets none of them" if read else ""
    raise NoKeyError(
        f"no API key: set {' or '.join(variables)}, in the environment or in a file named .env"
        f"{looked}"
    )


def split_keys(text: str, where: str) -> tuple[str, ...]:
    """Return the keys in a comma-separated list, each once; none of them is ever logged.

    Args:
        text: The list.
        where: It was given, for the complaint.

    Raises:
        CredentialError: one of them is no key; says what is wrong with it.
    """
    given = [each.strip() for each in text.split(",")]
    for each in given:
        add_secret(each)
    keys = tuple(dict.fromkeys(key for each in given if (key := clean_key(each, where))))
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
        text = _text(path.read_bytes())
    except OSError as error:
        raise CredentialError(f"cannot read {path}: {error.strerror}") from error
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


def _sources(
    folders: Iterable[Path], environ: Mapping[str, str]
) -> Iterable[tuple[str, Mapping[str, str]]]:
    """Where keys may be, each file once; the environment has no name."""
    yield "", environ
    for path in dict.fromkeys((folder / ".env").absolute() for folder in folders):
        if path.exists():
            yield str(path), read_env_file(path)


def _text(data: bytes) -> str:
    if data.startswith(BYTE_ORDER_MARKS):
        return data.decode("utf-16", "replace")
    if data.count(0) > len(data) // 3:
        # UTF-16 without its mark: of ASCII, every other byte is 0.
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "replace")
    # A comment in an old encoding does not matter; a key has ASCII only, or is complained of.
    return data.decode("utf-8-sig", "replace")
