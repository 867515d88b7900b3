"""A picture of a page, taken by Chromium once the page shows what it is for."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import GreenroomError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WINDOW = (1280, 960)
"""Pixels."""
PATIENCE_S = 60.0
"""A browser on a busy machine takes seconds to start, and seconds more to draw."""
POLL_S = 0.1
LOADED = "document.readyState === 'complete' && location.href !== 'about:blank'"
PORT_FILE = "DevToolsActivePort"
"""Port and path of the browser's own protocol, in its profile."""


def find_browser() -> str:
    """Return the program that takes pictures of pages.

    Raises:
        GreenroomError: there is none.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise GreenroomError("the picture of a page needs a browser: apt-get install chromium")
    return browser


async def take_picture(browser: str, url: str, path: Path, shows: str = LOADED) -> None:
    """Write a picture of a page as a PNG.

    Args:
        browser: As `find_browser` returns it.
        url: Of the page.
        path: File for the picture.
        shows: Expression in JavaScript that is true once the page shows what is wanted.

    Raises:
        GreenroomError: the browser does not start, or the page does not show it.
    """
    try:
        async with asyncio.timeout(PATIENCE_S), _page(browser, url) as page:
            await _until(page, shows)
            picture = await _call(page, "Page.captureScreenshot")
    except (OSError, TimeoutError) as error:
        raise GreenroomError(f"{browser} took no picture of {url}: {error!r}") from error
    path.write_bytes(base64.b64decode(picture["data"]))


@asynccontextmanager
async def _page(browser: str, url: str) -> AsyncIterator[ClientConnection]:
    """Show a page in a browser of one's own; give the connection to it."""
    from websockets.asyncio.client import connect

    with tempfile.TemporaryDirectory(prefix="gr-", ignore_cleanup_errors=True) as profile:
        # Without a sandbox, since root has none; it opens one page of our own and nothing else.
        process = await asyncio.create_subprocess_exec(
            browser,
            *("--headless", "--no-sandbox", "--hide-scrollbars", "--remote-debugging-port=0"),
            *(f"--window-size={WINDOW[0]},{WINDOW[1]}", f"--user-data-dir={profile}"),
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            port, path = await _where(Path(profile, PORT_FILE), process)
            async with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as whole:
                target = (await _call(whole, "Target.createTarget", url=url))["targetId"]
                at = f"ws://127.0.0.1:{port}/devtools/page/{target}"
                async with connect(at, max_size=None) as page:
                    yield page
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _until(page: ClientConnection, shows: str) -> None:
    while True:
        found = await _call(page, "Runtime.evaluate", expression=shows)
        if found["result"].get("value"):
            return
        await asyncio.sleep(POLL_S)


async def _where(port_file: Path, process: asyncio.subprocess.Process) -> list[str]:
    while not (port_file.exists() and len(lines := port_file.read_text().split()) == 2):
        if process.returncode is not None:
            raise OSError(f"it ended with {process.returncode}")
        await asyncio.sleep(POLL_S)
    return lines


async def _call(socket: ClientConnection, method: str, **params: Any) -> dict[str, Any]:
    await socket.send(json.dumps({"id": 1, "method": method, "params": params}))
    while True:
        answer: dict[str, Any] = json.loads(await socket.recv())
        if "id" in answer:
            if "error" in answer:
                raise OSError(f"{method}: {answer['error']}")
            result: dict[str, Any] = answer["result"]
            return result
