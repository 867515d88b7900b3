"""Google's own example programs, as they are, with sound cards and cameras that are not there."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

from checks import PATIENCE_S, check, main

EXAMPLES = Path(os.environ["EXAMPLES"])
COOKBOOK = EXAMPLES / "cookbook" / "quickstarts"
COMMAND_LINE = EXAMPLES / "gemini-live-api-examples" / "command-line" / "python"
SPEECH = Path(os.environ["SPEECH_FOLDER"])
FAKES = Path(__file__).with_name("fakes")
SERVICE = "generativelanguage.googleapis.com"
SIMULATOR = os.environ["GOOGLE_GEMINI_BASE_URL"].removeprefix("https://")


class Script:
    """A program that runs until the block ends; what it prints can be waited for."""

    def __init__(self, path: Path, *arguments: str, patches: dict[str, str] | None = None) -> None:
        text = path.read_text(encoding="utf-8")
        for old, new in (patches or {}).items():
            assert old in text, f"{path.name} has no {old!r} any more"
            text = text.replace(old, new)
        self._command = [sys.executable, "-u", "-c", text, *arguments]
        self._lines: queue.Queue[str] = queue.Queue()
        self.output = ""

    def __enter__(self) -> Script:
        path = f"{FAKES}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PYTHONPATH": str(FAKES), "PATH": path}
        self._process = subprocess.Popen(
            self._command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()

    def type(self, line: str) -> None:
        """Somebody types a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def until(self, pattern: str) -> None:
        """Waits until the pattern is in all that was printed."""
        while not re.search(pattern, self.output, re.DOTALL):
            try:
                self.output += self._lines.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"no {pattern!r} in {self.output[-3000:]!r}") from None

    def ends(self) -> int:
        """Waits for its end; the exit status."""
        return self._process.wait(PATIENCE_S)

    def _read(self) -> None:
        assert self._process.stdout is not None
        while character := self._process.stdout.read(1):
            self._lines.put(character)


@check
def cookbook_live_api() -> str:
    with Script(COOKBOOK / "Get_started_LiveAPI.py", "--mode", "camera") as script:
        script.until(r"You: Ten.*clubs")
        script.until(r"played 1 s")
        script.type("what do you see?")
        script.until(r"received.*picture")
        script.type("q")
        assert script.ends() == 0, script.output
        return script.output[-300:]


@check
def cookbook_native_audio() -> str:
    # `asyncio.ExceptionGroup` is not there in any Python: a fault of the example.
    patches = {"except asyncio.ExceptionGroup as eg": "except ExceptionGroup as eg"}
    path = COOKBOOK / "Get_started_LiveAPI_NativeAudio.py"
    with Script(path, patches=patches) as script:
        script.until(r"played 1 s")
        return script.output


@check
def cookbook_translation() -> str:
    sound = str(SPEECH / "cards-001.wav")
    path = COOKBOOK / "Get_started_LiveTranslate.py"
    with Script(path, "--url", sound, "--target", "es") as script:
        script.until(r"Source.*Ten.*clubs")
        script.until(r"Translation \(es\)\] Ten.*clubs")
        script.until(r"Audio stream finished")
        assert script.ends() == 0, script.output
        return script.output[-300:]


@check
def cookbook_websockets() -> str:
    # It names its host itself.
    path = COOKBOOK / "websockets" / "Get_started_LiveAPI.py"
    with Script(path, "--mode", "camera", patches={SERVICE: SIMULATOR}) as script:
        script.until(r"played 1 s.*End of turn")
        script.type("hello there")
        script.until(r"End of turn.*End of turn")
        return script.output[-300:]


@check
def command_line() -> str:
    with Script(COMMAND_LINE / "main.py") as script:
        script.until(r"Connected to Gemini.*Ten.*clubs.*Ten.*clubs")
        script.until(r"played 1 s")
        return script.output


main()
