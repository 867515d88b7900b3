"""What happens in a call as lines: for people, or JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import typer

from actors.cli.calling.call_tally import rounded
from actors.cli.calling.happening import Happening, Tell, Value, What

Shown = Callable[[Mapping[str, Value]], str]


def told_to_people(happening: Happening) -> str:
    """Return a line for a terminal."""
    shown = SHOWN[happening.what](happening.values)
    return f"{happening.at_s:8.3f}  {happening.what.replace('_', ' '):<10} {shown}".rstrip()


def told_to_programs(happening: Happening) -> str:
    """Return a line of JSON."""
    return json.dumps(rounded({"at_s": happening.at_s, "what": happening.what, **happening.values}))


def teller(machine: bool) -> Tell:
    """Return what prints happenings."""
    told = told_to_programs if machine else told_to_people
    return lambda happening: typer.echo(told(happening))


def _ms(values: Mapping[str, Value], name: str) -> str:
    return f"{float(values[name]):.0f} ms"


SHOWN: dict[What, Shown] = {
    What.CONNECTED: lambda v: f"{v['url']} as {v['protocol']}",
    What.STARTED: lambda v: f"call {v['call_id']}",
    What.SAY: lambda v: f"{v['name']}",
    What.KEY: lambda v: f"{v['key']}",
    What.KEYS_SENT: lambda v: f"{v['keys']}",
    What.ANSWER: lambda v: (
        f"{_ms(v, 'latency_ms')} after your last word" if "latency_ms" in v else "speaks first"
    ),
    What.GAP: lambda v: f"of {_ms(v, 'ms')}",
    What.MARK: lambda v: f"{v['name']}",
    What.MARK_BACK: lambda v: (
        f"{v['name']} after {_ms(v, 'after_ms')}{', cleared' if v['cleared'] else ''}"
    ),
    What.CLEAR: lambda v: f"{_ms(v, 'left_ms')} were left, with {v['marks']} marks",
    What.CUT: lambda v: f"{_ms(v, 'after_ms')} after you spoke",
    What.FLOW: lambda v: (
        f"{'wait' if v['paused'] else 'go on'}: {_ms(v, 'waiting_ms')} are waiting"
    ),
    What.DROPPED: lambda v: f"{_ms(v, 'ms')} of sound: the queue is full",
    What.SESSION: lambda v: f"{v['session']}{', as before' if v['resumed'] else ''}",
    What.WORDS: lambda v: f"{v['role']}: {v['text']}",
    What.TURN: lambda v: " ".join(str(v[each]) for each in ("outcome", "by", "turn") if v[each]),
    What.LOST: lambda v: f"{v['why']}",
    What.ERROR: lambda v: f"{v['code']} {v['text']}".strip(),
    What.FAULT: lambda v: f"{v['text']}",
    What.HUNG_UP: lambda v: f"by the {v['by']}{': ' if v['why'] else ''}{v['why']}",
}
