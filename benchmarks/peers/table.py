"""The table and the sentences of the report, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from benchmarks.peers.metrics import METRICS, Metric
from benchmarks.peers.results import Place, Results, ahead, number, ratio, spread

BEGIN = "<!-- peers: written by the benchmark from here -->"
END = "<!-- peers: to here -->"


def table(results: Results, subjects: Sequence[str], ours: str) -> str:
    """Write a row for each figure, a column for each subject, and ours by each of theirs."""
    others = [name for name in subjects if name != ours]
    heads = ["", "unit", "sessions", *subjects, *(f"{ours} / {name}" for name in others)]
    lines = [_row(heads), _row(["---", "---", *["---:"] * (len(heads) - 2)])]
    for metric, sessions in _rows(results):
        cells = [_cell(results, Place(metric.name, name, sessions)) for name in subjects]
        we = results.median(Place(metric.name, ours, sessions))
        theirs = (results.median(Place(metric.name, name, sessions)) for name in others)
        compared = [_ratio(we, each) for each in theirs]
        lines.append(_row([metric.label, metric.unit, str(sessions), *cells, *compared]))
    return "\n".join(lines)


def verdict(results: Results, peers: Sequence[str], ours: str) -> list[str]:
    """Say where a peer is better than we are, and what collapsed."""
    lines: list[str] = []
    for peer in peers:
        found = []
        for metric, sessions in _rows(results):
            we = results.median(Place(metric.name, ours, sessions))
            they = results.median(Place(metric.name, peer, sessions))
            if we is not None and they is not None and not ahead(metric, we, they):
                values = f"{number(they)} to our {number(we)} {metric.unit}".rstrip()
                found.append(f"{metric.label}, {sessions} at once ({values})")
        lines.append(f"- {peer} is better in: {'; '.join(found) or 'none of these rows'}.")
    for (subject, kind, sessions), reason in sorted(results.failures.items()):
        lines.append(f"- {subject}, `{kind}` with {sessions} at once: {reason}.")
    return lines


def replaced(text: str, block: str) -> str:
    """Put `block` between the markers of `text`.

    Raises:
        ValueError: the markers are not there, once each and in order.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"the file needs the lines {BEGIN} and {END}, once each, in this order")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{block.strip()}\n\n{END}{after}"


def _rows(results: Results) -> Iterator[tuple[Metric, int]]:
    for metric in METRICS:
        for sessions in results.session_counts(metric.name):
            yield metric, sessions


def _cell(results: Results, place: Place) -> str:
    values = results.values.get(place)
    return spread(values) if values else ""


def _ratio(ours: float | None, theirs: float | None) -> str:
    value = ratio(ours, theirs)
    if value is None:
        return ""
    return "much more" if math.isinf(value) else f"{value:.2f}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
