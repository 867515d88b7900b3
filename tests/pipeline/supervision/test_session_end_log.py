"""The log of the ends of sessions."""

from __future__ import annotations

import io

from pipeline.frames import SessionEnd, SessionEnded
from pipeline.logs import get_logger, session_labels
from pipeline.supervision.session_end_log import LINES, SessionEndLog

REFUSED = SessionEnded(session="anna", reason=SessionEnd.REFUSED, detail="busy")


def test_the_end_of_a_session_has_its_labels_whatever_they_are_named(log: io.StringIO) -> None:
    labels = session_labels("anna", {"business": "42", "self": "s", "level": "l", "how": "h"})
    SessionEndLog(get_logger("supervisor")).add(REFUSED, labels)
    line = log.getvalue()
    for part in ("a session ended", "session=anna", "business=42", "self=s", "how=refused"):
        assert part in line


def test_of_a_flood_only_the_first_have_a_line(log: io.StringIO) -> None:
    ends = SessionEndLog(get_logger("supervisor"))
    for _ in range(LINES + 5):
        ends.add(REFUSED, {"session": "anna"})
    assert len(log.getvalue().splitlines()) == LINES
