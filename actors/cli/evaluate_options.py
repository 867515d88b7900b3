"""What `greenroom evaluate` takes on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import SetOption


def add_evaluate(app: typer.Typer) -> None:
    """Add it to the command line."""

    @app.command()
    def evaluate(
        recordings: Annotated[
            list[Path], typer.Argument(metavar="RECORDING...", help="Sound files, or folders.")
        ],
        config: Annotated[
            list[Path] | None,
            typer.Option("--config", "-c", help="Which pipeline; again for more. Default: demo."),
        ] = None,
        set_: SetOption = None,
        variant: Annotated[
            list[str] | None,
            typer.Option(
                metavar="NAME:A.B=C",
                help="A variant: override a field; again with the NAME for another field of it.",
            ),
        ] = None,
        snr_db: Annotated[
            list[float] | None,
            typer.Option("--snr-db", help="Again with noise, so much softer than the speech."),
        ] = None,
        noise: Annotated[
            Path | None, typer.Option(help="A recording of the noise; default: pink noise.")
        ] = None,
        tail_s: Annotated[
            float, typer.Option("--tail-s", help="What is heard behind each recording.", min=0.5)
        ] = 2.0,
        output: Annotated[
            Path, typer.Option("--output", "-o", help="Table of the cells: .csv or .parquet.")
        ] = Path("evaluation.csv"),
        jobs: Annotated[
            int | None, typer.Option("--jobs", "-j", help="Pipelines at a time.", min=1)
        ] = None,
        keep: Annotated[
            Path | None, typer.Option(help="Folder for a recording (MCAP) and log of each cell.")
        ] = None,
        on: Annotated[
            str | None,
            typer.Option(metavar="ray[:ADDRESS]", help="Run on the machines of a Ray cluster."),
        ] = None,
    ) -> None:
        """Run recordings through pipelines: word errors, turn errors, latency, cost of each."""
        from actors.cli.evaluate import Wanted, evaluate_command

        wanted = Wanted(
            places=recordings,
            configs=config or [],
            sets=set_ or [],
            variants=variant or [],
            snrs_db=snr_db or [],
            noise=noise,
            tail_s=tail_s,
        )
        raise typer.Exit(evaluate_command(wanted, output, jobs, keep, on))
