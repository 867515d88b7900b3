"""What `load` takes on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import ConfigError

LONGEST_S = 86_400.0
"""A day."""


def add_load(app: typer.Typer) -> None:
    """Add it to the command line."""

    @app.command()
    def load(
        url: Annotated[
            str, typer.Argument(help="Of a gateway that runs, such as http://127.0.0.1:3000.")
        ],
        callers: Annotated[
            int, typer.Option("--callers", "-n", help="How many in all.", min=1, max=20_000)
        ] = 10,
        as_: Annotated[
            list[str] | None,
            typer.Option(
                "--as",
                metavar="PROTOCOL",
                help="website (default), gemini, twilio, ...; again for more, in turn.",
            ),
        ] = None,
        arrivals: Annotated[
            str, typer.Option(help="How they come: together, ramp or poisson.")
        ] = "ramp",
        over: Annotated[
            float, typer.Option(metavar="SECONDS", help="Within this time.", min=0, max=LONGEST_S)
        ] = 10.0,
        length: Annotated[
            str, typer.Option(metavar="S or S-S", help="How long each goes on to say things.")
        ] = "60",
        pause: Annotated[
            str, typer.Option(metavar="S or S-S", help="Silence before each thing that is said.")
        ] = "0.5-3",
        barge_ins: Annotated[
            float,
            typer.Option(metavar="PART", help="Part of what is said into answers.", min=0, max=1),
        ] = 0.0,
        drops: Annotated[
            float,
            typer.Option(metavar="PART", help="Callers who are cut off and stay away.", min=0),
        ] = 0.0,
        cuts: Annotated[
            float,
            typer.Option(metavar="PART", help="Callers who are cut off and come back.", min=0),
        ] = 0.0,
        vanishes: Annotated[
            float,
            typer.Option(metavar="PART", help="Callers in a tunnel for a while.", min=0),
        ] = 0.0,
        away: Annotated[
            str, typer.Option(metavar="S or S-S", help="How long they are in it.")
        ] = "1-10",
        patience: Annotated[
            float,
            typer.Option(metavar="SECONDS", help="For an answer.", min=1, max=3600),
        ] = 20.0,
        seed: Annotated[int, typer.Option(help="Of all chances: the same does the same.")] = 0,
        say: Annotated[
            list[Path] | None,
            typer.Option(metavar="FILE", help="Say this; again for more. Default: the package's."),
        ] = None,
        key: Annotated[
            str | None,
            typer.Option(
                metavar="KEY",
                help="Of the gateway, or what a provider signs with or shows.",
                envvar="GREENROOM_LOAD_KEY",
            ),
        ] = None,
        parameter: Annotated[
            list[str] | None,
            typer.Option(metavar="NAME=VALUE", help="Of each call, as `greenroom call` gives it."),
        ] = None,
        processes: Annotated[
            int | None,
            typer.Option(help="Of callers; default: as many as it takes.", min=1, max=256),
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    ) -> None:
        """Bring many callers to a gateway that runs; say what each of them got.

        They speak recordings over any line that the gateway has. Only this machine is called
        without a key. It ends with 1 if anybody was refused, or lost an answer.
        """
        from actors.cli.load.command import WantedLoad, load_command
        from actors.cli.load.crowd_plan import Arrivals, CrowdPlan, Loss

        losses = {Loss.DROP: drops, Loss.CUT: cuts, Loss.VANISH: vanishes}
        if sum(losses.values()) > 1:
            raise ConfigError("--drops, --cuts and --vanishes are parts of all: 1 together at most")
        if arrivals not in [*Arrivals]:
            raise ConfigError(f"--arrivals {arrivals!r}: write {', '.join(Arrivals)}")
        plan = CrowdPlan(
            callers=callers,
            protocols=as_ or (),
            arrivals=Arrivals(arrivals),
            over_s=over,
            length_s=_range("--length", length),
            pause_s=_range("--pause", pause),
            barge_ins=barge_ins,
            losses=losses,
            away_s=_range("--away", away),
            patience_s=patience,
            seed=seed,
        )
        load_command(WantedLoad(url, plan, key, parameter or (), say or (), processes, json))


def _range(option: str, given: str) -> tuple[float, float]:
    """Return the least and the most of `30`, or of `30-90`.

    Raises:
        ConfigError: it is neither.
    """
    least, _, most = given.partition("-")
    try:
        found = float(least), float(most or least)
    except ValueError:
        found = -1.0, -1.0
    if not 0 <= found[0] <= found[1] <= LONGEST_S:
        raise ConfigError(f"{option} {given!r}: write seconds, such as 60, or 30-90")
    return found
