"""A folder in which node runs a script of these tests with a package."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

INSTALL_S = 120


def node_project(folder: Path, script: Path, package: str, tested: str) -> Path:
    """Install the package and copy the script; without node, skip, but fail where CI runs."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"{' and '.join(missing)} must be installed for the test of {tested}")
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed: {tested} is not tested")
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
