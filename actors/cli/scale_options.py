"""What `scale` takes on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.app import ConfigArgument, SetOption


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
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Print what would be deployed, and do nothing.")
        ] = False,
    ) -> None:
        """Run rooms of a config on the machines of a Ray cluster, as many as there are calls."""
        from actors.cli.scale import dry_run_command, environment_command, scale_command

        if environment:
            environment_command(config, set_ or ())
        elif dry_run:
            dry_run_command(config, set_ or ())
        else:
            scale_command(config, set_ or ())
