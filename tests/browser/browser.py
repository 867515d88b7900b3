"""A browser that a test drives over its own remote protocol: no driver has to be installed."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
from websockets.sync.client import connect

PATIENCE_S = 60.0
"""A browser on a busy machine takes seconds to start; an answer, some more."""
POLL_S = 0.05

TAP = Path(__file__).with_name("tap.js").read_text()
"""Runs in each page before its own scripts."""


class Socket:
    """Commands and events over the WebSocket of a browser."""

    def __init__(self, url: str) -> None:
        self._socket = connect(url, max_size=None, legacy=True, compression=None)
        self._ids = itertools.count(1)
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str = "", **params: Any) -> Any:
        """Do something; return its result."""
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv(timeout=PATIENCE_S))
            if answer.get("id") == number:
                assert answer.get("type") != "error", answer
                assert "error" not in answer, (method, answer)
                return answer["result"]
            self.events.append(answer)

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()


class Browser:
    """What tests do with a page, whichever browser shows it.

    Args:
        name: Of the program.
        arguments: For it.
        profile: Folder of its own.
        environment: That it runs in; None: that of the test.
    """

    def __init__(
        self,
        name: str,
        arguments: list[str],
        profile: Path,
        environment: dict[str, str] | None = None,
    ) -> None:
        program = shutil.which(name)
        if program is None:
            pytest.fail(f"this test needs a browser: apt-get install {name}")
        self.profile = profile
        self._log = (profile / "log").open("wb")
        self._process = subprocess.Popen(
            [program, *arguments], stdout=self._log, stderr=subprocess.STDOUT, env=environment
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()
        self._process.kill()
        self._process.wait()
        self._log.close()

    def close(self) -> None:
        """Let go of the connection to it."""

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression in the page; a promise is waited for."""
        raise NotImplementedError

    def screenshot(self, path: Path) -> None:
        """Write a picture of the page."""
        raise NotImplementedError

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        raise NotImplementedError

    def click(self, selector: str) -> None:
        """Click on an element, as a mouse does."""
        raise NotImplementedError

    def until(self, script: str, what: str) -> None:
        """Wait for an expression to be true."""
        eventually(lambda: self.evaluate(f"!!({script})"), what, lambda: self.evaluate(SAID))

    def text(self, selector: str) -> str:
        """Return the text of an element."""
        found: str = self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")
        return found

    def heard(self) -> tuple[bytes, int]:
        """Return what came out of the page: samples, and how many a second."""
        pcm = base64.b64decode(self.evaluate("heardPcm()"))
        return pcm, self.evaluate("heard.rate")


SAID = "document.body.innerText"


def eventually(look: Callable[[], Any], what: str, state: Callable[[], Any]) -> Any:
    """Wait until what is looked for is there; return it."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline_s, f"no {what} in {PATIENCE_S:g} s: {state()}"
        time.sleep(POLL_S)
    return found
