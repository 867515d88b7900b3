"""Where the API key comes from; it is never logged."""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from actors.backends.gemini.key_text import clean_key
from pipeline.errors import CredentialError, NoKeyError
from pipeline.logs import add_secret

BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""Editors of Windows, and `>` of its PowerShell, write UTF-16."""
PIPE_S = 1.0
"""For who writes to a pipe to notice that it is read; an actor may be silent for 3 s."""
LOOK_S = 0.01
"""How often it is looked whether somebody writes."""


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


def folders_here() -> tuple[Path, ...]:
    """Return the folder that the user stands in; nothing if it has been removed."""
    try:
        return (Path.cwd(),)
    except FileNotFoundError:
        return ()


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
        text = _text(_content(path))
    except OSError as error:
        raise CredentialError(f"cannot read {path}: {error.strerror}") from error
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


def _content(path: Path) -> bytes:
    """Return what a file holds, or what comes through a pipe: password managers serve keys so.

    Raises:
        OSError: it cannot be read, or nobody writes to the pipe.
    """
    if not path.is_fifo():
        return path.read_bytes()
    content = b""
    deadline_s = time.monotonic() + PIPE_S
    # So that opening does not wait for a writer for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        while (left_s := deadline_s - time.monotonic()) > 0:
            readable, _, _ = select.select([descriptor], [], [], left_s)
            piece = os.read(descriptor, 1 << 16) if readable else b""
            if not piece and content:
                return content
            content += piece
            if not piece:
                time.sleep(LOOK_S)  # A pipe without a writer is at its end all the time.
    finally:
        os.close(descriptor)
    if content:
        return content
    raise TimeoutError(errno.ETIMEDOUT, "nobody writes to this pipe")


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
