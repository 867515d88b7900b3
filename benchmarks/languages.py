"""Conversations in other languages than English, `python -m benchmarks.languages FOLDER [ar de]`.

Asks three questions, spoken by espeak-ng, of Live, whose quota is used up, then http, whose quota
is, and then the device. Says what was said aloud, and writes pictures of terminal and dashboard.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from actors.cli.page_picture import find_browser, take_picture
from actors.cli.pictures import draw
from actors.cli.watch.board import Board
from benchmarks.figures import table_of
from benchmarks.language_talk import TALKS, Talk, heard_aloud, write_talk
from pipeline.testing import running

STAYS_S = 15
"""A browser takes its picture 5 s after the last words on a busy machine."""


def hold(base: str, pictures: Path, browser: str) -> dict[str, float]:
    """Hold a conversation; return how like its voice each sentence was heard in it."""
    talk = TALKS[base]
    top, dashboard = pictures / f"{base}-top.svg", pictures / f"{base}-dashboard.png"
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        here = Path(folder)
        with running(write_talk(here, talk, stays_s=STAYS_S), cwd=here) as pipeline:

            def is_due(board: Board) -> bool:
                return _is_at_its_end(board, talk)

            asyncio.run(draw(pipeline.runtime_dir, browser, top, dashboard, is_due))
            pipeline.wait()
        heard = heard_aloud(talk, here / "out" / "answer.wav")
    asyncio.run(take_picture(browser, top.absolute().as_uri(), top.with_suffix(".png")))
    return heard


def _is_at_its_end(board: Board, talk: Talk) -> bool:
    return any(who == "gemini" and text == talk.last.written for who, text in board.lines)


def main() -> None:
    """Print the table and write the pictures."""
    pictures = Path(sys.argv[1])
    pictures.mkdir(parents=True, exist_ok=True)
    browser = find_browser()
    table = table_of("language", "said aloud", "alike")
    for base in sys.argv[2:] or TALKS:
        for sentence, alike in hold(base, pictures, browser).items():
            table.add_row(base, sentence, f"{alike:.2f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
