"""A library is imported as if another were not there, and the other is there again afterwards."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

from pipeline.absent import absent


def test_an_import_fails_within_the_block_and_works_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "companion.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with absent("companion"), pytest.raises(ImportError):
        importlib.import_module("companion")
    assert importlib.import_module("companion")
    del sys.modules["companion"]


def test_what_was_imported_before_is_there_again_after_it() -> None:
    with absent("json"), pytest.raises(ImportError):
        importlib.import_module("json")
    assert sys.modules["json"] is json


def test_it_is_there_again_when_the_import_fails() -> None:
    with pytest.raises(RuntimeError), absent("json"):
        raise RuntimeError
    assert sys.modules["json"] is not None
