"""What `scale` takes on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.app import ConfigArgument, SetOption
from pipeline.errors import ConfigError


def add_scale(app: typer.Typer) -> None:
    """Add it to the command line."""

    @app.command()
    def scale(
        config: ConfigArgument,
        set_: SetOption = None,
        environment: Annotated[
            bool,
            typer.Option(
                "--environment",
                help="Print what each node needs in its environment, for `eval`, and do nothing.",
            ),
        ] = False,
        status: Annotated[
            bool, typer.Option("--status", help="Show the rooms that are there, and do nothing.")
        ] = False,
        targets: Annotated[
            bool,
            typer.Option(
                "--targets", help="Print where each room has its metrics, for Prometheus."
            ),
        ] = False,
        drain: Annotated[
            str | None,
            typer.Option(
                metavar="ROOM",
                help="Have one room emptied, and another put in its place; takes a database.",
            ),
        ] = None,
        down: Annotated[
            bool,
            typer.Option("--down", help="End all rooms, once nobody talks in them any more."),
        ] = False,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Print what would be deployed, and do nothing.")
        ] = False,
    ) -> None:
        """Run rooms of a config on the machines of a Ray cluster, as many as there are calls."""
        from actors.cli import scale as commands

        asked = [
            name
            for name, given in {
                "--environment": environment,
                "--status": status,
                "--targets": targets,
                "--drain": drain is not None,
                "--down": down,
                "--dry-run": dry_run,
            }.items()
            if given
        ]
        if len(asked) > 1:
            raise ConfigError(f"{' and '.join(asked)}: one of them at a time")
        overrides = set_ or ()
        match asked:
            case ["--environment"]:
                commands.environment_command(config, overrides)
            case ["--status"]:
                commands.status_command(config, overrides)
            case ["--targets"]:
                commands.targets_command(config, overrides)
            case ["--drain"]:
                commands.drain_command(config, overrides, str(drain))
            case ["--down"]:
                commands.down_command(config, overrides)
            case ["--dry-run"]:
                commands.dry_run_command(config, overrides)
            case _:
                commands.scale_command(config, overrides)
