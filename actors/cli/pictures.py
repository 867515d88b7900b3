"""Pictures for the documentation: `top` and the dashboard, looking at the demo.

Usage: python -m actors.cli.pictures FOLDER

Runs the demo, connects to it, and writes FOLDER/top.svg and FOLDER/dashboard.png. The second one
needs Chromium.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from actors.cli.choose import CONFIGS
from actors.cli.dashboard.server import Dashboard
from actors.cli.top.app import TopApp
from actors.cli.watch.board import Board
from actors.cli.watch.listen import listening
from pipeline.cli.running import find_runtime_dir
from pipeline.config.description import read_description
from pipeline.errors import GreenroomError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TERMINAL = (132, 42)
"""Columns and rows: every panel shows what it has."""
WINDOW = (1280, 960)
"""Pixels, the same for a browser."""
PAGE_MS = 3000
"""The page has its first panels from the websocket 0.2 s after it is loaded, all after 1 s."""
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
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise GreenroomError("the dashboard's picture needs a browser: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    top, dashboard = folder / "top.svg", folder / "dashboard.png"
    with _demo() as runtime_dir:
        asyncio.run(_draw(runtime_dir, browser, top, dashboard))
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


async def _draw(runtime: str, browser: str, top: Path, dashboard: Path) -> None:
    runtime_dir = Path(runtime)
    await _until((runtime_dir / "pipeline.json").exists, "the start of the demo")
    description = read_description(find_runtime_dir(runtime))
    app = TopApp(Board(description, time.monotonic_ns()), listening)
    board = Board(description, time.monotonic_ns())
    async with Dashboard(board, 0) as page, app.run_test(size=TERMINAL) as pilot:
        with listening(board, "dashboard"):
            refreshing = asyncio.create_task(page.refresh())
            try:
                await _until(lambda: _is_answering(app.board), "an answer")
                app.show()
                await pilot.pause()
                top.write_text(app.export_screenshot(title="greenroom top"), encoding="utf-8")
                await _screenshot(browser, page.url, dashboard)
            finally:
                refreshing.cancel()
                await asyncio.gather(refreshing, return_exceptions=True)


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


async def _screenshot(browser: str, url: str, path: Path) -> None:
    # Without a sandbox, since root has none; it opens one page of our own and nothing else.
    process = await asyncio.create_subprocess_exec(
        browser,
        "--headless",
        "--no-sandbox",
        "--hide-scrollbars",
        f"--window-size={WINDOW[0]},{WINDOW[1]}",
        f"--timeout={PAGE_MS}",
        f"--screenshot={path.absolute()}",
        url,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode or not path.exists():
        raise GreenroomError(f"the browser took no picture: {said.decode()[-500:]}")


if __name__ == "__main__":
    for written in make_pictures(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")):
        print(f"wrote {written}")  # noqa: T201
