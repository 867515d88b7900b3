"""Folders of sockets and of state: where they are, whose they are, and what is said if not."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from pathlib import Path

import pytest

from pipeline.bus.endpoint import (
    IPC_PATH_MAX_BYTES,
    EndpointLock,
    default_runtime_dir,
    make_private_dir,
)
from pipeline.config.build import default_state_dir
from pipeline.errors import ConfigError

NOBODY = 65534


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)


def owned_by_others(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make a folder look as if somebody else had made it."""
    stat = os.stat

    def other(path: Path | str, **how: bool) -> os.stat_result:
        found = stat(path, **how)
        if Path(path) == folder:
            return os.stat_result((*found[:4], NOBODY, *found[5:10]))
        return found

    monkeypatch.setattr(os, "stat", other)
    monkeypatch.setattr(os, "lstat", lambda path: other(path, follow_symlinks=False))


def test_a_folder_that_somebody_else_made_is_refused_at_whatever_height(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "greenroom" / "demo"
    make_private_dir(folder, "runtime_dir")
    assert folder.stat().st_mode & 0o777 == 0o700
    for other in (folder, folder.parent, tmp_path):
        with monkeypatch.context() as patch:
            owned_by_others(patch, other)
            with pytest.raises(ConfigError, match=f"{other} belongs to another user"):
                make_private_dir(folder, "runtime_dir")


def test_a_link_that_somebody_else_made_is_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    make_private_dir(link / "demo", "runtime_dir")
    owned_by_others(monkeypatch, link)
    with pytest.raises(ConfigError, match=f"{link} belongs to another user"):
        make_private_dir(link / "demo", "runtime_dir")


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in its place")
    with pytest.raises(ConfigError, match=r"cannot be made .*set runtime_dir to another"):
        make_private_dir(tmp_path / "file" / "demo", "runtime_dir")


def test_a_temporary_folder_whose_path_is_too_long_for_sockets_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    long = tmp_path / ("x" * IPC_PATH_MAX_BYTES)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    assert default_runtime_dir("demo") == Path(f"/tmp/greenroom-{os.getuid()}/demo")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    assert default_runtime_dir("demo") == Path(f"/tmp/greenroom-{os.getuid()}/demo")


def test_the_runtime_folder_of_another_user_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Path(tempfile.mkdtemp(dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    assert default_runtime_dir("demo") == short / "greenroom" / "demo"
    owned_by_others(monkeypatch, short)
    assert default_runtime_dir("demo").parts[:2] == ("/", "tmp")
    assert default_runtime_dir("demo").parent.name == f"greenroom-{os.getuid()}"
    short.rmdir()


def test_without_any_folder_that_can_be_written_it_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(ConfigError, match="set XDG_RUNTIME_DIR or TMPDIR"):
        default_runtime_dir("demo")


def test_state_lies_in_the_temporary_folder_where_there_is_no_home_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_state_dir("demo") == tmp_path / "greenroom" / "demo"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_state_dir("demo") == tmp_path / ".local/state/greenroom/demo"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_state_dir("demo") == tmp_path / "home/.local/state/greenroom/demo"
    stand_in = Path(tempfile.gettempdir()) / f"greenroom-state-{os.getuid()}" / "demo"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert default_state_dir("demo").parts[-2:] == stand_in.parts[-2:]
    monkeypatch.undo()
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)

    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    assert default_state_dir("demo").parts[-2:] == stand_in.parts[-2:]


def test_a_lock_knows_that_its_file_was_removed_or_is_another(tmp_path: Path) -> None:
    with EndpointLock(tmp_path, "vad") as lock:
        assert lock.is_there
        (tmp_path / "vad.lock").unlink()
        assert not lock.is_there
        (tmp_path / "vad.lock").write_text("of somebody else")
        assert not lock.is_there
    assert not lock.is_there


def test_who_looks_whether_a_lock_is_held_does_not_keep_a_publisher_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "vad.lock").open("w") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr(time, "sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN))
        with EndpointLock(tmp_path, "vad") as lock:
            assert lock.is_there


def test_a_lock_holds_also_on_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "vad.lock").symlink_to("/dev/full")
    with EndpointLock(tmp_path, "vad") as lock:
        assert lock.is_there
