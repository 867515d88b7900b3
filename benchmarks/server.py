"""The simulated Gemini in a process of its own, so that it is not counted as ours."""

from __future__ import annotations

import json
import os
import shlex
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

TYPED_WORD = "line"
STOP_S = 10.0
"""For the process to end; only a broken one needs it."""


@dataclass(frozen=True)
class Server:
    """A running simulator.

    Attributes:
        base_url: Its https address.
        ca_file: The certificate authority it made.
    """

    base_url: str
    ca_file: str

    def arrivals(self) -> list[tuple[int, int]]:
        """Monotonic time in ns and bytes of every audio message so far."""
        return [(at_ns, size) for at_ns, size in self.journal()["arrivals"]]

    def turns(self) -> list[dict[str, Any]]:
        """The turns of the newest session."""
        found: list[dict[str, Any]] = self.journal()["sessions"][-1]["turns"]
        return found

    def journal(self) -> dict[str, Any]:
        """All it saw."""
        context = ssl.create_default_context(cafile=self.ca_file)
        url = f"{self.base_url}/simulator/journal?arrivals=1"
        with urllib.request.urlopen(url, context=context, timeout=STOP_S) as response:
            seen: dict[str, Any] = json.load(response)
        return seen


@contextmanager
def simulator(folder: Path, *answer: str | dict[str, Any]) -> Iterator[Server]:
    """Run a simulator that understands nothing and hums; write its address into `folder`.

    Args:
        folder: Gets `simulator.json`, which the option `server_file` of `live` takes.
        answer: What it says or does after each spoken turn, and each typed one that has
            `TYPED_WORD` in it: sentences, scenario actions.
    """
    actions = [{"say": each} if isinstance(each, str) else each for each in answer]
    scenario = folder / "scenario.yaml"
    rules = [{"when": when, "do": actions} for when in ("activity_end", {"heard": TYPED_WORD})]
    scenario.write_text(yaml.safe_dump({"rules": rules}))
    greenroom = Path(sys.executable).parent / "greenroom"
    command = [str(greenroom), "simulate", "--stt", "none", "--tts", "tone"]
    with subprocess.Popen(
        [*command, "--scenario", str(scenario)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            exports = dict(_export(process.stdout.readline()) for _ in range(2))
            server = Server(exports["GOOGLE_GEMINI_BASE_URL"], exports["SSL_CERT_FILE"])
            address = {"base_url": server.base_url, "api_key": "bench"}
            (folder / "simulator.json").write_text(json.dumps(address))
            # Found as the authorities of the real service are, and as many of them.
            with patch.dict(os.environ, SSL_CERT_FILE=server.ca_file):
                yield server
        finally:
            process.terminate()
            process.wait(STOP_S)


def _export(line: str) -> tuple[str, str]:
    name, _, value = line.removeprefix("export ").partition("=")
    return name, "".join(shlex.split(value))
