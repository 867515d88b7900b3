"""A folder in which node runs a script of these tests with a package."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

INSTALL_S = 120


def node_project(folder: Path, script: Path, package: str, tested: str) -> Path:
    """Install the package and copy the script."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.fail(f"no {' and no '.join(missing)} for the test of {tested}: apt install npm")
    (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", package],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=INSTALL_S,
    )
    shutil.copy(script, folder)
    return folder
