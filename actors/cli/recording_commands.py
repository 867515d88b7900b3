"""What `record`, `replay`, `export` and the like take on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli.app import PipelineOption

FilesArgument = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="One recording: its files in any order.")
]

UserOption = Annotated[
    str | None,
    typer.Option(
        metavar="ACTOR.PORT", help="The user's side; default: what the backends were given."
    ),
]

SessionOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Only this conversation; default: all in the recording."),
]


def add_recording_commands(app: typer.Typer) -> None:
    """Add them to the command line."""

    @app.command()
    def record(
        path: Annotated[
            str, typer.Option("--output", "-o", help="File; {pipeline} and {time} are filled in.")
        ] = "{pipeline}-{time}.mcap",
        pipeline: PipelineOption = None,
        stream: Annotated[
            list[str] | None, typer.Option("--stream", "-s", help="Which; `*` fits anything.")
        ] = None,
        without: Annotated[
            list[str] | None, typer.Option("--without", help="Leave out `audio` or `images`.")
        ] = None,
        transcripts_only: Annotated[
            bool, typer.Option("--transcripts-only", help="Only what was said and when.")
        ] = False,
        duration: Annotated[
            float | None, typer.Option(help="End after so many seconds.", min=0)
        ] = None,
        file_max_mib: Annotated[float, typer.Option(help="Then a new file is begun.")] = 512.0,
        file_max_minutes: Annotated[float, typer.Option(help="The same by time.")] = 30.0,
        keep_files: Annotated[
            int | None, typer.Option(help="Remove the oldest files beyond so many.")
        ] = None,
    ) -> None:
        """Record the streams of a running pipeline to MCAP until it ends or Control-C."""
        from pydantic import ValidationError

        from actors.cli.record import record_command
        from actors.services.recorder.options import RecorderOptions
        from pipeline.config.load import explain
        from pipeline.errors import ConfigError
        from pipeline.outlets import Outputs

        fields = {
            "path": path,
            "streams": stream or ["*"],
            "without": without or [],
            "transcripts_only": transcripts_only,
            "file_max_mib": file_max_mib,
            "file_max_minutes": file_max_minutes,
            "keep_files": keep_files,
        }
        try:
            options = RecorderOptions.model_validate(fields)
        except ValidationError as error:
            raise ConfigError(explain(error, RecorderOptions, "record")) from error
        with Outputs() as outputs:
            outputs.start()
            record_command(options, pipeline, duration)

    @app.command()
    def replay(
        files: FilesArgument,
        as_: Annotated[
            str | None,
            typer.Option("--as", metavar="A,B", help="Actors; default: all that are external."),
        ] = None,
        pipeline: PipelineOption = None,
        pace: Annotated[float, typer.Option(help="1 is real time.", min=0.1)] = 1.0,
        step: Annotated[
            bool, typer.Option("--step", help="Wait for Enter, or a line, before each turn.")
        ] = False,
        step_on: Annotated[
            str | None,
            typer.Option(metavar="ACTOR.PORT", help="Wait before each frame of this stream."),
        ] = None,
        session: SessionOption = None,
    ) -> None:
        """Take the place of actors left out with `run --external`, as they were recorded."""
        from actors.cli.replay import replay_command
        from actors.cli.stepping import Stepping

        names = [each.strip() for each in (as_ or "").split(",") if each.strip()]
        replay_command(files, names, pipeline, pace, Stepping(step, step_on), session)

    @app.command()
    def compare(
        a: Annotated[
            str, typer.Argument(metavar="A", help="A recording; 'name*.mcap' for several files.")
        ],
        b: Annotated[str, typer.Argument(metavar="B", help="Another of the same sources.")],
        json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
        session: SessionOption = None,
    ) -> None:
        """Compare two recorded conversations turn by turn; exit status 1 if they differ."""
        from actors.cli.compare import compare_command

        raise typer.Exit(compare_command(a, b, json, session))

    @app.command()
    def export(
        files: FilesArgument,
        to: Annotated[
            Literal["wav", "jsonl", "mp4", "foxglove", "rerun"],
            typer.Option(
                help="wav: user left, answers right. mp4: a film. jsonl: all frames. "
                "foxglove, rerun: for those viewers."
            ),
        ],
        output: Annotated[
            Path | None,
            typer.Option("--output", "-o", help="Default: next to FILE. `-` with jsonl: stdout."),
        ] = None,
        user: UserOption = None,
        binary: Annotated[
            bool, typer.Option("--base64", help="jsonl: sound and pictures too, in Base64.")
        ] = False,
        session: SessionOption = None,
    ) -> None:
        """Turn a recording into sound, a film with subtitles, lines of JSON, or for a viewer."""
        from actors.cli.export import export_command

        export_command(files, to, output, user, binary=binary, session=session)

    @app.command()
    def plot(
        files: FilesArgument,
        output: Annotated[
            Path | None,
            typer.Option("--output", "-o", help=".png or .svg; default: next to FILE, .png."),
        ] = None,
        user: UserOption = None,
        session: SessionOption = None,
    ) -> None:
        """Draw a recorded conversation: sound, turns, route, faults, latencies."""
        from actors.cli.plot import plot_command

        plot_command(files, output, user, session)

    @app.command()
    def reproduce(
        actor: Annotated[str, typer.Argument(help="Its name in the recorded config.")],
        files: FilesArgument,
        use: Annotated[
            str | None, typer.Option(help="Another actor in its place, as in a config.")
        ] = None,
        set_: Annotated[
            list[str] | None,
            typer.Option("--set", metavar="OPTION=VALUE", help="Override an option of it."),
        ] = None,
        ignore: Annotated[
            list[str] | None, typer.Option(help="A field that does not count; times never do.")
        ] = None,
        port: Annotated[
            list[str] | None, typer.Option(help="Only this output port; default: all.")
        ] = None,
        pace: Annotated[float, typer.Option(help="1 is as recorded.", min=0.1)] = 1.0,
    ) -> None:
        """Feed one actor its recorded inputs; exit status 1 if its outputs are not the same."""
        from actors.cli.reproduce import reproduce_command

        raise typer.Exit(
            reproduce_command(actor, files, use, set_ or (), ignore or (), port or (), pace)
        )
