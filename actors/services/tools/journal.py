"""The ledger's memory on disk: survives a SIGKILL, not a power cut."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from actors.services.tools.ledger import CallKey, Entry, Phase

MAX_LINES = 10_000
"""Then the file is written anew with what the ledger still remembers: about 1 MB."""


class Journal:
    """An append-only file of what happened to each call.

    One write a line, without fsync: the page cache outlives the process. A file left by another
    run of the pipeline is not taken over: its callers are gone, and call ids may come again.
    """

    def __init__(
        self, path: Path, run: int, on_error: Callable[[OSError], None] | None = None
    ) -> None:
        """Name the file; `load` opens it.

        Args:
            path: The file.
            run: Identifies the run of the pipeline.
            on_error: Told when a line cannot be written (disk full); the calls go on.
        """
        self._path = path
        self._run = run
        self._on_error = on_error or _raise
        self._fd: int | None = None
        self._lines = 0

    def load(self) -> list[Entry]:
        """Return what an earlier process of this run wrote, in its order, and open for writing."""
        entries: dict[CallKey, Entry] = {}
        for line in self._read():
            key = CallKey(line["session"], line["call_id"])
            entries[key] = Entry(key, line["turn"], line["name"], Phase(line["phase"]))
        self.rewrite(entries.values())
        return list(entries.values())

    def write(self, entry: Entry) -> None:
        """Append one entry; the newest of a call counts."""
        self._append(_line(self._run, entry))

    @property
    def full(self) -> bool:
        """Worth writing anew."""
        return self._lines >= MAX_LINES

    def rewrite(self, entries: Iterable[Entry]) -> None:
        """Replace the file by one that holds only `entries`."""
        self.close()
        fresh = self._path.with_suffix(".new")
        lines = [_line(self._run, entry) for entry in entries]
        try:
            fresh.write_bytes(b"".join(lines))
            fresh.replace(self._path)
            self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            self._on_error(error)
        self._lines = len(lines)

    def close(self) -> None:
        """Close the file; what was written stays."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _append(self, line: bytes) -> None:
        if self._fd is None:
            return  # `on_error` was told when it could not be opened.
        self._lines += 1
        try:
            os.write(self._fd, line)
        except OSError as error:
            self._on_error(error)

    def _read(self) -> list[dict[str, Any]]:
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return []
        parsed = (_parse(line) for line in raw.splitlines())
        return [line for line in parsed if line is not None and line["run"] == self._run]


def _line(run: int, entry: Entry) -> bytes:
    fields = {
        "run": run,
        "phase": entry.phase,
        "session": entry.key.session,
        "call_id": entry.key.call_id,
        "turn": entry.turn,
        "name": entry.name,
    }
    return json.dumps(fields).encode() + b"\n"


def _parse(line: bytes) -> dict[str, Any] | None:
    """Return a line's fields; None for the torn last line of a killed process."""
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    complete = isinstance(fields, dict) and {
        "run", "phase", "session", "call_id", "turn", "name"
    } <= fields.keys()  # fmt: skip
    return fields if complete else None


def _raise(error: OSError) -> None:
    raise error
