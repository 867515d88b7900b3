"""A Raspberry Pi installs without a compiler: every dependency has a wheel for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
ROBOT = ("device", "gateway", "simulator", "record", "top")
"""What `make run` installs."""
GLIBC = range(17, 37)
"""Minor versions of glibc 2 that a wheel may ask for: Debian 12 has 2.36."""
PLATFORMS = [*(f"manylinux_2_{minor}_aarch64" for minor in GLIBC), "manylinux2014_aarch64"]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned() -> set[str]:
    """Names in constraints.txt."""
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    return {canonical(line.partition("==")[0]) for line in lines if "==" in line}


def needed_by_the_robot() -> set[str]:
    """Names of all that is installed with it, by what is installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    open_ = [Requirement(each) for each in project["dependencies"]]
    open_ += [Requirement(each) for extra in ROBOT for each in extras[extra]]
    needed: set[tuple[str, frozenset[str]]] = set()
    while open_:
        asked = open_.pop()
        key = canonical(asked.name), frozenset(asked.extras)
        if key in needed:
            continue
        needed.add(key)
        for text in distribution(asked.name).requires or ():
            below = Requirement(text)
            marks = [{"extra": extra} for extra in asked.extras] or [{"extra": ""}]
            if below.marker is None or any(below.marker.evaluate(mark) for mark in marks):
                open_.append(below)
    return {name for name, _ in needed}


def test_all_that_the_robot_needs_is_pinned_so_that_what_is_checked_is_what_is_installed() -> None:
    assert {"numpy", "pyzmq", "google-genai", "moonshine-voice"} <= needed_by_the_robot()
    assert needed_by_the_robot() - pinned() == set()


@pytest.mark.slow
@pytest.mark.parametrize("python", ["3.11", "3.13"], ids=["Debian 12", "Debian 13"])
def test_every_dependency_has_a_wheel_for_arm64(tmp_path: Path, python: str) -> None:
    """Asks the package index about each of some 120 packages, and installs nothing: minutes."""
    report = tmp_path / "report.json"
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"),
        *("--no-deps", "--only-binary=:all:", "--implementation=cp", f"--python-version={python}"),
        *(f"--platform={platform}" for platform in PLATFORMS),
        *("--target", str(tmp_path / "none"), "--report", str(report), "-r", str(CONSTRAINTS)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = [each["metadata"]["name"] for each in json.loads(report.read_text())["install"]]
    assert {canonical(name) for name in found} == pinned()
