"""A recording with files of its own for each session."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from actors.services.recorder.file_part import file_part
from actors.services.recorder.rotating_writer import RotatingWriter, filled_in
from actors.services.recorder.rotation import RotationLimits
from pipeline.bus.blocking_subscriber import Taken
from pipeline.config.description import Description
from pipeline.frames import SessionEnded, SessionOpened
from pipeline.ports import SUPERVISOR
from pipeline.sessions import MOST_SESSIONS

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

    What concerns no session, such as heartbeats, is with the pipeline's own. A session that is
    asked for and refused has no file. The arguments are those of `RotatingWriter`; limits are those
    of each session's files.
    """

    def __init__(self, template: str, limits: RotationLimits, description: Description) -> None:
        self.late = 0
        """Frames that came so long after the end of their session that it has no file any more."""
        self._template = template
        self._limits = limits
        self._description = description
        self._writers: dict[str, RotatingWriter] = {}
        self._asked: dict[str, Taken] = {}
        """By whom it is brought, and not yet opened by the supervisor."""
        self._ended_ns: dict[str, int] = {}
        self._over: dict[str, None] = {}
        """The newest sessions that are over, oldest first."""

    def open(self) -> None:
        """Make the folder, so that what is wrong with the path shows at once.

        Raises:
            OSError: it cannot be made.
        """
        before = self._template.partition(PLACE)[0] + "x"
        folder = filled_in(before, self._description.pipeline).parent
        folder.mkdir(parents=True, exist_ok=True)

    def name_of(self, taken: Taken) -> str:
        """Return by which name the files are known in which a frame is."""
        return str(taken.frame["session"])

    def note(self, taken: Taken) -> None:
        """Take note of which sessions there are; to be called with all frames, recorded or not."""
        session, kind = str(taken.frame.get("session")), taken.frame.get("type")
        if kind == SessionEnded.type_name:
            self._ended_ns[session] = time.monotonic_ns()
        elif kind == SessionOpened.type_name:
            self._ended_ns.pop(session, None)
            self._over.pop(session, None)

    def write(self, taken: Taken) -> int:
        """Write a frame; return how many were written: one that waited for it may be, too.

        Raises:
            OSError: the disk is full, or the like; the next frame begins a new file.
        """
        session = str(taken.frame["session"])
        writer = self._writers.get(session)
        if writer is None:
            if not self._begins(session, taken):
                return 0
            writer = self._writers[session] = RotatingWriter(
                self._template, self._limits, replace(self._description, session=session)
            )
        asked = self._asked.pop(session, None)
        return sum(writer.write(each) for each in (asked, taken) if each is not None)

    def _begins(self, session: str, taken: Taken) -> bool:
        """Whether the file of a session begins with this frame."""
        kind = taken.frame["type"]
        if kind == SessionOpened.type_name and taken.actor != SUPERVISOR:
            self._asked[session] = taken
            _keep_newest(self._asked)
            return False
        if kind == SessionEnded.type_name:
            self._asked.pop(session, None)
            return False
        self.late += session in self._over
        return session not in self._over

    @property
    def files(self) -> list[Path]:
        """Those of the sessions that are open."""
        return [path for writer in self._writers.values() for path in writer.files]

    def tick(self) -> None:
        """Flush and rotate; close the files of sessions that are over.

        Raises:
            OSError: as `write`; all others were seen to.
        """
        now_ns = time.monotonic_ns()
        over = [name for name, at_ns in self._ended_ns.items() if now_ns - at_ns > LINGER_NS]
        for session in over:
            del self._ended_ns[session]
            self._over[session] = None
        _keep_newest(self._over)
        done = [writer for name in over if (writer := self._writers.pop(name, None))]
        _all_of(
            [*(writer.close for writer in done), *(each.tick for each in self._writers.values())]
        )

    def close(self) -> None:
        """End the files.

        Raises:
            OSError: as `write`; of all that could not be ended.
        """
        writers, self._writers = self._writers, {}
        _all_of([writer.close for writer in writers.values()])


def _keep_newest(names: dict[str, Any]) -> None:
    while len(names) > 2 * MOST_SESSIONS:
        del names[next(iter(names))]


def _all_of(works: Iterable[Callable[[], None]]) -> None:
    """Do all of it, whatever becomes of the rest.

    Raises:
        OSError: one or several of them failed; it says how, once for those that failed alike.
    """
    troubles: list[OSError] = []
    for work in works:
        try:
            work()
        except OSError as error:
            troubles.append(error)
    if troubles:
        raise OSError("; ".join(dict.fromkeys(map(str, troubles)))) from troubles[0]


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
