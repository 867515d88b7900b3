"""A recording with files of its own for each session."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from actors.services.recorder.file_part import file_part
from actors.services.recorder.rotating_writer import RotatingWriter, filled_in
from actors.services.recorder.rotation import RotationLimits
from pipeline.bus.blocking_subscriber import Taken
from pipeline.config.description import Description
from pipeline.frames import SessionEnded, SessionOpened

PLACE = "{session}"
"""In the path of a recording: each session has files of its own."""
TIME = "{time}"
SESSION_MARK, TIME_MARK, NUMBER_MARK = "\x01", "\x02", "\x03"
"""Stand for what differs from file to file: no path holds them, and no pattern changes them."""
LINGER_NS = 5_000_000_000
"""How long after the end of a session frames of it may come: those under way when a busy machine
learns of it."""


class SessionFiles:
    """Writes the frames of each session to files of their own, as `RotatingWriter` does.

    What concerns no session, such as heartbeats, is with the pipeline's own. The arguments are
    those of `RotatingWriter`; limits are those of each session's files.
    """

    def __init__(self, template: str, limits: RotationLimits, description: Description) -> None:
        self._template = template
        self._limits = limits
        self._description = description
        self._writers: dict[str, RotatingWriter] = {}
        self._ended_ns: dict[str, int] = {}

    def open(self) -> None:
        """Make the folder, so that what is wrong with the path shows at once.

        Raises:
            OSError: it cannot be made.
        """
        before = self._template.partition(PLACE)[0] + "x"
        folder = filled_in(before, self._description.pipeline).parent
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, taken: Taken) -> None:
        """Write a frame.

        Raises:
            OSError: the disk is full, or the like; the next frame begins a new file.
        """
        session, kind = str(taken.frame["session"]), taken.frame["type"]
        writer = self._writers.get(session)
        if writer is None:
            writer = self._writers[session] = RotatingWriter(
                self._template, self._limits, replace(self._description, session=session)
            )
        # Before it is written: a full disk keeps no file open for ever.
        if kind == SessionEnded.type_name:
            self._ended_ns[session] = time.monotonic_ns()
        elif kind == SessionOpened.type_name:
            self._ended_ns.pop(session, None)
        writer.write(taken)

    @property
    def files(self) -> list[Path]:
        """Those of the sessions that are open."""
        return [path for writer in self._writers.values() for path in writer.files]

    def tick(self) -> None:
        """Flush and rotate; close the files of sessions that are over.

        Raises:
            OSError: as `write`.
        """
        now_ns = time.monotonic_ns()
        for session, ended_ns in list(self._ended_ns.items()):
            if now_ns - ended_ns > LINGER_NS:
                del self._ended_ns[session]
                self._writers.pop(session).close()
        for writer in self._writers.values():
            writer.tick()

    def close(self) -> None:
        """End the files.

        Raises:
            OSError: as `write`; of the first that could not be ended.
        """
        troubles: list[OSError] = []
        for writer in self._writers.values():
            try:
                writer.close()
            except OSError as error:
                troubles.append(error)
        self._writers.clear()
        if troubles:
            raise troubles[0]


Files = RotatingWriter | SessionFiles


def files_for(
    template: str,
    limits: RotationLimits,
    description: Description,
    written: Sequence[str] = (),
) -> Files:
    """Return what writes a recording: as `RotatingWriter`, or with files for each session."""
    if PLACE in template:
        return SessionFiles(template, limits, description)
    return RotatingWriter(template, limits, description, written)


def recordings_of(template: str, pipeline: str, session: str) -> list[Path]:
    """Return the files there are of a session, whenever it was recorded.

    One of them may be of another session whose name ends with a number, such as `anna-2`: what is
    in the file says it.
    """
    before = filled_in(template.partition(PLACE)[0].partition(TIME)[0] + "x", pipeline).parent
    whole = Path(template.replace(PLACE, SESSION_MARK).replace(TIME, TIME_MARK)).absolute()
    numbered = str(whole.with_name(whole.stem + NUMBER_MARK + whole.suffix))
    pattern = re.escape(numbered.format(pipeline=pipeline))
    marks = {
        SESSION_MARK: re.escape(file_part(session)),
        TIME_MARK: r"\d{8}-\d{6}",
        NUMBER_MARK: r"(-\d+)?",
    }
    for mark, stands_for in marks.items():
        pattern = pattern.replace(mark, stands_for)
    found = before.rglob(f"*{whole.suffix}") if before.is_dir() else []
    return sorted(path for path in found if re.fullmatch(pattern, str(path)))
