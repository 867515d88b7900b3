"""What libraries log looks like all other lines, and tells no secret."""

from __future__ import annotations

import io
import logging

import pytest

from pipeline.library_lines import LibraryLines
from pipeline.logs import configure

KEY = "AIza-this-key-is-only-for-tests-0123456789"


@pytest.fixture
def written() -> io.StringIO:
    out = io.StringIO()
    configure(out, actor="gateway")
    return out


def test_a_warning_of_a_library_is_one_line_of_the_actor(
    written: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("some.library").warning("a strange %s", f"key={KEY}")
    caplog.set_level(logging.DEBUG, "some.chatty.library")
    logging.getLogger("some.chatty.library").info("nothing to worry about")
    (line,) = written.getvalue().splitlines()
    assert "[warning  ] a strange key=[secret]" in line
    assert line.split()[-2:] == ["actor=gateway", "library=some.library"]


def test_a_traceback_is_kept_without_secrets(written: io.StringIO) -> None:
    try:
        raise ValueError(KEY)
    except ValueError:
        logging.getLogger("some.library").exception("it broke")
    said = written.getvalue()
    assert "[error    ] it broke" in said
    assert "ValueError: [secret]" in said
    assert KEY not in said


def test_a_line_is_written_once_however_often_the_log_was_set_up(written: io.StringIO) -> None:
    configure(written, actor="gateway")
    logging.getLogger("some.library").error("once")
    assert len(written.getvalue().splitlines()) == 1


def test_what_is_wrong_with_a_line_ends_nothing(written: io.StringIO) -> None:
    wrong = {"msg": "two of %s", "args": ("one", "two"), "name": "some.library"}
    lines = LibraryLines("gateway")
    lines.handle(logging.makeLogRecord({**wrong, "levelno": logging.WARNING}))
    assert "[warning  ] two of %s" in written.getvalue()
    written.close()
    lines.handle(logging.makeLogRecord({**wrong, "levelno": logging.WARNING}))
