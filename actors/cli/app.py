"""The `greenroom` command: what actors add to the commands of any pipeline."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import configs
from actors.cli.key_there import without_stand_in
from pipeline.cli.app import PipelineOption, make_app, run_app

SessionOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Words, turns, levels, route of this one only.")
]


def run() -> None:
    """Run the command line.

    What runs for months does not hold what other commands take: 2 MiB, and 40 ms of the start.
    """
    runs = sys.argv[1:2] == ["run"]
    run_app(make_app(_choose, without_stand_in) if runs else make_greenroom())


def make_greenroom() -> typer.Typer:
    """Return the command line with all its commands."""
    from actors.cli.call_options import InOrder, call
    from actors.cli.caller_commands import add_caller_commands
    from actors.cli.credential_commands import add_credential_commands
    from actors.cli.evaluate_options import add_evaluate
    from actors.cli.load_options import add_load
    from actors.cli.recording_commands import add_recording_commands
    from actors.cli.room_commands import add_room_commands
    from actors.cli.scale_options import add_scale
    from actors.cli.simulate import simulate
    from pipeline.cli.service.commands import add_service_commands

    app = make_app(_choose, without_stand_in)

    @app.command()
    def inject(
        stream: Annotated[str, typer.Argument(help="For example microphone.audio.")],
        file: Annotated[Path, typer.Argument(help="Sound, a picture (.jpg) or text (.txt).")],
        pipeline: PipelineOption = None,
        pace: Annotated[float, typer.Option(help="1 is real time.", min=0.1)] = 1.0,
    ) -> None:
        """Take the place of an actor left out with `run --external` and send a file."""
        from actors.cli.inject import inject_command

        inject_command(stream, file, pipeline, pace)

    @app.command()
    def top(pipeline: PipelineOption = None, session: SessionOption = None) -> None:
        """Watch a running pipeline: actors, streams, levels, words, latency of each turn."""
        from actors.cli.top import top_command

        top_command(pipeline, session)

    @app.command()
    def dashboard(
        pipeline: PipelineOption = None,
        port: Annotated[
            int, typer.Option(help="On this host; 0 is any that is free.", min=0, max=65535)
        ] = 9465,
        session: SessionOption = None,
    ) -> None:
        """Watch a running pipeline in a browser on this host."""
        from actors.cli.dashboard import dashboard_command

        dashboard_command(pipeline, port, session)

    @app.command()
    def devices(
        headset: Annotated[
            str | None,
            typer.Option(
                help="Set Bluetooth headsets for `talk` (with their microphone, like a telephone) "
                "or for `music` (without it), and list nothing.",
                metavar="USE",
            ),
        ] = None,
    ) -> None:
        """List microphones, speakers and cameras."""
        from actors.cli.devices import devices_command, headset_command

        if headset is None:
            devices_command()
        else:
            headset_command(headset)

    @app.command()
    def listen(
        what: Annotated[
            str | None,
            typer.Argument(
                help="always, wake_word or push_to_talk from now on; open, close or tap its key."
            ),
        ] = None,
        pipeline: PipelineOption = None,
    ) -> None:
        """Say when a robot with the actor `wake` listens; without a word, see how it is."""
        from actors.cli.listen import listen_command

        listen_command(what, pipeline)

    @app.command()
    def models() -> None:
        """List the models the key may use, and which can hold a live conversation."""
        from actors.cli.models import models_command

        models_command()

    app.command()(simulate)
    app.command(cls=InOrder)(call)
    add_load(app)
    add_scale(app)
    add_recording_commands(app)
    add_evaluate(app)
    add_credential_commands(app)
    add_caller_commands(app)
    add_room_commands(app)
    add_service_commands(app, Path(configs.__file__).parent / "robot.yaml")
    return app


def _choose(overrides: Sequence[str], demo: bool) -> tuple[Path, dict[str, object], list[str]]:
    # It imports actors: not where a config was given.
    from actors.cli.choose import choose

    return choose(overrides, demo)
