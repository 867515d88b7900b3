"""Atomic file writes: a file is written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OWNER_ONLY = 0o600
"""Addresses, keys and what people said are nobody else's business."""


def write_whole(
    path: Path, content: str | bytes, *, mode: int = OWNER_ONLY, durable: bool = True
) -> None:
    """Replace a file: whoever reads it sees the old content or the new one, never a part.

    Args:
        path: The file; its folder exists.
        content: Text is written as UTF-8.
        mode: Permissions of the new file.
        durable: Return only when it would survive a power cut. Without it the file survives the
            end of the process, and nothing waits for the disk.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    data = content.encode() if isinstance(content, str) else content
    with replaced_whole(path, durable=durable) as partial:
        opened = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(opened, "wb") as file:
            file.write(data)


@contextmanager
def replaced_whole(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Give the path of a file to write, which takes the place of `path` at the end of the block.

    If the block raises, the file is removed and `path` stays as it was.

    Raises:
        OSError: the file cannot be moved to its place.
    """
    # The same suffix at the end: some writers tell the format by it.
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield partial
        if durable:
            _sync(partial, os.O_RDONLY)
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    if durable:
        # The new name is on the disk only when its folder is.
        _sync(path.parent, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    opened = os.open(path, flags)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
