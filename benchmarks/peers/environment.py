"""A virtual environment for each peer, made with pip when it is first needed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
DONE_NAME = "installed"


def interpreter(name: str) -> Path:
    """Return the Python of the environment with the packages listed in `NAME.txt`.

    It is kept under the user's cache folder, by the content of that list: a changed list makes a
    new one.

    Raises:
        CalledProcessError: pip could not install them; it has said why.
    """
    wanted = HERE / f"{name}.txt"
    mark = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = _cache() / f"{name}-{mark}"
    python = folder / "bin" / "python"
    if not (folder / DONE_NAME).exists():
        print(f"    installing {name} into {folder} ...", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # The list is complete: nothing that is not in it may come along.
        subprocess.run([*pip, "--no-deps", "--requirement", str(wanted)], check=True)
        (folder / DONE_NAME).touch()
    return python


def pinned(name: str, package: str) -> str:
    """Return the version of a package in `NAME.txt`."""
    for line in (HERE / f"{name}.txt").read_text().splitlines():
        requirement, _, _ = line.partition(";")
        listed, _, version = requirement.strip().partition("==")
        if listed == package:
            return version
    raise LookupError(f"{package} is not in {name}.txt")


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "greenroom" / "bench"
