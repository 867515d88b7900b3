"""What `service install`, `status` and `uninstall` take on the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import SetOption
from pipeline.cli.service.folders import ServiceFolders
from pipeline.cli.service.unit import Manager
from pipeline.errors import GreenroomError

SystemOption = Annotated[
    bool | None,
    typer.Option(
        "--system/--user",
        help="A service of the system, or of this user. Default: of the system for root.",
    ),
]
NameArgument = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="Default: the one that is installed.")
]


def add_service_commands(app: typer.Typer, usual: Path) -> None:
    """Add them to the command line.

    Args:
        app: The command line.
        usual: The config that is installed if none is named.
    """
    service = typer.Typer(help="Run a pipeline as a service of systemd.", no_args_is_help=True)
    app.add_typer(service, name="service")

    @service.command()
    def install(
        config: Annotated[
            Path | None, typer.Argument(metavar="[CONFIG]", help="Default: the robot.")
        ] = None,
        system: SystemOption = None,
        user: Annotated[
            str | None,
            typer.Option(
                "--as",
                metavar="USER",
                help="Who runs a service of the system. Default: who called sudo, else a user "
                "that is there only while it runs.",
            ),
        ] = None,
        set_: SetOption = None,
        print_: Annotated[
            bool, typer.Option("--print", help="Print the unit, and write nothing.")
        ] = False,
    ) -> None:
        """Write the unit and the file for the API key, and say what comes next."""
        from pipeline.cli.service.install import install, next_steps, service_of
        from pipeline.cli.service.systemd import Systemd, SystemdState
        from pipeline.cli.service.unit import unit_text

        manager = chosen_manager(system)
        if user is not None and manager is Manager.USER:
            raise GreenroomError(
                "--as is for services of the system: add --system, or leave it out"
            )
        folders = ServiceFolders.of(manager)
        runner = os.environ.get("SUDO_USER", "") if user is None else user
        wanted = service_of(config or usual, set_ or (), manager, runner, folders)
        if print_:
            typer.echo(unit_text(wanted), nl=False)
            return
        systemd = Systemd(manager)
        if systemd.state() is SystemdState.ABSENT:
            raise GreenroomError(
                f"{systemd.state()}: start `greenroom run` by what starts services here, or see "
                "the unit with --print"
            )
        done = install(wanted, folders)
        what = "written" if done.is_new else "written anew" if done.is_changed else "as it was"
        typer.echo(f"{done.path}: {what}")
        typer.echo(f"{wanted.environment_file}: {done.key}")
        typer.echo("next:")
        for step in next_steps(wanted, done, systemd):
            typer.echo(f"  {step}")

    @service.command()
    def status(name: NameArgument = None, system: SystemOption = None) -> None:
        """Show how the installed services are."""
        from pipeline.cli.service.installed import status_lines

        for line in status_lines(name, system):
            typer.echo(line)

    @service.command()
    def uninstall(name: NameArgument = None, system: SystemOption = None) -> None:
        """Stop a service and remove its unit; its key and what it remembers stay."""
        from pipeline.cli.service.installed import uninstall_lines

        for line in uninstall_lines(name, system):
            typer.echo(line)


def chosen_manager(system: bool | None) -> Manager:
    """Return whose services are meant.

    Raises:
        GreenroomError: a service of a user is asked for through sudo, which would be root's.
    """
    is_root = os.geteuid() == 0
    if system is False and is_root and (caller := os.environ.get("SUDO_USER", "")):
        raise GreenroomError(
            f"--user with sudo would be a service of root: as {caller}, without sudo"
        )
    return Manager.SYSTEM if (is_root if system is None else system) else Manager.USER
