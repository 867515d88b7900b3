"""How much of everything so many callers need: `python -m benchmarks.scale_model 10000 1000000`.

Every input is a figure of this repository's benchmarks, or one that is given: `--help` says where
each comes from, and any is set by its name (`--caller-s 0.9 --machine-cores 64`).
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

CALLERS = (10_000, 1_000_000)
TURN_PATIENCE_S = 0.5
"""A room writes the turns of so long in one transaction (actors/gateway/store/row_writer.py)."""
LEASES_A_SECOND = 1.0
"""How often a room renews its lease (design.md, "Past one machine": 3 s, renewed each second)."""
SESSION_ROWS = 3
"""Changes of a session outside its turns: it is opened, it can be resumed, it ends."""


def _given(default: float, source: str) -> Any:
    return field(default=default, metadata={"source": source})


@dataclass(frozen=True)
class ScaleInputs:
    """What the table follows from; seconds of processor are those of a minute.

    Raises:
        ValueError: a figure is not above zero.
    """

    room_s: float = _given(11.2, "load_slope: a room without callers, s of processor a minute")
    caller_s: float = _given(1.17, "web_load 60, answers played half the time: s a caller-minute")
    front_s: float = _given(0.17, "HAProxy and Ray Serve before the room (measured: scaling.md)")
    room_mib: float = _given(263.0, "load_slope: a room, MiB")
    caller_mib: float = _given(1.9, "web_load: a further caller, MiB")
    room_cores: float = _given(2.0, "cores of a room: web_load was measured on two")
    room_places: float = _given(60.0, "web_load: p99 up stays about its 20 ms with so many")
    machine_cores: float = _given(32.0, "chosen: cores of a machine")
    machine_gbit_s: float = _given(10.0, "chosen: network of a machine, each way")
    caller_in_kbit_s: float = _given(290.0, "PCM of 16 kHz in frames, TLS and TCP, from a caller")
    caller_out_kbit_s: float = _given(420.0, "PCM of 24 kHz to a caller while it is answered")
    gemini_out_kbit_s: float = _given(410.0, "the same sound to Gemini, as base64 in JSON")
    gemini_in_kbit_s: float = _given(540.0, "an answer from Gemini, as base64 in JSON")
    answered: float = _given(0.4, "chosen: part of the time for which there is an answer")
    turn_every_s: float = _given(15.0, "chosen: between two turns of a caller")
    session_s: float = _given(300.0, "chosen: length of a conversation")
    database_ms: float = _given(0.55, "database_cost: processor ms of PostgreSQL a transaction")
    turn_bytes: float = _given(432.0, "facts of PostgreSQL 15: a turn with its indexes")
    project_sessions: float = _given(1000.0, "Vertex, pay as you go: Live sessions of a project")

    def __post_init__(self) -> None:
        for each in fields(self):
            if not getattr(self, each.name) > 0:
                raise ValueError(f"{each.name} must be above zero")


@dataclass(frozen=True)
class ScaleNeeds:
    """What so many callers at once need.

    Attributes:
        callers: At once.
        rooms: That hold them.
        cores: Of all rooms.
        busy: Part of these cores that works.
        machines: For the cores, or for the network, whichever takes more.
        memory_gib: Of all rooms.
        in_gbit_s, out_gbit_s: Of all machines, callers and Gemini together.
        transactions_s: Of the database: turns, sessions and leases.
        database_cores: That these take.
        stored_gb_day: Turns.
        live_sessions: At once; as many as callers.
        projects: Whose quota holds these.
    """

    callers: int
    rooms: int
    cores: int
    busy: float
    machines: int
    memory_gib: float
    in_gbit_s: float
    out_gbit_s: float
    transactions_s: float
    database_cores: float
    stored_gb_day: float
    live_sessions: int
    projects: int


def needs_of(callers: int, inputs: ScaleInputs) -> ScaleNeeds:
    """Return what so many callers at once need."""
    rooms = math.ceil(callers / inputs.room_places)
    cores = math.ceil(rooms * inputs.room_cores)
    busy_s = rooms * inputs.room_s + callers * (inputs.caller_s + inputs.front_s)
    in_kbit_s = callers * (inputs.caller_in_kbit_s + inputs.answered * inputs.gemini_in_kbit_s)
    out_kbit_s = callers * (inputs.gemini_out_kbit_s + inputs.answered * inputs.caller_out_kbit_s)
    by_cores = math.ceil(cores / inputs.machine_cores)
    by_network = math.ceil(max(in_kbit_s, out_kbit_s) / (inputs.machine_gbit_s * 1e6))
    turns_s = callers / inputs.turn_every_s
    # Turns of one room within half a second share a transaction.
    turn_transactions_s = min(turns_s, rooms / TURN_PATIENCE_S)
    session_transactions_s = SESSION_ROWS * callers / inputs.session_s
    transactions_s = turn_transactions_s + session_transactions_s + rooms * LEASES_A_SECOND
    return ScaleNeeds(
        callers=callers,
        rooms=rooms,
        cores=cores,
        busy=busy_s / 60 / cores,
        machines=max(by_cores, by_network),
        memory_gib=(rooms * inputs.room_mib + callers * inputs.caller_mib) / 1024,
        in_gbit_s=in_kbit_s / 1e6,
        out_gbit_s=out_kbit_s / 1e6,
        transactions_s=transactions_s,
        database_cores=transactions_s * inputs.database_ms / 1000,
        stored_gb_day=turns_s * 86_400 * inputs.turn_bytes / 1e9,
        live_sessions=callers,
        projects=math.ceil(callers / inputs.project_sessions),
    )


ROWS = (
    ("rooms", "{:,}", "rooms"),
    ("cores", "{:,}", "cores"),
    ("part of them that works", "{:.0%}", "busy"),
    ("machines", "{:,}", "machines"),
    ("memory, GiB", "{:,.0f}", "memory_gib"),
    ("network in, Gbit/s", "{:,.1f}", "in_gbit_s"),
    ("network out, Gbit/s", "{:,.1f}", "out_gbit_s"),
    ("transactions of the database a second", "{:,.0f}", "transactions_s"),
    ("cores of the database", "{:,.1f}", "database_cores"),
    ("turns stored, GB a day", "{:,.1f}", "stored_gb_day"),
    ("Live sessions", "{:,}", "live_sessions"),
    ("projects of Gemini", "{:,}", "projects"),
)


def table_of(needs: Sequence[ScaleNeeds]) -> Table:
    """Return the table: a column for each number of callers."""
    table = Table("callers at once", *(f"{each.callers:,}" for each in needs), box=box.MARKDOWN)
    for title, form, name in ROWS:
        table.add_row(title, *(form.format(getattr(each, name)) for each in needs))
    return table


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("callers", nargs="*", type=int, default=[*CALLERS])
    for each in fields(ScaleInputs):
        option, source = "--" + each.name.replace("_", "-"), each.metadata["source"]
        parser.add_argument(
            option, type=float, default=each.default, help=f"{source} (%(default)s)"
        )
    given = vars(parser.parse_args(arguments))
    callers = given.pop("callers")
    try:
        inputs = ScaleInputs(**given)
    except ValueError as error:
        parser.error(str(error))
    if min(callers) < 1:
        parser.error("at least one caller")
    Console(width=120).print(table_of([needs_of(each, inputs) for each in callers]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
