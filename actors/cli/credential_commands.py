"""What `credentials add`, `list` and `revoke` take on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import SetOption

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The config with the gateway, for its database.")
]
CONFIG = Path("configs/gateway.yaml")


def add_credential_commands(app: typer.Typer) -> None:
    """Add them to the command line."""
    credentials = typer.Typer(
        help="Make, list and revoke the keys with which callers come in.", no_args_is_help=True
    )
    app.add_typer(credentials, name="credentials")

    @credentials.command()
    def add(
        name: Annotated[str, typer.Argument(help="Whose it is; for you.")],
        scope: Annotated[
            list[str] | None,
            typer.Option(
                "--scope",
                "-s",
                help="talk, files, tokens, calls, operate; several are given one by one. Default: "
                "the first three.",
            ),
        ] = None,
        origin: Annotated[
            list[str] | None,
            typer.Option(
                "--origin",
                help="Web site from whose pages alone browsers may use it or its tokens, such as "
                "https://example.org. Default: those of the gateway's options.",
            ),
        ] = None,
        config: ConfigOption = CONFIG,
        set_: SetOption = None,
    ) -> None:
        """Make a key and print it: this once, for only its hash is kept."""
        from actors.cli.credentials import add_command

        add_command(config, set_ or (), name, scope or (), origin or ())

    @credentials.command("list")
    def list_(config: ConfigOption = CONFIG, set_: SetOption = None) -> None:
        """List all keys, revoked ones too: their names, and what they may do."""
        from actors.cli.credentials import list_command

        list_command(config, set_ or ())

    @credentials.command()
    def revoke(
        id_or_name: Annotated[str, typer.Argument(help="As `list` shows it.")],
        config: ConfigOption = CONFIG,
        set_: SetOption = None,
    ) -> None:
        """Take a key back: within 5 s its conversations end, and its tokens are worth nothing."""
        from actors.cli.credentials import revoke_command

        revoke_command(config, set_ or (), id_or_name)
