"""Where the files of a service are, by whose service it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.cli.service.unit import MARK, Manager
from pipeline.errors import GreenroomError


@dataclass(frozen=True)
class ServiceFolders:
    """Folders of units and of key files."""

    units: Path
    keys: Path

    @classmethod
    def of(cls, manager: Manager, environment: Mapping[str, str] = os.environ) -> ServiceFolders:
        """Return those of the system, or of the user.

        Raises:
            GreenroomError: the user has no home.
        """
        if manager is Manager.SYSTEM:
            return cls(Path("/etc/systemd/system"), Path("/etc/greenroom"))
        given = environment.get("XDG_CONFIG_HOME", "")
        try:
            base = Path(given) if Path(given).is_absolute() else Path.home() / ".config"
        except RuntimeError:
            raise GreenroomError(
                "there is no home folder for a service of this user's: set HOME, or use --system"
            ) from None
        return cls(base / "systemd" / "user", base / "greenroom")

    def unit(self, name: str) -> Path:
        """The unit of a service."""
        return self.units / f"{name}.service"

    def key_file(self, name: str) -> Path:
        """Its environment file."""
        return self.keys / f"{name}.env"

    def installed(self) -> list[str]:
        """Names of the services that were installed here, by what wrote them."""
        if not self.units.is_dir():
            return []
        return [path.stem for path in sorted(self.units.glob("*.service")) if is_ours(path)]


def is_ours(unit: Path) -> bool:
    """Return whether a unit was written by this command."""
    try:
        return unit.read_text(encoding="utf-8", errors="replace").startswith(MARK)
    except OSError:
        return False
