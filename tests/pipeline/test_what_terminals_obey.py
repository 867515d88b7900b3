"""Callers choose names, labels and words; no terminal of who operates obeys any of them."""

from __future__ import annotations

import io

import pytest

from pipeline.cli.summary import print_callers
from pipeline.cli.view import LinesView
from pipeline.frames import SessionEnd, SessionEnded, SessionOpened, Side, Transcript
from pipeline.logs import configure, escaped, get_logger, in_one_line, lines_about
from pipeline.turns.callers import CallerSummary

CLEARS = "\x1b[2J\x1b[31m\x9b2J\x07\x00"
OBEYED = set("\x1b\x9b\x07\x00\r\u2028")
FORGED = "hello\n12:00:00 [info] all is well\r\u2028and more"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("नमस्ते\tこんにちは (مرحبا)", "नमस्ते\tこんにちは (مرحبا)"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\nb\r\nc\u2028d\x85e", "a b c d e"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
    ],
)
def test_it_is_one_line_and_moves_no_cursor(text: str, shown: str) -> None:
    assert in_one_line(text) == shown


def test_lines_of_their_own_stay_where_there_may_be_several() -> None:
    assert escaped("Traceback:\n\tat\x1b[0m") == "Traceback:\n\tat\\x1b[0m"


def test_what_a_run_shows(capsys: pytest.CaptureFixture[str]) -> None:
    name, odd = f"a{CLEARS}{FORGED}", f"{CLEARS}{FORGED}"
    said = Transcript(
        session=name,
        turn=f"{name}:1",
        side=Side.USER,
        text=odd,
        backend="live",
        epoch=1,
        final=True,
    )
    ended = SessionEnded(session=name, reason=SessionEnd.HUNG_UP, detail=odd)
    with LinesView("local") as view:
        view.on_frame("supervisor", SessionOpened(session=name, labels={odd: odd}))
        view.on_frame("live", said)
        view.on_frame("supervisor", ended)
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == shown.count("\n") == 3
    assert not set(shown) & OBEYED
    print_callers([CallerSummary(name, {odd: odd}, 1.0, {}, odd)], 0)
    assert not set(capsys.readouterr().out) & OBEYED


def test_lines_of_the_log() -> None:
    written = io.StringIO()
    configure(written, actor="gateway")
    odd = f"{CLEARS}{FORGED}"
    with lines_about({odd: odd, "session": CLEARS}):
        get_logger("gateway").info("begins", path=CLEARS, problem=odd)
    line = written.getvalue()
    assert line.count("\n") == len(line.splitlines()) == 1
    assert not set(line) & OBEYED
