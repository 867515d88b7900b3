"""The command that makes the pictures of the README."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from actors.cli.page_picture import BROWSERS
from actors.cli.pictures import in_cells, make_pictures
from pipeline.errors import GreenroomError

BROWSER = """#!{python}
import base64, json, sys, urllib.request
from pathlib import Path
from websockets.sync.server import serve
(profile,) = [each.partition("=")[2] for each in sys.argv if each.startswith("--user-data-dir=")]
shown = []
def answered(method, params):
    if method == "Target.createTarget":
        shown.append(params["url"])
        return dict(targetId="1")
    if method == "Runtime.evaluate":
        return dict(result=dict(value="#words li" in params["expression"]))
    with urllib.request.urlopen(shown[0]) as page:
        return dict(data=base64.b64encode(page.read()).decode())
def answer(socket):
    for message in map(json.loads, socket):
        result = answered(message["method"], message["params"])
        socket.send(json.dumps(dict(id=message["id"], result=result)))
with serve(answer, "127.0.0.1", 0) as server:
    port = server.socket.getsockname()[1]
    Path(profile, "DevToolsActivePort").write_text(f"{{port}}\\n/browser")
    server.serve_forever()
"""
"""Stands in for Chromium: its picture of a page is the page."""


def test_they_show_a_conversation_and_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / BROWSERS[0]
    browser.write_text(BROWSER.format(python=sys.executable))
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    top, dashboard = make_pictures(tmp_path / "made")
    drawn = top.read_text(encoding="utf-8").replace("&#160;", " ")
    assert drawn.startswith("<svg")
    for words in ("Moving forward ten meters.", "microphone.audio", "answered", "live answers"):
        assert words in drawn
    assert b"page.mjs" in dashboard.read_bytes()


def test_without_a_browser_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GreenroomError, match="apt-get install chromium"):
        make_pictures(tmp_path)


def test_text_is_drawn_as_wide_as_in_a_terminal() -> None:
    drawn = '<text x="0" textLength="{}" clip-path="url(#a)">{}</text>'
    latin, wide = drawn.format("61", "a &amp; b"), drawn.format("36.6", "今日は")
    assert in_cells(latin + wide) == latin + drawn.format("73.2", "今日は")
