"""Pictures for the documentation: `top` and the dashboard, looking at the demo.

Usage: python -m actors.cli.pictures FOLDER

Runs the demo, connects to it, and writes FOLDER/top.svg and FOLDER/dashboard.png. The second one
needs Chromium.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from rich.cells import cell_len

from actors.cli.choose import CONFIGS
from actors.cli.dashboard.server import Dashboard
from actors.cli.page_picture import find_browser, take_picture
from actors.cli.top.app import TopApp
from actors.cli.watch.board import Board
from actors.cli.watch.listen import listening
from pipeline.cli.running import find_runtime_dir
from pipeline.config.description import read_description
from pipeline.errors import GreenroomError

TERMINAL = (132, 42)
"""Columns and rows: every panel shows what it has."""
HAS_TURNS = (
    "document.querySelectorAll('#words li').length > 0 && !!document.querySelector('#turns td')"
)
"""Whether the page shows a conversation and its turns."""
_DRAWN = re.compile(r'textLength="([0-9.]+)"([^>]*>)([^<]*)(?=</text>)')
"""How wide a piece of text is drawn, and the text."""
TURNS = 3
"""In the third one there is a history of two, and an answer that is being played."""
PATIENCE_S = 120.0
"""The demo takes 5 s a turn; only a run that has failed takes so long."""
POLL_S = 0.1


def make_pictures(folder: Path) -> list[Path]:
    """Run the demo and write both pictures; return their paths.

    Raises:
        GreenroomError: there is no browser, or the demo did not get so far.
    """
    browser = find_browser()
    folder.mkdir(parents=True, exist_ok=True)
    top, dashboard = folder / "top.svg", folder / "dashboard.png"
    with _demo() as runtime_dir:
        asyncio.run(draw(Path(runtime_dir), browser, top, dashboard, _is_answering))
    return [top, dashboard]


@contextmanager
def _demo() -> Iterator[str]:
    """Run the demo with more turns; give its runtime folder. Its files go with it."""
    item = {"path": str(CONFIGS / "speech" / "goforward.wav"), "start": "after_answer"}
    files = [str(CONFIGS / "speech" / "goforward.wav"), *[item] * (TURNS - 1)]
    with tempfile.TemporaryDirectory(prefix="gr-") as base:
        config = Path(base, "demo.yaml")
        microphone = {"options": {"files": files}}
        tree = {
            "extends": str(CONFIGS / "demo.yaml"),
            "name": "demo",
            "actors": {"microphone": microphone},
        }
        config.write_text(yaml.safe_dump(tree), encoding="utf-8")
        os.environ["XDG_RUNTIME_DIR"] = base
        command = [sys.executable, "-m", "actors.cli", "run", str(config), "--plain"]
        environment = {**os.environ, "XDG_STATE_HOME": base}
        process = subprocess.Popen(
            command,
            cwd=base,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield str(Path(base, "greenroom", "demo"))
        finally:
            process.terminate()
            process.wait()


async def draw(
    runtime_dir: Path, browser: str, top: Path, dashboard: Path, is_due: Callable[[Board], bool]
) -> None:
    """Write both pictures of a pipeline that runs or is about to, as soon as it is so far.

    Args:
        runtime_dir: Of the pipeline.
        browser: As `find_browser` returns it.
        top: File for the terminal's picture, an SVG.
        dashboard: File for the page's, a PNG.
        is_due: Whether it is so far.

    Raises:
        GreenroomError: it does not get so far, or the browser takes no picture.
    """
    await _until((runtime_dir / "pipeline.json").exists, "the start of the demo")
    description = read_description(find_runtime_dir(str(runtime_dir)))
    app = TopApp(Board(description, time.monotonic_ns()), listening)
    board = Board(description, time.monotonic_ns())
    async with Dashboard(board, 0) as page, app.run_test(size=TERMINAL) as pilot:
        with listening(board, "dashboard"):
            refreshing = asyncio.create_task(page.refresh())
            try:
                await _until(lambda: is_due(app.board), "an answer")
                app.show()
                await pilot.pause()
                drawn = app.export_screenshot(title="greenroom top")
                top.write_text(in_cells(drawn), encoding="utf-8")
                await take_picture(browser, page.url, dashboard, HAS_TURNS)
            finally:
                refreshing.cancel()
                await asyncio.gather(refreshing, return_exceptions=True)


def in_cells(drawn: str) -> str:
    """Return rich's picture with each text as wide as its cells in a terminal.

    Rich counts characters, and draws those of Chinese, Japanese and Korean, which take two cells,
    over one another.
    """

    def widened(found: re.Match[str]) -> str:
        length, between, escaped = found.groups()
        text = html.unescape(escaped)
        if not text:
            return found[0]
        return f'textLength="{float(length) * cell_len(text) / len(text):g}"{between}{escaped}'

    return _DRAWN.sub(widened, drawn)


def _is_answering(board: Board) -> bool:
    answers = [text for who, text in board.lines if who == "gemini"]
    return len(board.turns) >= TURNS - 1 and len(answers) >= TURNS


async def _until(condition: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise GreenroomError(
                f"{what} did not come: try `greenroom run configs/demo.yaml`, which says why"
            )
        await asyncio.sleep(POLL_S)


if __name__ == "__main__":
    for written in make_pictures(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")):
        print(f"wrote {written}")  # noqa: T201
