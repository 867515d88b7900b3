"""The `greenroom` command: what each subcommand takes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from pipeline.errors import NO_THREAD, GreenroomError, is_out_of_threads
from pipeline.version import VERSION

if TYPE_CHECKING:
    from pipeline.cli.run import Chooser, Fitter

EXIT_USAGE = 2
"""What the user asked for cannot work; the same status as a wrong command line."""

MOST_FRAMES = 2**31 - 1
"""More than a stream carries in a year."""

ConfigArgument = Annotated[Path, typer.Argument(metavar="CONFIG", help="A config file.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=C", help="Override a field; the value is YAML."),
]
ExternalOption = Annotated[
    list[str] | None,
    typer.Option("--external", metavar="ACTOR", help="Somebody else publishes this actor."),
]
PipelineOption = Annotated[
    str | None, typer.Option("--pipeline", "-p", help="Name, when several are running.")
]


def make_app(choose: Chooser, fit: Fitter) -> typer.Typer:
    """Build the command line.

    Args:
        choose: Decides what `run` without a config runs.
        fit: Leaves out of a config what `run` does not need here.
    """
    app = typer.Typer(
        name="greenroom",
        help="A live voice-and-camera conversation that does not break.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def options(
        version: Annotated[
            bool,
            typer.Option(
                "--version", help="Print the version.", is_eager=True, callback=_print_version
            ),
        ] = False,
    ) -> None:
        pass

    @app.command()
    def run(
        config: Annotated[
            Path | None, typer.Argument(metavar="[CONFIG]", help="Default: by what is there.")
        ] = None,
        set_: SetOption = None,
        external: ExternalOption = None,
        duration: Annotated[
            float | None, typer.Option(help="End after so many seconds.", min=0)
        ] = None,
        plain: Annotated[bool, typer.Option(help="Lines instead of the live view.")] = False,
        demo: Annotated[
            bool, typer.Option("--demo", help="Simulate everything, whatever is there.")
        ] = False,
    ) -> None:
        """Run a pipeline until its sources end or Control-C."""
        from pipeline.cli.run import run_command

        raise typer.Exit(
            run_command(config, choose, fit, set_ or (), external or (), duration, plain, demo)
        )

    @app.command()
    def check(config: ConfigArgument, set_: SetOption = None) -> None:
        """Check a config without starting anything."""
        from pipeline.cli.run import load_graph

        graph = load_graph(config, set_ or ())
        typer.echo(f"{config}: {len(graph.nodes)} actors, all connected")

    @app.command()
    def graph(config: ConfigArgument, set_: SetOption = None) -> None:
        """Draw the wiring as Mermaid text."""
        from pipeline.cli.run import load_graph
        from pipeline.config.mermaid import mermaid

        typer.echo(mermaid(load_graph(config, set_ or (), look_outside=False)), nl=False)

    @app.command()
    def schema(
        what: Annotated[str, typer.Argument(help="`config`, `frames`, or an actor.")] = "config",
    ) -> None:
        """Print the JSON Schema of configs, of frames, or of an actor's options."""
        from pipeline.cli.schema import schema_of

        typer.echo(schema_of(what))

    @app.command()
    def status(
        pipeline: PipelineOption = None,
        json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    ) -> None:
        """Show how a running pipeline is."""
        from pipeline.cli.status import status_command

        status_command(pipeline, json)

    @app.command()
    def tap(
        stream: Annotated[str, typer.Argument(help="For example microphone.audio.")],
        pipeline: PipelineOption = None,
        count: Annotated[
            int | None, typer.Option(help="Stop after so many frames.", min=1, max=MOST_FRAMES)
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
        raw: Annotated[
            bool, typer.Option("--raw", help="The msgpack bytes, each after its length.")
        ] = False,
        hz: Annotated[bool, typer.Option("--hz", help="Rate, age, bytes and losses.")] = False,
    ) -> None:
        """Write the frames of a stream of a running pipeline, as JSON unless told otherwise."""
        from pipeline.cli.tap import TapMode, tap_command

        if json + raw + hz > 1:
            raise GreenroomError("--json, --raw and --hz: name one of them")
        mode = TapMode.RAW if raw else TapMode.HZ if hz else TapMode.JSON
        tap_command(stream, pipeline, count, mode)

    @app.command()
    def keys(folder: Annotated[Path, typer.Argument(help="Where to put them.")]) -> None:
        """Make the keys that streams between hosts need."""
        from pipeline.bus.curve import TRUSTED_DIR, create_keys

        public = create_keys(folder).public.decode()
        typer.echo(f"public key: {public}")
        typer.echo(f"copy {folder}/greenroom.key into {TRUSTED_DIR}/ of the other hosts' folders")

    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"greenroom {VERSION}")
        raise typer.Exit


def run_app(app: typer.Typer) -> None:
    """Run the command line; an error of the user's is one line and exit status 2."""
    from pipeline.logs import allow_any_text, redact

    allow_any_text()
    try:
        # Without arguments it shows its help, which typer's own way ends with status 2.
        sys.exit(app(standalone_mode=not sys.argv[1:]) or 0)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        more = f"; see {context.command_path} --help" if context is not None else ""
        said = " ".join(error.format_message().split()).rstrip(".")
        typer.echo(f"error: {redact(said)}{more}", err=True)
        sys.exit(EXIT_USAGE)
    except GreenroomError as error:
        typer.echo(f"error: {redact(str(error))}", err=True)
        sys.exit(EXIT_USAGE)
    except BrokenPipeError:
        sys.exit(0)
    except RuntimeError as error:
        if not is_out_of_threads(error):
            raise
        typer.echo(f"error: {NO_THREAD}", err=True)
        sys.exit(EXIT_USAGE)
    except OSError as error:
        if error.errno is None:
            raise
        # A file, a folder or a network that is not as the user takes it to be.
        where = f"{error.filename}: " if error.filename is not None else ""
        typer.echo(f"error: {redact(f'{where}{error.strerror}')}", err=True)
        sys.exit(EXIT_USAGE)
