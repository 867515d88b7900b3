"""What became of a crowd, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.table import Table

from actors.cli.load.load_outcome import LoadOutcome, TurnFate
from pipeline.quantile import quantile

LATE_MS = 20.0
"""A block: callers who are as late as that are no callers any more, and what they saw is theirs."""


def shown_as_json(outcome: LoadOutcome) -> dict[str, Any]:
    """Return the figures; times in ms."""
    return {
        "callers": outcome.callers,
        "present": outcome.present,
        "refused": dict(outcome.refused),
        "ended_by_server": dict(outcome.ended_by_server),
        "turns": {each.name.lower(): outcome.asked[each] for each in TurnFate},
        "answered_twice": outcome.answered_twice if outcome.names_turns else None,
        "failed": outcome.failed,
        "latency_ms": _spread(outcome.latency_ms),
        "cut_ms": _spread(outcome.cut_ms),
        "gaps_ms": _spread(outcome.gap_ms),
        "unsure_gaps_ms": _spread(outcome.unsure_gap_ms),
        "began_ms": _spread(outcome.began_ms),
        "lost_connections": dict(outcome.lost_lines),
        "back_ms": _spread(outcome.back_ms),
        "not_back": outcome.not_back,
        "words": outcome.words,
        "words_right": outcome.words_right,
        "errors": dict(outcome.errors),
        "faults": dict(outcome.faults),
        "bytes_up": outcome.bytes_up,
        "bytes_down": outcome.bytes_down,
        "callers_late_ms": _spread(outcome.late_ms),
        "callers_processor_s": round(outcome.processor_s, 2),
        "seconds": round(outcome.seconds, 1),
        "caller_minutes": round(outcome.talk_minutes, 2),
        "holds": outcome.holds,
    }


def shown_as_table(outcome: LoadOutcome) -> Table:
    """Return the figures as a table."""
    table = Table("what", "found", box=box.MARKDOWN)
    for what, found in _rows(outcome):
        table.add_row(what, found)
    return table


def doubts(outcome: LoadOutcome) -> list[str]:
    """Return why the figures may not be the server's."""
    if outcome.late_ms and quantile(outcome.late_ms, 0.99) >= LATE_MS:
        late_ms = quantile(outcome.late_ms, 0.99)
        return [
            f"the callers themselves were {late_ms:.0f} ms late (p99): this machine has too few "
            "processors for them, and figures are worse than the server is; run it on another "
            "machine, or with fewer"
        ]
    return []


def _rows(outcome: LoadOutcome) -> Iterator[tuple[str, str]]:
    asked = outcome.asked
    yield "callers; in a conversation", f"{outcome.callers}; {outcome.present}"
    yield "refused", _counted(outcome.refused)
    yield "ended by the server", _counted(outcome.ended_by_server)
    yield (
        "things said; answered; lost",
        (f"{asked.total()}; {asked[TurnFate.ANSWERED]}; {asked[TurnFate.LOST]}"),
    )
    disturbed = asked[TurnFate.DISTURBED_ANSWERED], asked[TurnFate.DISTURBED_LOST]
    if any(disturbed) or outcome.lost_lines:
        yield "with a connection lost in them: answered; lost", "{}; {}".format(*disturbed)
    if asked[TurnFate.OPEN] or asked[TurnFate.BROKEN_OFF]:
        yield (
            "broken off in the middle; open at the end",
            (f"{asked[TurnFate.BROKEN_OFF]}; {asked[TurnFate.OPEN]}"),
        )
    twice = str(outcome.answered_twice) if outcome.names_turns else "not told by the protocol"
    yield "answered twice; failed", f"{twice}; {outcome.failed}"
    yield "last word to first sound, p50 / p99 / most, ms", _spread_text(outcome.latency_ms)
    if outcome.cut_ms:
        yield "barge-in to silence, p50 / p99 / most, ms", _spread_text(outcome.cut_ms)
    yield "gaps heard; the longest, ms", _longest(outcome.gap_ms)
    if outcome.unsure_gap_ms:
        yield "- while this machine was late itself", _longest(outcome.unsure_gap_ms)
    if outcome.words:
        share = outcome.words_right / outcome.words
        yield "words understood", f"{outcome.words_right} of {outcome.words}, {share:.1%}"
    if outcome.began_ms:
        yield "connected to begun, p50 / p99 / most, ms", _spread_text(outcome.began_ms)
    if outcome.lost_lines:
        yield "connections lost", _counted(outcome.lost_lines)
        yield (
            "back again, p50 / p99 / most, ms; not back",
            (f"{_spread_text(outcome.back_ms)}; {outcome.not_back}"),
        )
    for name, wrong in (("errors told", outcome.errors), ("faults", outcome.faults)):
        if wrong:
            yield name, _counted(wrong)
    yield "sent; received, MB", f"{outcome.bytes_up / 1e6:.1f}; {outcome.bytes_down / 1e6:.1f}"
    yield "s; caller-minutes", f"{outcome.seconds:.0f}; {outcome.talk_minutes:.1f}"
    if outcome.talk_minutes:
        own_s = outcome.processor_s / outcome.talk_minutes
        yield "callers' own processor time, s a caller-minute", f"{own_s:.2f}"
    if outcome.late_ms:
        yield "callers late, p50 / p99 / most, ms", _spread_text(outcome.late_ms)


def _counted(reasons: Counter[str]) -> str:
    if not reasons:
        return "0"
    shown = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common(5))
    return f"{reasons.total()}: {shown}"


def _spread_text(values: Sequence[float]) -> str:
    if not values:
        return "none"
    spread = (quantile(values, 0.5), quantile(values, 0.99), max(values))
    return " / ".join(f"{each:.0f}" for each in spread) + f" (n {len(values)})"


def _longest(values: Sequence[float]) -> str:
    return f"{len(values)}; {max(values):.0f}" if values else "0"


def _spread(values: Sequence[float]) -> dict[str, float]:
    """Return number, p50, p99 and maximum; no times where there are none."""
    if not values:
        return {"n": 0}
    named = {"p50": quantile(values, 0.5), "p99": quantile(values, 0.99), "max": max(values)}
    return {"n": len(values), **{name: round(value, 1) for name, value in named.items()}}
