"""What is installed is what runs here: every file that the code opens is in the package."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from pipeline.version import VERSION

ROOT = Path(__file__).parent.parent
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
FOR_READERS = {"actors/simulator/README.md"}
"""Files that no code opens."""


def sources() -> set[str]:
    """Return the files of the packages, as they lie here."""
    return {
        str(path.relative_to(ROOT))
        for package in SETUPTOOLS["package-data"]
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def packed() -> set[str]:
    """Return the data files that setuptools packs, by the patterns of pyproject.toml."""
    return {
        str(path.relative_to(ROOT))
        for package, patterns in SETUPTOOLS["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package).glob(pattern)
    }


def test_every_file_that_is_no_module_is_packed() -> None:
    data = {path for path in sources() if not path.endswith(".py")}
    assert data - packed() == FOR_READERS


def test_every_folder_with_a_module_is_a_package() -> None:
    folders = {(ROOT / path).parent for path in sources() if path.endswith(".py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_the_version_is_that_of_the_installed_package() -> None:
    assert metadata.version("greenroom") == VERSION


@pytest.mark.slow
def test_the_wheel_has_every_file_and_runs_where_nothing_else_of_it_is(tmp_path: Path) -> None:
    # As an argument of pip, the folder would be built in place and keep what it was built from.
    copy = tmp_path / "source"
    for path in [*sources(), "pyproject.toml", "README.md", "LICENSE"]:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes((ROOT / path).read_bytes())
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", tmp_path, copy], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert sources() - set(archive.namelist()) == FOR_READERS
    site = tmp_path / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for arguments in (
        ["--version"],
        ["check", str(site / "configs" / "robot.yaml")],
        ["run", "--demo", "--duration", "5", "--plain"],
    ):
        done = subprocess.run(
            [sys.executable, site / "bin" / "greenroom", *arguments],
            cwd=elsewhere,
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(site),
                "HOME": str(tmp_path),
                "XDG_RUNTIME_DIR": str(tmp_path / "run"),
            },
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "ended: 5 s are over" in done.stdout
    assert (elsewhere / "out" / "answer.wav").is_file()
