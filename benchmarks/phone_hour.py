"""Calls that come and go for an hour, over the lines of every provider: nothing may grow.

`python -m benchmarks.phone_hour --minutes 60 --lines 3`. Each line holds one call after the other:
questions, interruptions, keys, and people who hang up in mid-word. At the end of each twelfth of
the time all lines are let free, and what the room then has is counted: memory and descriptors of
each process, tasks and objects of those with a loop of asyncio, rows of what it stores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.live_server.talk import Behaviour
from benchmarks.live_server.talk_server import talk_server
from benchmarks.machine import description
from benchmarks.phone_callers.address import audiosocket_of
from benchmarks.phone_callers.passing import PassingCallers, PassingTally, Switchboards
from benchmarks.phone_callers.room_look import COUNTED, DATABASE, Look, counters_of, look
from benchmarks.sound import ROOT, SPEECH
from benchmarks.web_room import url_of, web_config
from pipeline.quantile import quantile
from pipeline.testing import running

PARTS = 12
"""Five minutes each of an hour."""
SETTLE_S = 5.0
"""Until what ended calls left is let go; heartbeats, by which tasks are told, come each second."""
ANSWER_MS = 4000
MODEL = "gemini-3.8-live"
"""What `live` asks for unless it is told otherwise."""
PATIENT_S = 30.0
"""Without a heartbeat: an hour is measured beside other work, which may take the processors."""
SEED = 15
PUBLIC_URL = "https://voice.example.org"
SECRET_NAME = "PHONE_HOUR_SECRET"
GROWN_MIB = 5.0
"""As of `hour`: allocators give pages back late."""


@dataclass
class PhoneHour:
    """All that was found."""

    looks: list[Look] = field(default_factory=list)
    tally: PassingTally = field(default_factory=PassingTally)
    counters: dict[str, int] = field(default_factory=dict)


def config(folder: Path) -> Path:
    """Write the config: every provider is served, and must prove itself."""
    path = web_config(
        folder,
        database=f"sqlite:///{folder / DATABASE}",
        access_log=False,
        phone={
            "public_url": PUBLIC_URL,
            "audiosocket_port": 0,
            # A tone would be taken for an answer.
            "waiting_s": None,
            "accounts": {
                "twilio": {"auth_token": f"${SECRET_NAME}"},
                "plivo": {"auth_token": f"${SECRET_NAME}"},
                "audiosocket": {"networks": ["127.0.0.1"]},
            },
            "businesses": {"b42": {"instruction": "You serve b42."}},
            "default_business": "b42",
        },
    )
    tree = yaml.safe_load(path.read_text())
    for name in COUNTED:
        counted = f"{ROOT / 'benchmarks' / 'counted_actors.py'}:Counted{name.capitalize()}"
        tree["actors"][name]["use"] = counted
    tree["supervision"]["heartbeat_timeout_s"] = PATIENT_S
    path.write_text(yaml.safe_dump(tree))
    return path


def measure(folder: Path, minutes: float, lines: int) -> PhoneHour:
    """Let calls come and go."""
    secret = secrets.token_hex(16)
    behaviour = Behaviour("bench", MODEL, str(SPEECH / "goforward.wav"), ANSWER_MS)
    path, state = config(folder), folder / "state"
    # For the command that makes a key too.
    environment = {SECRET_NAME: secret, "XDG_STATE_HOME": str(state)}
    key = _made_key(path, environment)
    found = PhoneHour()
    with talk_server(folder, behaviour), running(path, env=environment) as pipeline:
        address = urlsplit(url_of(pipeline))
        boards = Switchboards(address.netloc, audiosocket_of(pipeline), PUBLIC_URL, secret, key)
        callers = PassingCallers(boards, lines, SEED)
        found.tally = callers.tally
        found.looks.append(look(pipeline, folder))
        began_s = time.monotonic()
        for part in range(1, PARTS + 1):
            ends_s = began_s + part * minutes * 60 / PARTS
            answered = len(callers.tally.latencies_ms)
            asyncio.run(callers.call_for(ends_s - time.monotonic()))
            time.sleep(SETTLE_S)
            seen = look(pipeline, folder)
            seen.minutes = (time.monotonic() - began_s) / 60
            seen.calls = callers.tally.calls.total()
            latencies_ms = callers.tally.latencies_ms[answered:]
            seen.latency_ms = quantile(latencies_ms, 0.5) if latencies_ms else 0.0
            found.looks.append(seen)
            print(f"{datetime.now():%H:%M} {_told(seen)}", flush=True)
        found.counters = dict(counters_of(pipeline))
    return found


def _made_key(config: Path, environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "actors.cli", "credentials", "add", "lines"]
    made = subprocess.run(
        [*command, "--scope", "talk", "--config", str(config)],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return made.stdout.split()[-1]


def _told(seen: Look) -> str:
    return (
        f"{seen.minutes:.1f} min, {seen.calls} calls: {seen.room_mib:.1f} MiB, "
        f"{sum(seen.descriptors.values())} descriptors, {sum(seen.tasks.values())} tasks"
    )


def _tables(found: PhoneHour) -> list[Table]:
    """What was there at the start, in the middle and at the end, by process; then of each part."""
    first, middle, last = (found.looks[at] for at in (1, PARTS // 2, PARTS))
    shown = (found.looks[0], first, middle, last)
    columns = [f"{each.minutes:.0f} min" for each in shown]
    table = Table("process", "what", *columns, box=box.MARKDOWN)
    for name in last.pss_mib:
        cells = (f"{each.pss_mib.get(name, 0):.1f}" for each in shown)
        table.add_row(name, "PSS MiB", *cells)
    kinds = ("descriptors", "threads", "tasks", "objects", "rows")
    for kind in kinds:
        for name in getattr(last, kind):
            counts = [getattr(each, kind).get(name, 0) for each in shown]
            if kind in ("tasks", "objects", "rows") or len(set(counts)) > 1:
                table.add_row(name, kind, *map(str, counts))
    parts = Table(
        "min", "calls", "MiB", "descriptors", "threads", "tasks", "objects", "rows", "p50 ms"
    )
    parts.box = box.MARKDOWN
    for each in found.looks:
        sums = (sum(getattr(each, kind).values()) for kind in kinds)
        calls = (f"{each.minutes:.1f}", str(each.calls), f"{each.room_mib:.1f}")
        parts.add_row(*calls, *map(str, sums), f"{each.latency_ms:.0f}")
    return [table, parts]


def main() -> int:
    """Print tables; return 1 if something grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--lines", type=int, default=3, help="calls at once")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        found = measure(Path(folder), arguments.minutes, arguments.lines)
    for table in _tables(found):
        Console(width=150).print(table)
    tally = found.tally
    print(f"calls: {dict(tally.calls)}, answers {len(tally.latencies_ms)}")
    print(f"not answered {tally.unanswered}, gaps {[(name, round(ms)) for name, ms in tally.gaps]}")
    for name, values in (("last word to sound", tally.latencies_ms), ("cut", tally.cuts_ms)):
        if values:
            spread = [round(quantile(values, q)) for q in (0.5, 0.99, 1.0)]
            print(f"{name}: p50, p99, max {spread} ms")
    for text, count in tally.wrong.items():
        print(f"{count} times: {text}")
    print(f"counted: {found.counters}")
    print(description())
    first, last = found.looks[1], found.looks[-1]
    grown_mib = last.room_mib - first.room_mib
    more = sum(last.descriptors.values()) - sum(first.descriptors.values())
    tasks = sum(last.tasks.values()) - sum(first.tasks.values())
    print(f"grown since the first part: {grown_mib:.1f} MiB, {more} descriptors, {tasks} tasks")
    return 1 if grown_mib > GROWN_MIB or more > 0 or tasks > 0 or tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
