"""The figures as pictures: one session in bars, many sessions in lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.peers.metrics import METRICS, Metric
from benchmarks.peers.results import Place, Results, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BARS_NAME = "peers-one-session.svg"
LINES_NAME = "peers-many-sessions.svg"
IN_BARS = (
    "up_p50",
    "up_p99",
    "down_p50",
    "barge_in_p50",
    "fault",
    "stall",
    "cpu",
    "memory",
    "startup",
)
IN_LINES = ("up_p50", "up_p99", "cpu", "memory")
COLOURS = ("#8c8c8c", "#d1495b", "#edae49", "#00798c")
"""Told apart by those who see no red or green, and in grey."""
MARKERS = "ovs^"


def draw(results: Results, subjects: Sequence[str], folder: Path) -> list[Path]:
    """Write the pictures that there are figures for; return them."""
    import matplotlib as mpl

    mpl.use("Agg")
    # The same figures make the same file.
    mpl.rcParams["svg.hashsalt"] = "greenroom"
    mpl.rcParams["svg.fonttype"] = "none"
    drawn = [_bars(results, subjects, folder / BARS_NAME)]
    counts = {each for name in IN_LINES for each in results.session_counts(name)}
    if len(counts) > 1:
        drawn.append(_lines(results, subjects, folder / LINES_NAME))
    return drawn


def _bars(results: Results, subjects: Sequence[str], path: Path) -> Path:
    from matplotlib import pyplot

    shown = [each for each in METRICS if each.name in IN_BARS and _has(results, each)]
    columns = min(3, len(shown))
    rows = math.ceil(len(shown) / columns)
    figure, grid = pyplot.subplots(
        rows,
        columns,
        figsize=(4.6 * columns, 0.6 + 1.75 * rows),
        squeeze=False,
        layout="constrained",
    )
    for axes in grid.flat[len(shown) :]:
        axes.set_visible(False)
    for metric, axes in zip(shown, grid.flat, strict=False):
        _bar(results, metric, subjects, axes)
    figure.suptitle(
        "One session: median of the rounds, least and greatest as a line; less is better"
    )
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path


def _bar(results: Results, metric: Metric, subjects: Sequence[str], axes: Axes) -> None:
    names = [name for name in subjects if Place(metric.name, name, 1) in results.values]
    finite = [
        value
        for name in names
        for value in results.values[Place(metric.name, name, 1)]
        if math.isfinite(value)
    ]
    top = max(finite, default=1.0) or 1.0
    for row, name in enumerate(names):
        values = results.values[Place(metric.name, name, 1)]
        middle = results.median(Place(metric.name, name, 1)) or 0.0
        colour = COLOURS[subjects.index(name) % len(COLOURS)]
        length = middle if math.isfinite(middle) else 0.0
        axes.barh(row, length, color=colour)
        ends = [value for value in values if math.isfinite(value)]
        if len(ends) > 1:
            axes.plot([min(ends), max(ends)], [row, row], color="black", linewidth=1)
        after = max([length, *ends]) + 0.02 * top
        axes.text(after, row, number(middle), va="center", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.2 * top)
    axes.tick_params(axis="x", labelsize=7)
    axes.set_title(metric.label, fontsize=8)
    axes.set_xlabel(metric.unit, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _lines(results: Results, subjects: Sequence[str], path: Path) -> Path:
    from matplotlib import pyplot

    shown = [each for each in METRICS if each.name in IN_LINES and _has(results, each)]
    figure, grid = pyplot.subplots(
        1, len(shown), figsize=(3.6 * len(shown), 3.4), squeeze=False, layout="constrained"
    )
    for metric, axes in zip(shown, grid.flat, strict=True):
        _line(results, metric, subjects, axes)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(subjects), fontsize=8)
    figure.suptitle("Many sessions at once: median of the rounds, least and greatest as bars")
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path


def _line(results: Results, metric: Metric, subjects: Sequence[str], axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    counts = results.session_counts(metric.name)
    for index, name in enumerate(subjects):
        points = [
            (count, results.values[Place(metric.name, name, count)])
            for count in counts
            if Place(metric.name, name, count) in results.values
        ]
        points = [(count, values) for count, values in points if math.isfinite(max(values))]
        middles = [results.median(Place(metric.name, name, count)) or 0.0 for count, _ in points]
        below = [middle - min(values) for middle, (_, values) in zip(middles, points, strict=True)]
        above = [max(values) - middle for middle, (_, values) in zip(middles, points, strict=True)]
        axes.errorbar(
            [count for count, _ in points],
            middles,
            yerr=[below, above],
            color=COLOURS[index % len(COLOURS)],
            marker=MARKERS[index % len(MARKERS)],
            capsize=2,
            label=name,
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(counts)
    axes.set_title(metric.label, fontsize=9)
    axes.set_xlabel("sessions at once", fontsize=8)
    axes.set_ylabel(metric.unit, fontsize=8)
    axes.grid(alpha=0.3)
    axes.tick_params(labelsize=8)


def _has(results: Results, metric: Metric) -> bool:
    return bool(results.session_counts(metric.name))
