"""`make run` on an emulated arm64: does a Raspberry Pi's processor answer the recorded question?

    sudo .venv/bin/python -m benchmarks.arm64 FOLDER [more ARGS of greenroom run]

Needs root, and of Debian mmdebstrap and the qemu-user of Debian 13: with that of Debian 12 the
speech library crashes. Makes a Debian 13 for arm64 in FOLDER/root if it is not there, copies this
repository into it, and runs `make run` in it. It tells how long each took and what was answered.
The emulated processor is ten to thirty times slower than this one: its times say nothing about a
Raspberry Pi, that it answers does.

The packages are fetched and unpacked by this machine's pip for the other processor, since an
emulated pip takes an hour for it; so `make` finds its virtual environment made.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.sound import ROOT

SUITE = "trixie"
PACKAGES = ("ca-certificates", "make", "python3", "python3-venv", "libportaudio2")
PYTHON = "3.13"
"""Of that Debian."""
GLIBC = 41
"""Minor version of glibc 2 of that Debian: wheels may ask for it or an older one."""
EXTRAS = "device,gateway,simulator,record,top"
"""What `make run` installs."""
BINFMT = Path("/proc/sys/fs/binfmt_misc")
BINFMT_RULE = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
"""Of qemu-user-static; registered at boot where systemd runs."""
THERE = "/opt/greenroom"
QUESTION = "Go forward ten meters."


def emulate() -> None:
    """Have the kernel run programs for arm64 by qemu."""
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(BINFMT)], check=True)
    if not (BINFMT / "qemu-aarch64").exists():
        (BINFMT / "register").write_text(BINFMT_RULE.read_text(encoding="ascii"))


def make_root(root: Path) -> None:
    """Make a small Debian."""
    subprocess.run(
        [
            *("mmdebstrap", "--architectures=arm64", "--variant=minbase", "--mode=root"),
            *(f"--include={','.join(PACKAGES)}", SUITE, str(root)),
        ],
        check=True,
    )


def install(root: Path) -> None:
    """Copy what git knows of this repository, and give it its virtual environment."""
    there = root / THERE.lstrip("/")
    there.mkdir(parents=True, exist_ok=True)
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "HEAD"], check=True, stdout=subprocess.PIPE
    )
    subprocess.run(["tar", "-x", "-C", str(there)], input=archive.stdout, check=True)
    venv = there / ".venv"
    if not (venv / "bin").exists():
        run_in(root, ["python3", "-m", "venv", "--without-pip", f"{THERE}/.venv"])
    packages = venv / "lib" / f"python{PYTHON}" / "site-packages"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheels = root / "tmp" / "wheels"
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(wheels), str(there)], check=True)
    (wheel,) = wheels.glob("greenroom-*.whl")
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in range(17, GLIBC + 1)]
    subprocess.run(
        [
            *(*pip, "install", "--upgrade", "--only-binary=:all:", "--implementation=cp"),
            *(f"--python-version={PYTHON}", "--target", str(packages)),
            *(f"--platform={each}" for each in (*platforms, "manylinux2014_aarch64")),
            *("--constraint", str(there / "constraints.txt")),
            f"greenroom[{EXTRAS}] @ file://{wheel}",
        ],
        check=True,
    )
    # What runs is the repository, as after `make`, not the copy in the wheel.
    for room in ("greenroom", "actors", "pipeline", "configs"):
        subprocess.run(["rm", "-rf", str(packages / room)], check=True)
    (packages / "greenroom.pth").write_text(f"{THERE}\n")
    command = venv / "bin" / "greenroom"
    command.write_text(
        f"#!{THERE}/.venv/bin/python3\nfrom actors.cli.__main__ import main\n\nmain()\n"
    )
    command.chmod(0o755)
    (venv / ".run").touch()


@contextmanager
def mounted(root: Path) -> Iterator[None]:
    """Give the root this machine's processes, devices and shared memory."""
    with ExitStack() as stack:
        for each in ("proc", "dev", "dev/shm"):
            subprocess.run(["mount", "--bind", f"/{each}", str(root / each)], check=True)
            stack.callback(subprocess.run, ["umount", "-l", str(root / each)], check=False)
        yield


def run_in(root: Path, command: Sequence[str]) -> str:
    """Run a command in the root; return what it printed, which is shown too."""
    words = ["chroot", str(root), "/usr/bin/env", "-i", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb"]
    # The table of turns has a line for each turn only where there is room for it.
    words.append("COLUMNS=160")
    path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
    said = []
    with subprocess.Popen(
        [*words, path, "sh", "-c", f'cd {THERE} && exec "$@"', "sh", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(line, end="", flush=True)
            said.append(line)
    return "".join(said)


def outcome(said: str) -> str:
    """Return the row of the table of turns that answers the question; empty if there is none."""
    rows = re.findall(rf"^.*{re.escape(QUESTION)}.*\banswered\s*$", said, re.MULTILINE)
    return " ".join(rows[-1].split()) if rows else ""


def main() -> None:
    """Make what is missing, run, and tell."""
    folder, *arguments = sys.argv[1:]
    root = Path(folder) / "root"
    if os.geteuid():
        sys.exit("run it as root: it makes a root folder and enters it")
    took_s: dict[str, float] = {}

    @contextmanager
    def timed(what: str) -> Iterator[None]:
        begun_s = time.monotonic()
        yield
        took_s[what] = time.monotonic() - begun_s

    emulate()
    if not (root / "usr/bin/make").exists():
        with timed("the root"):
            make_root(root)
    with timed("the packages"):
        install(root)
    with mounted(root):
        for what in ("first run", "second run"):
            with timed(what):
                said = run_in(root, ["make", "run", f"ARGS=--demo {' '.join(arguments)}"])
            print(f"{what}: {outcome(said) or 'not answered'}")
    for what, seconds in took_s.items():
        print(f"{what}: {seconds:.0f} s")


if __name__ == "__main__":
    main()
