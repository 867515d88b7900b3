"""The command that makes the pictures of the README."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from actors.cli.pictures import BROWSERS, make_pictures
from pipeline.errors import GreenroomError

BROWSER = """#!{python}
import sys, urllib.request
(target,) = [each.partition("=")[2] for each in sys.argv if each.startswith("--screenshot=")]
with urllib.request.urlopen(sys.argv[-1]) as page, open(target, "wb") as picture:
    picture.write(page.read())
"""
"""Stands in for Chromium: it writes the page that it was given where the picture should go."""


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
