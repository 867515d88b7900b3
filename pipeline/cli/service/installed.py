"""`greenroom service status` and `uninstall`: of what is installed."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.cli.service.folders import ServiceFolders, is_ours
from pipeline.cli.service.key_file import KeyState, key_state
from pipeline.cli.service.systemd import Systemd, SystemdState
from pipeline.cli.service.unit import Manager
from pipeline.errors import GreenroomError, did_you_mean
from pipeline.files import OWNER_ONLY

Found = tuple[Manager, str]


def status_lines(name: str | None, system: bool | None) -> Iterator[str]:
    """Say how services are, a few lines each.

    Args:
        name: Of one; None: all that are installed.
        system: Of the system, or of the user; None: of both.

    Raises:
        GreenroomError: there is none, or none of that name.
    """
    for manager, each in _found(name, system):
        folders, systemd = ServiceFolders.of(manager), Systemd(manager)
        yield f"{each}, of the {manager}: {_how(systemd, each)}"
        yield f"  unit: {folders.unit(each)}"
        yield f"  key: {_key(folders.key_file(each))}"
        yield f"  log: journalctl {'--user ' if manager is Manager.USER else ''}-u {each}"


def uninstall_lines(name: str | None, system: bool | None) -> Iterator[str]:
    """Stop a service, remove its unit, and say what stays.

    Raises:
        GreenroomError: there is none, there are several, or it may not be removed.
    """
    found = list(_found(name, system))
    if len(found) > 1:
        many = ", ".join(f"{each} (--{manager})" for manager, each in found)
        raise GreenroomError(f"several are installed: {many}; name one")
    manager, each = found[0]
    folders, systemd = ServiceFolders.of(manager), Systemd(manager)
    unit = folders.unit(each)
    runs = systemd.state() is SystemdState.RUNNING
    if runs:
        systemd.ask("disable", "--now", f"{each}.service")
    try:
        unit.unlink()
    except PermissionError:
        raise GreenroomError(f"{unit} cannot be removed: do it with sudo") from None
    if runs:
        systemd.ask("daemon-reload")
    yield f"{unit}: removed{', the service is stopped' if runs else ''}"
    key = folders.key_file(each)
    if key.exists():
        yield f"{key}: still there, with what you wrote into it"


def how(properties: Mapping[str, str]) -> str:
    """Return in words what systemd says of a service."""
    active, sub = properties.get("ActiveState", "unknown"), properties.get("SubState", "")
    said = f"{active} ({sub})" if sub else active
    if (pid := properties.get("MainPID", "0")) != "0":
        said += f", process {pid}"
    if (restarts := properties.get("NRestarts", "0")) != "0":
        said += ", restarted once" if restarts == "1" else f", restarted {restarts} times"
    if active == "failed" or (active, sub) == ("activating", "auto-restart"):
        said += f", its last exit status was {properties.get('ExecMainStatus', 'unknown')}"
    return f"{said}: {text}" if (text := properties.get("StatusText", "")) else said


def _how(systemd: Systemd, name: str) -> str:
    if (state := systemd.state()) is not SystemdState.RUNNING:
        return str(state)
    try:
        return how(systemd.properties(name))
    except GreenroomError as error:
        return str(error)


def _key(path: Path) -> str:
    try:
        state, mode = key_state(path), stat.S_IMODE(path.stat().st_mode) if path.exists() else 0
    except PermissionError:
        return f"{path}: another user's, as it should be; look with sudo"
    said = f"{path}: {state}"
    if mode & ~OWNER_ONLY:
        said += f", and others may read it: chmod 600 {path}"
    return said if state is KeyState.SET else f"{said}; nobody but `device` answers without one"


def _found(name: str | None, system: bool | None) -> list[Found]:
    managers = [m for m in Manager if system is None or (m is Manager.SYSTEM) is system]
    all_ = [(m, each) for m in managers for each in ServiceFolders.of(m).installed()]
    if name is None:
        found = all_
    else:
        full = name.removesuffix(".service")
        found = [(m, each) for m, each in all_ if each in (full, f"greenroom-{full}")]
        for manager in managers if not found else ():
            unit = ServiceFolders.of(manager).unit(full)
            if unit.exists() and not is_ours(unit):
                raise GreenroomError(f"{unit} was not written by this command: use systemctl")
    if found:
        return found
    if name is None or not all_:
        what = "no service" if name is None else f"no service {name!r}"
        raise GreenroomError(f"{what} is installed: `greenroom service install` installs one")
    near = did_you_mean(name, [each.removeprefix("greenroom-") for _, each in all_])
    raise GreenroomError(f"no service {name!r} is installed: {near}")
