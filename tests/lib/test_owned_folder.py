"""Temporary folders, and those of processes that were killed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from actors.lib.owned_folder import OwnedFolder, sweep

HOLD = """
import sys
from actors.lib.owned_folder import OwnedFolder
with OwnedFolder("test-") as folder:
    (folder.path / "file").touch()
    print(folder.path, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_a_folder_is_there_as_long_as_it_is_held(tmp_path: Path) -> None:
    with OwnedFolder("test-") as folder:
        (folder.path / "below").mkdir()
        (folder.path / "below" / "file").touch()
        assert list(tmp_path.iterdir()) == [folder.path]
        assert sweep("test-") == []
        with OwnedFolder("test-") as second:
            assert second.path != folder.path
            assert (folder.path / "below" / "file").exists()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_killed_process_is_removed_by_the_next(tmp_path: Path) -> None:
    other = tmp_path / "other-1"
    other.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        held = Path(process.stdout.readline().strip())
        assert sweep("test-") == []
        assert (held / "file").exists()
        process.kill()
    assert held.exists()
    with OwnedFolder("test-") as folder:
        assert not held.exists()
        assert folder.path.exists()
    assert list(tmp_path.iterdir()) == [other]


def test_a_file_of_the_prefix_and_a_link_are_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (tmp_path / "test-file").touch()
    (tmp_path / "test-link").symlink_to(kept)
    assert sweep("test-") == []
    assert kept.exists()
