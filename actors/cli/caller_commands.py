"""What `callers erase` takes on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from actors.cli.credential_commands import CONFIG, ConfigOption
from pipeline.cli.app import SetOption


def add_caller_commands(app: typer.Typer) -> None:
    """Add it to the command line."""
    callers = typer.Typer(help="What is kept of callers.", no_args_is_help=True)
    app.add_typer(callers, name="callers")

    @callers.callback()
    def group() -> None:
        pass

    @callers.command()
    def erase(
        session: Annotated[
            str | None, typer.Argument(metavar="[SESSION]", help="All sessions of this name.")
        ] = None,
        label: Annotated[
            str | None,
            typer.Option(metavar="NAME=VALUE", help="All sessions with this label instead."),
        ] = None,
        config: ConfigOption = CONFIG,
        set_: SetOption = None,
    ) -> None:
        """Erase sessions with all that was said, and their recordings if each has its own."""
        from actors.cli.callers import erase_command

        erase_command(config, set_ or (), session, label)
