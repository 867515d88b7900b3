"""`python -m benchmarks peers [ROW ...] [--rounds N] [--sessions 1,10]`: we beside the others."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import CalledProcessError

from benchmarks.machine import Others, description
from benchmarks.peers.kinds import KINDS, NEVER, Kind
from benchmarks.peers.metrics import METRICS
from benchmarks.peers.observation import CollapsedError, Subject
from benchmarks.peers.pictures import draw
from benchmarks.peers.results import Place, Results
from benchmarks.peers.subjects import FLOOR, OURS, PEERS, SUBJECTS, prepare, versions
from benchmarks.peers.table import replaced, table, verdict

ROUNDS = 3
SESSIONS = (1, 10, 25, 50)
README = Path(__file__).parents[1] / "README.md"
RAW = Path("out") / "peers.json"


def main(arguments: Sequence[str]) -> int:
    """Measure what is asked for; the README is written when that is everything.

    Returns 1 if the peers cannot be installed.
    """
    names = [kind.name for kind in KINDS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks peers", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(names)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--sessions", type=_counts, default=SESSIONS, help="like 1,10,25")
    given = parser.parse_args(arguments)
    if unknown := set(given.rows) - set(names):
        parser.error(f"no row {', '.join(sorted(unknown))}: there are {', '.join(names)}")
    kinds = [kind for kind in KINDS if kind.name in (given.rows or names)]
    try:
        prepare()
    except CalledProcessError:
        print("the peers could not be installed: pip says above why; it needs a package registry")
        return 1
    others = Others()
    results = _measure(kinds, given.rounds, given.sessions)
    busy = others.told()
    shown = [subject.name for subject in SUBJECTS]
    report = [
        table(results, shown, OURS.name),
        "\n".join(verdict(results, [peer.name for peer in PEERS], OURS.name)),
        f"{time.strftime('%Y-%m-%d')}, rounds: {given.rounds}; {description()}; "
        f"{versions()}; {busy}.",
    ]
    print("\n\n".join(report))
    _keep(results)
    if len(kinds) == len(KINDS) and tuple(given.sessions) == SESSIONS:
        pictures = draw(results, shown, README.parent)
        report[1:1] = [f"![{each.stem}]({each.name})" for each in pictures]
        README.write_text(replaced(README.read_text(), "\n\n".join(report)))
    return 0


def _measure(kinds: Sequence[Kind], rounds: int, sessions: Sequence[int]) -> Results:
    results = Results()
    for turn in range(rounds):
        for kind in kinds:
            for count in sessions if kind.many else (1,):
                for subject in _askable(kind, count, turn):
                    _observe(kind, subject, turn, count, results)
    return results


def _askable(kind: Kind, count: int, turn: int) -> Iterator[Subject]:
    """Yield who can do it; another begins in each round, so that nobody always comes after one."""
    for index in range(len(SUBJECTS)):
        subject = SUBJECTS[(index + turn) % len(SUBJECTS)]
        if count <= subject.most_sessions() and (kind.floor or subject is not FLOOR):
            yield subject


def _observe(kind: Kind, subject: Subject, turn: int, count: int, results: Results) -> None:
    print(f"round {turn + 1}: {kind.name}, {count} at once, {subject.name} ...", flush=True)
    expected = [metric.name for metric in METRICS if metric.kind == kind.name]
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        try:
            figures = kind.figures(subject.observe(kind.trial(turn, count), Path(folder)))
        except CollapsedError as error:
            results.failures[subject.name, kind.name, count] = str(error)
            figures = dict.fromkeys(expected, NEVER)
    print(f"    {', '.join(f'{name} {value:.2f}' for name, value in figures.items())}", flush=True)
    for name in expected:
        results.add(Place(name, subject.name, count), figures[name])


def _keep(results: Results) -> None:
    """Write every round's values, for who wants to look closer."""
    RAW.parent.mkdir(exist_ok=True)
    lines = [{**place._asdict(), "values": values} for place, values in results.values.items()]
    RAW.write_text(json.dumps(lines, indent=1))


def _counts(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))
