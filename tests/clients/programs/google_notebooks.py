"""Cells of Google's cookbook, run as they are but for models that are no more and long pauses."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from checks import check, main
from google.genai import errors

COOKBOOK = Path(os.environ["EXAMPLES"]) / "cookbook" / "quickstarts"
SERVICE = "generativelanguage.googleapis.com"
SIMULATOR = os.environ["GOOGLE_GEMINI_BASE_URL"].removeprefix("https://")
# Google's cells pause so that who reads along can follow, and have nothing to wait for instead;
# here they need not as long.
PAUSES = {"asyncio.sleep(20)": "asyncio.sleep(16)", "time.sleep(10)": "time.sleep(2)"}
TOOLS = {
    "'gemini-live-2.5-flash-preview'": "'gemini-2.5-flash-native-audio-latest'",
    '"TEXT"': '"AUDIO"',
    "asyncio.sleep(10)": "asyncio.sleep(3)",
    "asyncio.sleep(6)": "asyncio.sleep(3)",
    "asyncio.sleep(5)": "asyncio.sleep(2)",
    # Transcripts are to show what is said aloud.
    '"response_modalities": ["AUDIO"],': '"response_modalities": ["AUDIO"], '
    '"output_audio_transcription": {},',
    **PAUSES,
}


class Notebook:
    """Cells that share their names, as in Jupyter."""

    def __init__(self, path: Path, patches: Mapping[str, str]) -> None:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        self.cells = [text for text in texts if not text.startswith("%pip")]
        self._patches = patches
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self.shown: list[Any] = []
        _fake_jupyter(self.shown)

    async def run(self, text: str) -> str:
        """Runs one cell; what it printed."""
        for old, new in self._patches.items():
            text = text.replace(old, new)
        code = compile(text, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            result = eval(code, self._names)
            if inspect.iscoroutine(result):
                await result
        return printed.getvalue()

    async def run_until(self, words: str) -> str:
        """Runs the cells up to the one with these words, which are run but once."""
        while self.cells:
            cell = self.cells.pop(0)
            printed = await self.run(cell)
            if words in cell:
                return printed
        raise AssertionError(f"no cell with {words!r} is left")


def _fake_jupyter(shown: list[Any]) -> None:
    display = ModuleType("IPython.display")
    for name in ("Audio", "HTML", "Markdown"):
        setattr(display, name, lambda *given, **named: (given, named))
    display.display = shown.append  # type: ignore[attr-defined]
    colab = ModuleType("google.colab")
    colab.userdata = {"GEMINI_API_KEY": "any-key"}  # type: ignore[attr-defined]
    modules = {"IPython": ModuleType("IPython"), "IPython.display": display, "google.colab": colab}
    sys.modules.update(modules)


def notebook(path: str, patches: Mapping[str, str]) -> Notebook:
    """A notebook that writes its sound somewhere else."""
    os.chdir(tempfile.mkdtemp())
    return Notebook(COOKBOOK / path, patches)


def said(printed: str) -> str:
    """What the transcripts say that a cell printed as JSON."""
    found = re.findall(r'"output_transcription":\{"text":("(?:[^"\\]|\\.)*")', printed)
    return "".join(json.loads(text) for text in found)


@check
async def live_api_notebook() -> str:
    book = notebook("Get_started_LiveAPI.ipynb", PAUSES)
    printed = await book.run_until("turns_session_2")
    assert "handle: None" not in printed, printed
    # It keeps the handle of its first turn, as Google's own output of it shows.
    words = printed.rpartition("?")[2].replace(".", "")
    assert words.split() == ["There", "is", "no", "second", "one", "yet"], printed
    assert len(book.shown) >= 5
    return printed


@check
async def websockets_notebook() -> str:
    book = notebook("websockets/Get_started_LiveAPI.ipynb", {SERVICE: SIMULATOR, **PAUSES})
    printed = await book.run_until("turn off the lights?")
    assert "Tool call: turn_off_the_lights({})" in printed, printed
    return printed


class Tools:
    """The notebook about tools, run up to its first use of them."""

    def __init__(self) -> None:
        self.book = notebook("Get_started_LiveAPI_tools.ipynb", TOOLS)

    async def cell(self, words: str) -> str:
        """Runs the definitions and then the cell with these words, and no other example."""
        defining = [
            cell
            for cell in self.book.cells
            if words in cell or not re.search(r"^await |\nawait ", cell)
        ]
        self.book.cells = defining
        return await self.book.run_until(words)


@check
async def tools_function() -> str:
    printed = await Tools().cell('prompt = "Turn on the lights"')
    assert printed.count("name='turn_on_the_lights'") == 1, printed
    return printed


@check
async def tools_blocking() -> str:
    printed = await Tools().cell('"behavior": "UNSPECIFIED"')
    words = said(printed)
    asked = printed.index("tell me about the Paris casino")
    assert "tool_call_cancellation" not in printed
    assert printed.index(">> Done") > asked
    assert 0 <= words.find("eather") < words.find("Paris casino"), words
    return words


@check
async def tools_interrupt() -> str:
    printed = await Tools().cell('scheduling="INTERRUPT"')
    assert '"interrupted":true' in printed, printed
    return said(printed)


@check
async def tools_when_idle() -> str:
    printed = await Tools().cell('scheduling="WHEN_IDLE"')
    words = said(printed)
    assert words.find("Paris casino") < words.rfind("eather"), words
    return words


@check
async def tools_silent() -> str:
    printed = await Tools().cell('scheduling="SILENT"')
    assert ">> Done" in printed, printed
    return said(printed)


@check
async def tools_search() -> str:
    tools = Tools()
    await tools.cell("latest Brazil vs. Argentina")
    shown = repr(tools.book.shown)
    assert "google.com/search?q=" in shown, shown
    return shown[-200:]


@check
async def tools_code_execution_is_refused() -> str:
    refused: list[errors.APIError] = []
    try:
        await Tools().cell("largest prime palindrome under 100000.")
    except errors.APIError as error:
        refused.append(error)
    assert [error.code for error in refused] == [1007]
    return str(refused)


main()
