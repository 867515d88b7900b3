"""The command that makes the pictures of the README."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.cli.pictures import make_pictures
from pipeline.errors import GreenroomError


def test_without_a_browser_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GreenroomError, match="apt-get install chromium"):
        make_pictures(tmp_path)
