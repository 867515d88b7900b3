"""Brings the callers of `greenroom load`, and prints what became of them."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import typer
from rich.console import Console

from actors.cli.load.crowd import Crowd, crowd_calling
from actors.cli.load.crowd_plan import CrowdPlan, ends_s, planned_callers
from actors.cli.load.load_outcome import LoadOutcome, outcome_of
from actors.cli.load.load_share import LoadShare
from actors.cli.load.load_shown import doubts, shown_as_json, shown_as_table
from actors.cli.load.load_target import LoadTarget, load_target, require_listener
from actors.cli.load.recordings import recordings
from pipeline.errors import ConfigError
from pipeline.launch.file_limit import ENOUGH

EXIT_WRONG = 1
"""Somebody was refused, or lost something."""
CALLERS_A_PROCESS = 150
"""Half a processor: a caller takes some 0.2 s of one in a minute."""
OWN_FILES = 64
"""Of a process of callers, beside a socket for each: a third of it is used."""
UP_BYTES_S = 32_000
"""Sound of 16 kHz; in JSON and base64 a third more, of telephones less."""
LINE_S = 1.0
"""Between two lines of progress on a terminal."""
SLACK_S = 90.0
"""After the last caller has said the last: for an answer that never comes, and a way back."""


@dataclass(frozen=True)
class WantedLoad:
    """What was asked for on the command line.

    Attributes:
        url: Of the gateway.
        plan: Of the crowd; its protocols are those of `--as`.
        key: That callers show; None: nothing.
        parameters: `NAME=VALUE` each.
        files: What is said; none: the recordings of the package.
        processes: Of callers; None: as many as it takes.
        as_json: Print JSON.
    """

    url: str
    plan: CrowdPlan
    key: str | None
    parameters: Sequence[str]
    files: Sequence[Path]
    processes: int | None
    as_json: bool


def load_command(wanted: WantedLoad) -> None:
    """Let a crowd call, and print what became of it; ends with `EXIT_WRONG` if something is wrong.

    Raises:
        GreenroomError: nobody can call.
    """
    target = load_target(wanted.url, wanted.plan.protocols)
    said = recordings(wanted.files)
    plan = replace(wanted.plan, protocols=tuple(target.urls))
    share = LoadShare(
        plan,
        target.urls,
        wanted.key,
        wanted.parameters,
        [str(each.resolve()) for each in wanted.files],
        processes=wanted.processes or _processes(plan.callers),
    )
    # Whatever is wrong with the options is wrong for all.
    for protocol in target.urls:
        share.wanted(protocol).check()
    _require_files(share)
    _require_permission(target, wanted)
    require_listener(target)
    last_s = ends_s(planned_callers(plan, len(said)))
    if not target.is_here:
        typer.echo(_announced(target, plan, last_s), err=True)
    with crowd_calling(share) as crowd:
        stopped = _watch(crowd, last_s + plan.patience_s + SLACK_S)
        outcome = outcome_of(crowd.end(), said)
    _print(wanted, target, outcome, stopped=stopped)
    if not outcome.holds:
        raise typer.Exit(EXIT_WRONG)


def _watch(crowd: Crowd, seconds: float) -> bool:
    """Wait for the end, and show how it goes on; return whether it was stopped before."""
    shows = sys.stderr.isatty()
    with _interruptible() as interrupted:
        waited_s = 0.0
        while not crowd.wait(LINE_S):
            waited_s += LINE_S
            if interrupted or waited_s > seconds:
                break
            if shows:
                typer.echo(f"\r{_progress(crowd)}\033[K", err=True, nl=False)
    if shows:
        typer.echo("\r\033[K", err=True, nl=False)
    return bool(interrupted)


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Note Control-C and SIGTERM, and go on: what was until then is shown."""
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _progress(crowd: Crowd) -> str:
    counts = crowd.how_many()
    answers = counts.pop("answers", 0)
    where = ", ".join(f"{count} {stay}" for stay, count in counts.items())
    return f"{where}; {answers} answers"


def _print(wanted: WantedLoad, target: LoadTarget, outcome: LoadOutcome, *, stopped: bool) -> None:
    if wanted.as_json:
        found = {"url": wanted.url, "protocols": [*target.urls], "seed": wanted.plan.seed}
        typer.echo(json.dumps({**found, "stopped": stopped, **shown_as_json(outcome)}, indent=1))
        return
    if stopped:
        typer.echo("stopped: this is what was until then")
    Console(width=max(100, Console().width)).print(shown_as_table(outcome))
    for line in doubts(outcome):
        typer.echo(f"note: {line}", err=True)
    if outcome.callers and not outcome.present:
        typer.echo(
            f"nobody was let in: is a gateway at {target.host}:{target.port}, does it take "
            f"{', '.join(target.urls)}, and does it want a key (--key)?",
            err=True,
        )


def _processes(callers: int) -> int:
    wanted = -(-callers // CALLERS_A_PROCESS)
    return max(1, min(wanted, os.cpu_count() or 1))


def _require_files(share: LoadShare) -> None:
    """Return if each process of callers may have as many sockets as it needs."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    may = ENOUGH if most == resource.RLIM_INFINITY else min(most, ENOUGH)
    needed = -(-share.plan.callers // share.processes) + OWN_FILES
    if needed > may:
        raise ConfigError(
            f"{share.plan.callers} callers in {share.processes} processes need {needed} files "
            f"each, and a process may open {may}: raise the limit (`ulimit -n`), or --processes"
        )


def _require_permission(target: LoadTarget, wanted: WantedLoad) -> None:
    """Return if the server may be called: this machine, or one of which there is a key."""
    if not target.is_here and not wanted.key:
        raise ConfigError(
            f"{target.host} is not this machine: a crowd only goes where it has a key "
            "(--key, or GREENROOM_LOAD_KEY; greenroom credentials add load)"
        )


def _announced(target: LoadTarget, plan: CrowdPlan, last_s: float) -> str:
    megabytes = plan.callers * sum(plan.length_s) / 2 * UP_BYTES_S / 1e6
    return (
        f"{plan.callers} callers ({', '.join(target.urls)}) with recorded speech go to "
        f"{target.host}:{target.port}, for {last_s:.0f} s and what answers take: some "
        f"{megabytes:.0f} MB are sent, and the server pays for what answers it. Control-C stops."
    )
