"""The files of one recording, one after the other."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from actors.services.recorder.file_part import file_part
from actors.services.recorder.mcap_file import McapFile
from actors.services.recorder.rotation import RotationLimits, is_due, numbered, surplus
from pipeline.bus.blocking_subscriber import Taken
from pipeline.config.description import Description
from pipeline.errors import ConfigError

ALL = ""
"""Name of the files of all sessions together."""
FLUSH_EVERY_NS = 1_000_000_000
"""A stream of a few words a minute would fill no chunk for hours."""


class RotatingWriter:
    """Writes frames to a file, and to the next when that is long or old enough.

    Args:
        template: Where; `{pipeline}`, `{session}` and `{time}` are filled in.
        limits: Of the files.
        description: Of the pipeline.
        written: Files of this recording that an earlier process wrote, oldest first.
    """

    def __init__(
        self,
        template: str,
        limits: RotationLimits,
        description: Description,
        written: Sequence[str] = (),
    ) -> None:
        self.files = [Path(each) for each in written]
        self.late = 0
        """Frames that came too late for a file: to files of all sessions none does."""
        self._limits = limits
        self._first = filled_in(template, description.pipeline, description.session)
        self._metadata = {
            "version": description.version,
            "pipeline": description.pipeline,
            "session": description.session,
            "started_ns": str(description.started_ns),
            "config_path": description.config_path,
            "config": json.dumps(description.config),
        }
        self._offset_ns = time.time_ns() - time.monotonic_ns()
        self._number = 0
        self._file: McapFile | None = None
        self._opened_ns = 0
        self._flushed_ns = 0

    def open(self) -> None:
        """Begin a file, so that what is wrong with the path shows at once.

        Raises:
            OSError: it cannot be written.
        """
        self._first.parent.mkdir(parents=True, exist_ok=True)
        self._number += 1
        while numbered(self._first, self._number).is_file():
            self._number += 1
        path = numbered(self._first, self._number)
        try:
            self._file = McapFile(path, self._metadata, self._offset_ns)
        except OSError:
            # Nothing in it: a disk that stays full would be strewn with such files.
            if path.is_file():
                path.unlink()
            raise
        self._opened_ns = self._flushed_ns = time.monotonic_ns()
        self.files.append(path)
        for old in surplus(self._limits, self.files):
            old.unlink(missing_ok=True)
            self.files.remove(old)

    def name_of(self, taken: Taken) -> str:
        """Return by which name the files are known in which a frame is: they are all the same."""
        return ALL

    def note(self, taken: Taken) -> None:
        """Take note of which sessions there are: these files are of all of them."""

    def write(self, taken: Taken) -> int:
        """Write a frame; return how many were written.

        Raises:
            OSError: the disk is full, or the like; the next frame begins a new file.
        """
        if self._file is None:
            self.open()
        assert self._file is not None
        try:
            self._file.write(taken)
        except OSError:
            self._abandon()
            raise
        return 1

    def tick(self) -> None:
        """Flush when it is time to; close a file that is long or old enough.

        Raises:
            OSError: as `write`.
        """
        now_ns = time.monotonic_ns()
        if self._file is None or now_ns - self._flushed_ns < FLUSH_EVERY_NS:
            return
        self._flushed_ns = now_ns
        try:
            self._file.flush()
        except OSError:
            self._abandon()
            raise
        if is_due(self._limits, self._file.size_bytes, (now_ns - self._opened_ns) / 1e9):
            self.close()

    def close(self) -> None:
        """End the file.

        Raises:
            OSError: as `write`.
        """
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError:
            self._abandon()
            raise
        self._file = None

    def _abandon(self) -> None:
        if self._file is not None:
            self._file.abandon()
            self._file = None


def filled_in(template: str, pipeline: str, session: str = "") -> Path:
    """Return the path of a recording that begins now.

    Raises:
        ConfigError: the template names something else than `{pipeline}`, `{session}` and `{time}`.
    """
    try:
        path = template.format(
            pipeline=pipeline, session=file_part(session), time=time.strftime("%Y%m%d-%H%M%S")
        )
    except (KeyError, IndexError, ValueError) as error:
        raise ConfigError(
            f"path {template!r}: only {{pipeline}}, {{session}} and {{time}} are filled in "
            f"({error})"
        ) from error
    return Path(path).absolute()
