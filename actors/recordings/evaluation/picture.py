"""One picture of an evaluation: errors, latencies and cost of each variant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from actors.recordings.evaluation.scores import Total, middle, rate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    "missed": "#d55e00",
    "false": "#0072b2",
    "cut": "#e69f00",
    "joined": "#cc79a7",
    "not ended": "#999999",
}
BAR, FIRST_SOUND, RESPONSE = "#56b4e9", "#009e73", "#d55e00"
"""These colours are those of Okabe and Ito, which the colour-blind can tell apart."""
DPI = 110
WIDTH_INCHES = 14.0
FRAME_INCHES, ROW_INCHES = 1.7, 0.42
"""Height of title and axes, and of each variant."""
TEXT_PT = 9
ROOM = 1.35
"""Axis beyond the longest bar or last dot, for the number behind it."""
TICKS = 4
"""More numbers would touch in a narrow panel."""
SPREAD = 0.12
"""Dots that would lie on each other are this far apart, in rows."""


def save_picture(totals: Sequence[Total], path: Path) -> None:
    """Draw all variants, one row each; the suffix says in which form.

    Raises:
        OSError: it cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    panels: list[Callable[[Axes, Sequence[Total]], None]] = [_turns, _words, _latency, _cost]
    height = FRAME_INCHES + ROW_INCHES * len(totals)
    with mpl.rc_context({"svg.fonttype": "none", "font.size": TEXT_PT}):
        figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DPI, layout="constrained")
        axes = figure.subplots(1, len(panels), sharey=True, width_ratios=(1.3, 1, 1.3, 0.8))
        for axis, draw in zip(axes, panels, strict=True):
            draw(axis, totals)
            axis.grid(axis="x", alpha=0.3)
            axis.set_axisbelow(True)
        axes[0].set_yticks(range(len(totals)), [each.name for each in totals], parse_math=False)
        axes[0].set_ylim(len(totals) - 0.5, -0.5)
        figure.savefig(path)


def _turns(axis: Axes, totals: Sequence[Total]) -> None:
    done = np.zeros(len(totals))
    rows = np.arange(len(totals))
    for name, colour in COLOURS.items():
        counts = np.array([_count(each, name) for each in totals])
        if counts.any():
            axis.barh(rows, counts, 0.7, left=done, color=colour, label=name)
            for row, (count, left) in enumerate(zip(counts, done, strict=True)):
                if count:
                    axis.text(left + count / 2, row, f"{count}", ha="center", va="center")
        done += counts
    expected = max(each.count("expected") for each in totals)
    axis.set_xlim(0, max(float(done.max()) * ROOM, 1))
    axis.set_xlabel(f"turns, of {expected} expected")
    axis.set_title("errors of turn detection", loc="left", pad=22)
    if done.any():
        _legend(axis, ncols=5, handlelength=1)
    else:
        axis.text(0.5, 0.5, "none", transform=axis.transAxes, ha="center")
    axis.locator_params(axis="x", integer=True)


def _legend(axis: Axes, **spacing: float) -> None:
    axis.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        frameon=False,
        borderpad=0,
        borderaxespad=0.2,
        columnspacing=1,
        fontsize=TEXT_PT - 1,
        **spacing,
    )


def _count(total: Total, name: str) -> int:
    return total.not_ended if name == "not ended" else total.count(name)


def _words(axis: Axes, totals: Sequence[Total]) -> None:
    rates = [rate(each.words) for each in totals]
    _bars(axis, [None if each is None else 100 * each for each in rates], "{:.1f}")
    axis.set_xlabel("word errors, % of the words said")
    axis.set_title("word error rate", loc="left", pad=22)


def _cost(axis: Axes, totals: Sequence[Total]) -> None:
    _bars(axis, [each.money for each in totals], "{:.4f}")
    currency = next((each.currency for each in totals if each.currency), "")
    axis.set_xlabel(f"{currency or 'money'}, all recordings")
    axis.set_title("cost", loc="left", pad=22)


def _bars(axis: Axes, values: Sequence[float | None], form: str) -> None:
    known = [value for value in values if value is not None]
    top = max(known, default=0.0)
    for row, value in enumerate(values):
        if value is None:
            _unknown(axis, row)
            continue
        axis.barh(row, value, 0.7, color=BAR)
        axis.text(value, row, f" {form.format(value)}", va="center")
    axis.set_xlim(0, top * ROOM or 1)
    axis.locator_params(axis="x", nbins=TICKS)


def _unknown(axis: Axes, row: int) -> None:
    axis.text(0, row, " not known", va="center", color="#777777")


def _latency(axis: Axes, totals: Sequence[Total]) -> None:
    series = [
        ("after the last voiced sample", FIRST_SOUND, [each.first_sound_ms for each in totals]),
        ("after the labelled end", RESPONSE, [each.response_ms for each in totals]),
    ]
    shown = [each for each in series if any(each[2])]
    for index, (name, colour, all_ms) in enumerate(shown):
        offset = (index - (len(shown) - 1) / 2) * 0.4
        for row, found_ms in enumerate(all_ms):
            spread = np.resize([0.0, SPREAD, -SPREAD], len(found_ms)) * 0.7
            label = name if row == 0 else None
            axis.scatter(found_ms, row + offset + spread, 14, colour, alpha=0.6, label=label)
            median = middle(found_ms)
            if median is not None:
                axis.plot([median] * 2, [row + offset - 0.2, row + offset + 0.2], color=colour)
                axis.text(
                    *(0.99, row + offset, f"{median:.0f}"),
                    ha="right",
                    va="center",
                    color=colour,
                    transform=axis.get_yaxis_transform(),
                )
    axis.set_xlim(
        0, max([ms for *_, all_ms in series for each in all_ms for ms in each], default=1) * ROOM
    )
    for row, total in enumerate(totals):
        if not (total.first_sound_ms or total.response_ms):
            _unknown(axis, row)
    axis.set_xlabel("first sound of the answer, ms (line and number: median)")
    axis.set_title("latency", loc="left", pad=22)
    if shown:
        _legend(axis, ncols=2, handletextpad=0.1)
