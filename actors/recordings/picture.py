"""One picture of a conversation: sound, turns, route, faults and latencies over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from actors.lib.languages.columns import columns_of, cut_to
from actors.recordings.envelope import Envelope
from actors.recordings.fonts import families_for
from actors.recordings.timeline import ConversationTimeline, Span, TurnSpan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SpanT = TypeVar("SpanT", bound=Span)

USER, HEARD, SPEECH, FAULT = "#0072b2", "#444444", "#cfe6f5", "#d55e00"
OUTCOMES = {
    "answered": "#009e73",
    "interrupted": "#e69f00",
    "failed": "#d55e00",
    "open": "#999999",
}
OWNERS = ("#56b4e9", "#cc79a7", "#f0e442", "#999999")
"""These colours are those of Okabe and Ito, which the colour-blind can tell apart."""
QUIET = 0.05
"""Of full scale: what is fainter is not drawn as if it were loud."""
DPI = 110
INCHES_PER_S = 0.25
LEAST_INCHES, MOST_INCHES = 11.0, 40.0
"""Half an hour still fits on a wall."""
MARGIN_INCHES = 1.6
"""Of the width, for the names of the rows."""
TEXT_PT = 8
CHAR_INCHES = TEXT_PT / 72 * 0.54
"""Mean width of a letter in the font that matplotlib brings, measured on English."""
LEAST_LETTERS = 9
"""Of words cut short: fewer say nothing."""
ROWS = (1.2, 1.2, 1.3, 0.4, 0.8, 1.1)
"""Relative heights."""
FAULT_LANES = 3
"""Labels one above the other: a service that fails is seen by several backends at once."""


class ConversationPicture:
    """Draws a conversation; times are in seconds from `begin_ns`.

    Args:
        timeline: What happened.
        sides: What the user said and heard, as envelopes from `begin_ns` on.
        span_ns: When the picture begins and ends.
        title: Of the picture.
    """

    def __init__(
        self,
        timeline: ConversationTimeline,
        sides: tuple[Envelope, Envelope],
        span_ns: tuple[int, int],
        title: str,
    ) -> None:
        self._timeline = timeline
        self._sides = sides
        self._begin_ns = span_ns[0]
        self._length_s = max((span_ns[1] - span_ns[0]) / 1e9, 0.1)
        self._title = title
        wanted = MARGIN_INCHES + self._length_s * INCHES_PER_S
        self._width = min(max(wanted, LEAST_INCHES), MOST_INCHES)

    def save(self, path: Path) -> None:
        """Write the picture; the suffix says in which form.

        Raises:
            OSError: it cannot be written.
        """
        import matplotlib as mpl
        from matplotlib.figure import Figure

        # Text stays text in an SVG: it can be searched, and is drawn in the viewer's own fonts.
        families = families_for(turn.recorded.said for turn in self._timeline.turns)
        with mpl.rc_context(
            {"svg.fonttype": "none", "font.size": TEXT_PT + 1, "font.family": families}
        ):
            figure = Figure(figsize=(self._width, 8.0), dpi=DPI, layout="constrained")
            rows = figure.subplots(len(ROWS), 1, sharex=True, height_ratios=ROWS)
            figure.suptitle(self._title, parse_math=False)
            self._wave(rows[0], 0, "user", USER)
            self._wave(rows[1], 1, "heard", HEARD)
            self._turns(rows[2])
            self._routes(rows[3])
            self._faults(rows[4])
            self._latencies(rows[5])
            for row in rows:
                row.set_xlim(0, self._length_s)
                row.grid(axis="x", alpha=0.3)
                row.set_axisbelow(True)
            rows[-1].set_xlabel("time, s")
            figure.savefig(path)

    def _at_s(self, time_ns: int) -> float:
        return (time_ns - self._begin_ns) / 1e9

    def _visible(self, spans: Iterable[SpanT]) -> Iterator[tuple[SpanT, float, float]]:
        """Yield what lies in the picture, and from when to when, s: retained frames are older."""
        for each in spans:
            begin_s = max(0.0, self._at_s(each.begin_ns))
            end_s = self._length_s if each.end_ns is None else self._at_s(each.end_ns)
            if begin_s <= min(end_s, self._length_s):
                yield each, begin_s, min(end_s, self._length_s)

    def _wave(self, row: Axes, side: int, name: str, colour: str) -> None:
        at_s, low, high = self._sides[side]
        top = QUIET
        if len(at_s):
            row.fill_between(at_s, low, high, color=colour, linewidth=0.5)
            top = max(top, float(high.max()), -float(low.min()))
        row.set_ylim(-top * 1.1, top * 1.1)
        _name(row, f"{name}\n(1 = full scale)")
        for _, begin_s, end_s in self._visible(self._timeline.speech):
            row.axvspan(begin_s, end_s, color=SPEECH, zorder=0)
        if side == 0 and self._timeline.speech:
            row.text(
                1,
                1.02,
                "shaded: the user speaks",
                transform=row.transAxes,
                ha="right",
                fontsize=TEXT_PT,
                color=USER,
            )

    def _turns(self, row: Axes) -> None:
        lanes: list[float] = []
        for turn, begin_s, end_s in self._visible(self._timeline.turns):
            lane = next((n for n, free_s in enumerate(lanes) if free_s <= begin_s), len(lanes))
            lanes[lane : lane + 1] = [end_s]
            colour = OUTCOMES.get(turn.recorded.outcome, OUTCOMES["open"])
            row.barh(
                lane, end_s - begin_s, 0.9, begin_s, color=colour, alpha=0.35, edgecolor=colour
            )
            text = "\n".join(self._fitted(line, end_s - begin_s) for line in _lines(turn))
            row.text(
                begin_s + self._s_of(CHAR_INCHES / 2),
                lane,
                text,
                va="center",
                fontsize=TEXT_PT,
                parse_math=False,
                clip_on=True,
            )
        row.set_ylim(max(len(lanes), 1) - 0.5, -0.5)
        row.set_yticks([])
        _name(row, "turns")
        self._legend(row)

    def _legend(self, row: Axes) -> None:
        from matplotlib.patches import Patch

        seen = {turn.recorded.outcome for turn in self._timeline.turns}
        shown = [name for name in OUTCOMES if name in seen]
        if shown:
            row.legend(
                handles=[Patch(color=OUTCOMES[name], alpha=0.5, label=name) for name in shown],
                loc="lower right",
                bbox_to_anchor=(1, 1),
                ncols=len(shown),
                fontsize=TEXT_PT,
                frameon=False,
                borderpad=0,
                borderaxespad=0.1,
            )

    def _routes(self, row: Axes) -> None:
        owners = list(dict.fromkeys(each.label for each in self._timeline.routes))
        for each, begin_s, end_s in self._visible(self._timeline.routes):
            colour = OWNERS[owners.index(each.label) % len(OWNERS)]
            row.barh(0, end_s - begin_s, 0.9, begin_s, color=colour)
            text = self._fitted(each.label or "nobody", end_s - begin_s)
            row.text((begin_s + end_s) / 2, 0, text, ha="center", va="center", parse_math=False)
        row.set_ylim(-0.5, 0.5)
        row.set_yticks([])
        _name(row, "route")

    def _faults(self, row: Axes) -> None:
        free_s = [0.0] * FAULT_LANES
        for each in self._timeline.faults:
            at_s = self._at_s(each.begin_ns)
            if not 0 <= at_s <= self._length_s:
                continue
            row.axvline(at_s, color=FAULT)
            width_s = self._s_of((len(each.label) + 2) * CHAR_INCHES)
            left = at_s + width_s > self._length_s
            begin_s = at_s - width_s if left else at_s
            lane = next((n for n, free in enumerate(free_s) if free <= begin_s), None)
            if lane is None:
                continue
            free_s[lane] = begin_s + width_s
            gap_s = self._s_of(CHAR_INCHES / 2)
            row.text(
                at_s - gap_s if left else at_s + gap_s,
                lane,
                each.label,
                ha="right" if left else "left",
                va="center",
                fontsize=TEXT_PT,
                color=FAULT,
                parse_math=False,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
            )
        row.set_ylim(FAULT_LANES - 0.5, -0.5)
        row.set_yticks([])
        _name(row, "faults")

    def _latencies(self, row: Axes) -> None:
        known = [
            (self._at_s(turn.sounded_ns), turn.recorded.latency_ms["first_sound"], turn)
            for turn in self._timeline.turns
            if turn.sounded_ns is not None
            and 0 <= self._at_s(turn.sounded_ns) <= self._length_s
            and "first_sound" in turn.recorded.latency_ms
        ]
        free_s = 0.0
        for at_s, latency_ms, turn in known:
            colour = OUTCOMES.get(turn.recorded.outcome, OUTCOMES["open"])
            row.bar(at_s, latency_ms, self._s_of(0.08), color=colour)
            text = f"{latency_ms:.0f}"
            if at_s >= free_s:
                row.text(at_s, latency_ms, text, ha="center", va="bottom", fontsize=TEXT_PT)
                free_s = at_s + self._s_of((len(text) + 1) * CHAR_INCHES)
        row.set_ylim(0, max([each[1] for each in known], default=1.0) * 1.3)
        _name(row, "first sound\nafter, ms")

    def _s_of(self, inches: float) -> float:
        return inches * self._length_s / (self._width - MARGIN_INCHES)

    def _fitted(self, text: str, width_s: float) -> str:
        room = int(width_s / self._s_of(CHAR_INCHES)) - 1
        if columns_of(text) <= room:
            return text
        return f"{cut_to(text, room - 1).rstrip()}…" if room >= LEAST_LETTERS else ""


def _name(row: Axes, name: str) -> None:
    row.set_ylabel(name, rotation=0, ha="right", va="center")


def _lines(turn: TurnSpan) -> list[str]:
    recorded = turn.recorded
    by = f" by {recorded.by}" if recorded.by else ""
    return [f"“{recorded.said}”" if recorded.said else "", f"{recorded.outcome}{by}"]
