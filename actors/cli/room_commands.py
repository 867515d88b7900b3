"""What `rooms` takes on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from actors.cli.credential_commands import CONFIG, ConfigOption
from pipeline.cli.app import SetOption

Room = Annotated[str, typer.Argument(metavar="ROOM", help="Its name: options.room of its gateway.")]
Wait = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", min=0, help="Return when it is empty, at most so late."),
]


def add_room_commands(app: typer.Typer) -> None:
    """Add it to the command line."""
    rooms = typer.Typer(help="Rooms that share a database.", no_args_is_help=True)
    app.add_typer(rooms, name="rooms")

    @rooms.command(name="list")
    def list_rooms(config: ConfigOption = CONFIG, set_: SetOption = None) -> None:
        """Show which rooms are alive, how full they are, and which are to be emptied."""
        from actors.cli.rooms import list_command

        list_command(config, set_ or ())

    @rooms.command()
    def drain(
        room: Room, wait: Wait = None, config: ConfigOption = CONFIG, set_: SetOption = None
    ) -> None:
        """Have a room emptied: it takes nobody new."""
        from actors.cli.rooms import drain_command

        drain_command(config, set_ or (), room, draining=True, wait_s=wait)

    @rooms.command(name="open")
    def open_room(room: Room, config: ConfigOption = CONFIG, set_: SetOption = None) -> None:
        """Open a room again that was to be emptied."""
        from actors.cli.rooms import drain_command

        drain_command(config, set_ or (), room, draining=False, wait_s=None)
