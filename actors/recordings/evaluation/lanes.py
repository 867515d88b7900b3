"""One picture of a recording: the turns that each variant found in it, one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actors.lib.audio.pcm import SPEECH_RATE_HZ
from actors.recordings.envelope import envelopes, window_of
from actors.recordings.evaluation.noise import LEAD_S
from actors.recordings.evaluation.observation import ObservedTurn
from actors.recordings.evaluation.scores import Score
from actors.recordings.picture import CHAR_INCHES, OUTCOMES, SPEECH, USER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 110
INCHES_PER_S = 0.9
LEAST_INCHES, MOST_INCHES = 10.0, 40.0
MARGIN_INCHES = 1.8
"""Of the width, for the names of the variants."""
WAVE_INCHES, LANE_INCHES, FRAME_INCHES = 1.4, 0.42, 1.2
TEXT_PT = 8
MARKER_UP = 0.28
"""Above the words, in lanes."""
LEAST_LETTERS = 4
"""Of words cut short: fewer say nothing."""
BEHIND_S = 0.5
"""Shown behind the last sound."""


def save_lanes(scores: Sequence[Score], path: Path) -> None:
    """Draw the cells of one recording, times in s from its beginning.

    Raises:
        OSError: it cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    last_s = max(scores[0].cell.length_s, *(_last_s(each) for each in scores)) + BEHIND_S
    wanted = MARGIN_INCHES + (last_s + LEAD_S) * INCHES_PER_S
    width = min(max(wanted, LEAST_INCHES), MOST_INCHES)
    lanes = LANE_INCHES * len(scores)
    with mpl.rc_context({"svg.fonttype": "none", "font.size": TEXT_PT + 1}):
        figure = Figure(
            figsize=(width, FRAME_INCHES + WAVE_INCHES + lanes), dpi=DPI, layout="constrained"
        )
        wave, rows = figure.subplots(2, 1, sharex=True, height_ratios=(WAVE_INCHES, lanes))
        recording = scores[0].cell.recording
        said = f"“{recording.reference.words}”" if recording.reference.words else "no transcript"
        wave.set_title(f"{recording.name}: {said}", loc="left", parse_math=False, wrap=True)
        _wave(wave, scores[0])
        letters_per_s = (width - MARGIN_INCHES) / (last_s + LEAD_S) / CHAR_INCHES
        for lane, each in enumerate(scores):
            _lane(rows, lane, each, letters_per_s)
        _name(rows, scores)
        for axis in (wave, rows):
            axis.set_xlim(-LEAD_S, last_s)
            axis.grid(axis="x", alpha=0.3)
            axis.set_axisbelow(True)
        figure.savefig(path)


def _last_s(score: Score) -> float:
    times = (t for turn in score.observed.turns for t in (turn.end_s, turn.heard_s))
    return max((each for each in times if each is not None), default=0.0)


def _wave(axis: Axes, score: Score) -> None:
    samples = score.cell.recording.samples()
    size = window_of(len(samples))
    windows = ((samples[start : start + size],) for start in range(0, len(samples), size))
    ((at_s, low, high),) = envelopes(windows, size, SPEECH_RATE_HZ)
    axis.fill_between(at_s, low, high, color=USER, linewidth=0.5)
    axis.set_ylabel("recording\n(1 = full scale)", rotation=0, ha="right", va="center")
    for there in score.cell.recording.reference.turns or ():
        axis.axvspan(there.start_s, there.end_s, color=SPEECH, zorder=0)


def _lane(axis: Axes, lane: int, score: Score, letters_per_s: float) -> None:
    for there in score.cell.recording.reference.turns or ():
        axis.axvspan(there.start_s, there.end_s, color=SPEECH, zorder=0)
    for turn in score.observed.turns:
        if turn.start_s is None or turn.end_s is None:
            continue
        colour = OUTCOMES.get(turn.outcome, OUTCOMES["open"])
        length_s = turn.end_s - turn.start_s
        axis.barh(lane, length_s, 0.8, turn.start_s, color=colour, alpha=0.5)
        room = int(length_s * letters_per_s) - 1
        axis.text(
            turn.start_s + 1 / letters_per_s / 2,
            lane,
            _fitted(turn, room),
            va="center",
            fontsize=TEXT_PT,
            parse_math=False,
            clip_on=True,
        )
        if turn.heard_s is not None:
            axis.plot(turn.heard_s, lane - MARKER_UP, "k>", markersize=4)


def _fitted(turn: ObservedTurn, room: int) -> str:
    if len(turn.said) <= room:
        return turn.said
    return f"{turn.said[: room - 1].rstrip()}…" if room >= LEAST_LETTERS else ""


def _name(axis: Axes, scores: Sequence[Score]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    axis.set_yticks(range(len(scores)), [each.cell.group for each in scores], parse_math=False)
    axis.set_ylim(len(scores) - 0.5, -0.5)
    axis.set_xlabel("time from the beginning of the recording, s")
    seen = {turn.outcome for each in scores for turn in each.observed.turns}
    handles: list[Patch | Line2D] = [
        Patch(color=colour, alpha=0.5, label=name)
        for name, colour in OUTCOMES.items()
        if name in seen
    ]
    handles.append(
        Line2D([], [], color="k", marker=">", linestyle="", label="first sound of the answer")
    )
    if scores[0].cell.recording.reference.turns:
        handles.append(Patch(color=SPEECH, label="labelled turn"))
    axis.figure.legend(
        handles=handles, loc="outside lower right", ncols=len(handles), frameon=False
    )
