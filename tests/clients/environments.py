"""An environment of its own for each client, with the newest packages that there are."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

PROGRAMS = Path(__file__).with_name("programs")
INSTALL_S = 900
# Models of speech are loaded first; then each program has some ten checks of 30 s at most.
PROGRAM_S = 600


def client_command(packages: tuple[str, ...], program: str) -> list[str]:
    """Installs, and returns what runs the program; prints what versions there are."""
    make = _node_command if program.endswith(".mjs") else _python_command
    return make(packages, program)


def run_client(command: list[str], environment: dict[str, str]) -> str:
    """Runs a program in which no check may fail; what it printed."""
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PROGRAM_S,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr[-8000:]
    return done.stdout


def _python_command(packages: tuple[str, ...], program: str) -> list[str]:
    folder = _folder("python", packages)
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "--quiet", "--upgrade", *packages]
    subprocess.run(install, check=True, timeout=INSTALL_S)
    listed = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    names = {package.partition("[")[0] for package in packages}
    print(*(line for line in listed.splitlines() if line.partition("==")[0] in names))
    return [str(python), str(PROGRAMS / program)]


def _node_command(packages: tuple[str, ...], program: str) -> list[str]:
    """A program of node has to lie beside its packages."""
    folder = _folder("node", packages)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true, "type": "module"}', encoding="utf-8")
    newest = [f"{package}@latest" for package in packages]
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent", *newest]
    subprocess.run(install, cwd=folder, check=True, timeout=INSTALL_S)
    listed = subprocess.run(
        ["npm", "ls", "--depth", "0"], cwd=folder, check=True, capture_output=True, text=True
    )
    print(listed.stdout)
    for script in PROGRAMS.glob("*.mjs"):
        (folder / script.name).write_bytes(script.read_bytes())
    return ["node", str(folder / program)]


def checkouts(wanted: dict[str, tuple[str, ...]]) -> Path:
    """A folder with these paths of repositories (`owner/name`), the newest of each."""
    base = _base() / "examples"
    shutil.rmtree(base, ignore_errors=True)
    for repository, paths in wanted.items():
        folder = base / repository.partition("/")[2]
        # The whole of them is large: files come when they are asked for.
        few = ["--quiet", "--depth", "1", "--filter=blob:none", "--no-checkout"]
        address = f"https://github.com/{repository}"
        subprocess.run(["git", "clone", *few, address, folder], check=True, timeout=INSTALL_S)
        files = ["git", "checkout", "--quiet", "HEAD", "--", *paths]
        subprocess.run(files, cwd=folder, check=True, timeout=INSTALL_S)
    return base


def _base() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "greenroom" / "clients"


def _folder(kind: str, packages: tuple[str, ...]) -> Path:
    mark = hashlib.sha256(" ".join([sys.version, *packages]).encode()).hexdigest()[:12]
    return _base() / f"{kind}-{packages[0].strip('@').split('/')[-1]}-{mark}"
