"""`greenroom service install`: write the unit and the key file, and say what comes next."""

from __future__ import annotations

import grp
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.cli.run import load_graph
from pipeline.cli.service.folders import ServiceFolders, is_ours
from pipeline.cli.service.key_file import KeyState, make_key_file
from pipeline.cli.service.reach import Reader, is_below_home, out_of_reach, reader_named
from pipeline.cli.service.systemd import Systemd, SystemdState
from pipeline.cli.service.unit import GROUPS, Manager, ServiceUnit, unit_text
from pipeline.errors import GreenroomError
from pipeline.files import write_whole

UNIT_MODE = 0o644
"""Everybody may read what runs here; the key is in a file of its own."""


@dataclass(frozen=True)
class Installed:
    """What was written, or was there.

    Attributes:
        path: Of the unit.
        is_new: It was not there before.
        is_changed: It was, and with another text.
        key: What the key file holds.
    """

    path: Path
    is_new: bool
    is_changed: bool
    key: KeyState


def service_of(
    config: Path,
    overrides: Sequence[str],
    manager: Manager,
    user: str,
    folders: ServiceFolders,
) -> ServiceUnit:
    """Return the service that runs a config.

    Args:
        config: A file.
        overrides: Of its fields, as `a.b=c`.
        manager: Whose services it is to be among.
        user: Who is to run it; empty: one that is there only while it runs. For `SYSTEM`.
        folders: Where its files go.

    Raises:
        GreenroomError: the config cannot work, or that user cannot read it.
    """
    graph = load_graph(config, overrides, look_outside=False)
    name = f"greenroom-{graph.config.name}"
    # Not resolved: a link may be what is to stay, such as the folder of the newest version.
    program, path = Path(sys.prefix) / "bin" / "greenroom", config.absolute()
    if not program.exists():
        raise GreenroomError(
            f"{program} is not there: install greenroom with pip, or with `make run`"
        )
    if manager is Manager.SYSTEM:
        _require_reach((program, Path(sys.executable), path), reader_named(user), user)
    arguments = ["run", str(path), "--plain"]
    for each in overrides:
        arguments += ["--set", each]
    return ServiceUnit(
        name=name,
        description=f"Greenroom, {graph.config.name}",
        manager=manager,
        program=program,
        arguments=arguments,
        environment_file=folders.key_file(name),
        user=user,
        groups=[each for each in GROUPS if _is_group(each)],
        reads_home=is_below_home((program, Path(sys.executable), path)),
    )


def install(service: ServiceUnit, folders: ServiceFolders) -> Installed:
    """Write the files of a service.

    Raises:
        GreenroomError: a path cannot stand in a unit, the unit is somebody else's, or a file
            cannot be written.
    """
    path = folders.unit(service.name)
    try:
        text = unit_text(service)
        old = path.read_text(encoding="utf-8") if path.exists() else None
        if old is not None and not is_ours(path):
            raise GreenroomError(
                f"{path} is there and was not written by this command: move it away first"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        key = make_key_file(service.environment_file, os.environ)
        if text != old:
            write_whole(path, text, mode=UNIT_MODE)
    except ValueError as error:
        raise GreenroomError(f"{error}: move it to another folder") from None
    except PermissionError as error:
        raise GreenroomError(
            f"{error.filename or path} cannot be written: {_way_out(service.manager)}"
        ) from None
    return Installed(path, old is None, old not in (None, text), key)


def next_steps(service: ServiceUnit, installed: Installed, systemd: Systemd) -> list[str]:
    """Return what is left to do, a line each, with the commands."""
    steps = []
    file, words = service.environment_file, systemd.words
    sudo = "sudo " if service.manager is Manager.SYSTEM and os.geteuid() else ""
    if installed.key is not KeyState.SET:
        editor = "sudo nano" if service.manager is Manager.SYSTEM else "nano"
        steps.append(f"put your API key into {file}: {editor} {_shown(file)}")
    if systemd.state() is SystemdState.NOT_RUNNING:
        steps.append("systemd does not run here: do the rest where it does")
    steps.append(f"{sudo}{words} daemon-reload")
    if installed.is_changed:
        steps.append(f"{sudo}{words} restart {service.name}    # if it runs")
    steps.append(f"{sudo}{words} enable --now {service.name}")
    if service.manager is Manager.USER:
        steps.append("loginctl enable-linger    # so that it starts without a login")
    steps.append("greenroom service status")
    journal = "journalctl --user" if service.manager is Manager.USER else f"{sudo}journalctl"
    steps.append(f"{journal} -u {service.name} -f    # what it says")
    return steps


def _shown(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))


def _way_out(manager: Manager) -> str:
    if manager is Manager.USER:
        return "see to whom it belongs"
    program = _shown(Path(sys.prefix) / "bin" / "greenroom")
    return f"use `sudo {program} service install ...`, or leave out --system"


def _require_reach(paths: Sequence[Path], reader: Reader, user: str) -> None:
    who = f"user {user!r}" if user else "the service, which gets a user of its own,"
    for path in paths:
        if barrier := out_of_reach(path, reader):
            raise GreenroomError(
                f"{who} cannot read {path}, because of {barrier}: name another user with --as, "
                "or move it to where everybody may read, such as /opt"
            )


def _is_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
