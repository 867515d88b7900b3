"""Asking systemd, where there is one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pipeline.cli.service.unit import Manager
from pipeline.errors import GreenroomError

PATIENCE_S = 120.0
"""For systemd to stop a service: 90 s by default, and a little."""
SHOWN = ("ActiveState", "SubState", "StatusText", "MainPID", "NRestarts", "ExecMainStatus")


class SystemdState(StrEnum):
    """What there is of systemd."""

    ABSENT = "there is no systemd on this machine"
    NOT_RUNNING = "systemd is installed and does not run here"
    RUNNING = "systemd runs"


class Systemd:
    """The service manager of the system, or of the user."""

    def __init__(self, manager: Manager) -> None:
        self._command = ["systemctl", *(["--user"] if manager is Manager.USER else [])]

    @property
    def words(self) -> str:
        """The command, for a person."""
        return " ".join(self._command)

    def state(self) -> SystemdState:
        """Look what there is."""
        if shutil.which("systemctl") is None:
            return SystemdState.ABSENT
        # sd_booted(3).
        booted = Path("/run/systemd/system").is_dir()
        return SystemdState.RUNNING if booted else SystemdState.NOT_RUNNING

    def properties(self, name: str) -> Mapping[str, str]:
        """Return what it knows of a service.

        Raises:
            GreenroomError: it does not answer.
        """
        wanted = [f"--property={','.join(SHOWN)}", f"{name}.service"]
        lines = self.ask("show", *wanted).splitlines()
        return {key: value for key, _, value in (line.partition("=") for line in lines)}

    def ask(self, *arguments: str) -> str:
        """Return what a command of systemctl prints.

        Raises:
            GreenroomError: it fails.
        """
        words = [*self._command, *arguments]
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, check=False, timeout=PATIENCE_S
            )
        except subprocess.TimeoutExpired:
            raise GreenroomError(f"`{' '.join(words)}` did not end in {PATIENCE_S:g} s") from None
        if done.returncode:
            said = " ".join(done.stderr.split()) or f"exit status {done.returncode}"
            raise GreenroomError(f"`{' '.join(words)}`: {said}")
        return done.stdout
