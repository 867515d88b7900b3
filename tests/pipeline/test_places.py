"""Pipelines are found wherever they run on this machine, whatever the environment says."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.bus.endpoint import EndpointLock
from pipeline.cli import places
from pipeline.cli.places import PlaceState, state_of
from pipeline.cli.running import find_runtime_dir
from pipeline.errors import GreenroomError
from pipeline.ports import SUPERVISOR


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose sockets have short paths, wherever the test's own is."""
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        yield Path(folder)


@pytest.fixture
def here(short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runtime folder of the shell; other pipelines of this machine are not looked for."""
    own = short / "own"
    own.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(own))
    monkeypatch.setattr(places, "RUNTIME_DIRS", ())
    monkeypatch.setattr(places, "SOCKETS", tmp_path / "no sockets")
    return own / "greenroom"


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """What a supervisor holds: a lock and a socket."""
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as bound, EndpointLock(folder, SUPERVISOR):
        bound.bind(str(folder / SUPERVISOR))
        bound.listen()
        yield


def test_the_only_one_is_found(here: Path) -> None:
    with running(here / "demo"):
        assert find_runtime_dir(None) == here / "demo"
        assert find_runtime_dir("demo") == here / "demo"
    assert state_of(here / "demo") is PlaceState.OVER
    with pytest.raises(GreenroomError, match=r"no pipeline is running: .*looked in"):
        find_runtime_dir(None)


def test_one_elsewhere_is_found_by_its_socket(here: Path, short: Path) -> None:
    service = short / "service" / "greenroom" / "robot"
    with running(service):
        # The real list has the pipelines of other tests that run now.
        lines = Path("/proc/net/unix").read_text().splitlines()
        mine = [line for line in lines if str(short) in line]
        assert mine
        places.SOCKETS.write_text("\n".join([lines[0], *mine]))
        assert find_runtime_dir(None) == service
        assert find_runtime_dir("robot") == service
        with running(here / "demo"):
            assert find_runtime_dir(None) == here / "demo"
            assert find_runtime_dir("robot") == service


def test_one_in_a_usual_place_is_found(
    here: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "RUNTIME_DIRS", (f"{short}/run/*",))
    with running(short / "run" / "7" / "robot"):
        assert find_runtime_dir(None).name == "robot"


def test_two_of_one_name_are_told_apart(
    here: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "RUNTIME_DIRS", (f"{short}/run/*",))
    one, two = (short / "run" / user / "robot" for user in ("1", "2"))
    with running(one), running(two):
        with pytest.raises(GreenroomError, match=f"several are running: {one}, {two}"):
            find_runtime_dir("robot")
        assert find_runtime_dir(str(two)) == two


def test_that_of_another_user_is_named(
    here: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may enter every folder: what the kernel says to anybody else is put in its place.
    monkeypatch.setattr(places, "state_of", lambda _folder: PlaceState.HIDDEN)
    with running(here / "robot"), pytest.raises(GreenroomError, match="another user's: ask as"):
        find_runtime_dir(None)


@pytest.mark.parametrize("name", ["nowhere/", "/dev/null", "/", "robot"])
def test_where_nothing_runs_it_is_said(here: Path, name: str) -> None:
    with pytest.raises(GreenroomError, match=r"no pipeline .*run"):
        find_runtime_dir(name)


def test_looking_takes_no_lock_from_a_pipeline_that_starts(here: Path) -> None:
    (here / "demo").mkdir(parents=True)
    assert state_of(here / "demo") is PlaceState.OVER
    assert not list((here / "demo").iterdir())
