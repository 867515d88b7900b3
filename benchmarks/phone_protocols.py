"""The same two calls over the line of every provider: what came of them, in a table.

`python -m benchmarks.phone_protocols [NAME ...]`. In the first somebody asks, interrupts an answer
with another question, presses keys, lets the model press some, and is hung up on by it. In the
second somebody else asks the same, and hangs up; its provider says no parameters, and it is to have
nothing of the first. Questions are recordings of people; the simulator of Gemini repeats what it
understood; what was heard is recognised on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import yaml
from rich import box
from rich.console import Console
from rich.table import Table

from actors.cli.calling.happening import What
from actors.cli.calling.providers import PROVIDERS
from actors.cli.calling.wanted_call import WantedCall, new_call_id
from benchmarks.machine import description
from benchmarks.phone_callers.address import phone_url
from benchmarks.phone_callers.heard_words import recognised
from benchmarks.phone_callers.protocol_calls import (
    ASKED,
    FIRST,
    HANGS_UP_IN_TURN,
    INTERRUPTING,
    KEYLESS,
    KEYS_OUT,
    LONG,
    PRESSES_IN_TURN,
    SECOND,
    THEN,
    ProtocolCalls,
)
from benchmarks.phone_callers.recorded_call import RecordedCall
from benchmarks.phone_callers.seen_sessions import SeenSessions
from benchmarks.sound import SPEECH
from benchmarks.web_room import simulated_tree, url_of
from pipeline.testing import RunningPipeline, running

AT_ONCE = 2
"""Calls: the simulator understands and speaks on the same machine."""
NAMELESS = "vonage"
"""Its socket does not bring the name of the call: the program of the call has to say it."""


def config(folder: Path) -> Path:
    """Write the config: nothing is configured that would ask for a signature."""
    rules = [
        {
            "when": {"turn": PRESSES_IN_TURN},
            "do": [{"call": {"name": "press_keys", "args": {"keys": KEYS_OUT}}}, {"say": "Done."}],
        },
        {
            "when": {"turn": HANGS_UP_IN_TURN},
            "do": [{"call": {"name": "hang_up", "args": {}}}, {"say": "Goodbye."}],
        },
    ]
    tree = simulated_tree(folder, "Keys and an end.", rules)
    businesses = {"first": {"instruction": FIRST}, "others": {"instruction": SECOND}}
    # A tone for who waits would be taken for an answer.
    phone = {
        "waiting_s": None,
        "audiosocket_port": 0,
        "businesses": businesses,
        "default_business": "others",
    }
    tree["actors"]["gateway"]["options"] = {"port": 0, "phone": phone}
    path = folder / "protocols.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def measure(names: list[str]) -> list[ProtocolCalls]:
    """Hold the calls."""
    with (
        tempfile.TemporaryDirectory(prefix="gr-") as folder,
        running(config(Path(folder))) as pipeline,
    ):
        address = url_of(pipeline)
        urls = {name: phone_url(pipeline, name) for name in names}
        with SeenSessions(pipeline).listening() as sessions:
            found = asyncio.run(_hold_all(names, urls, address))
        journal = json.dumps(_journal(pipeline))
    for calls in found:
        _account(calls, sessions)
        if calls.name not in KEYLESS:
            calls.keys_told = f"keypad: {keys_in(names, calls.name)}" in journal
    return found


async def _hold_all(names: list[str], urls: dict[str, str], address: str) -> list[ProtocolCalls]:
    at_once = asyncio.Semaphore(AT_ONCE)

    async def hold(name: str) -> ProtocolCalls:
        async with at_once:
            first = _first(name, urls[name], keys_in(names, name))
            if name == "audiosocket":
                await asyncio.to_thread(_announce, address, first.call_id)
            await first.hold()
            second = await _second(name, urls[name]).hold()
            print(f"    {name}", flush=True)
        return ProtocolCalls(name, first, second)

    return await asyncio.gather(*(hold(name) for name in names))


def keys_in(names: list[str], name: str) -> str:
    """Return what the caller of a provider presses: keys of its own, to tell them apart."""
    return f"{11 + names.index(name)}#"


def _first(name: str, url: str, keys: str) -> RecordedCall:
    script = [
        ("say", ASKED),
        ("say", LONG),
        ("after", "1"),
        ("say", INTERRUPTING),
        ("while_answering", ""),
        # Who cannot press keys says something in their place.
        ("say", THEN) if name in KEYLESS else ("keys", keys),
        ("say", THEN),
        ("say", ASKED),
    ]
    said = [(kind, str(SPEECH / value) if kind == "say" else value) for kind, value in script]
    # AudioSocket has no parameters, Exotel three: the others are told apart by their numbers too.
    parameters = ["business=first", "direction=inbound"] if name != "audiosocket" else []
    call_id = new_call_id(name)
    return RecordedCall(
        WantedCall(
            url,
            name,
            said,
            [*parameters, *_named(name, call_id)],
            caller="+4911",
            called="+4912",
            call_id=call_id,
        ),
        silence_s=20.0,
    )


def _second(name: str, url: str) -> RecordedCall:
    said = [("say", str(SPEECH / ASKED))]
    call_id = new_call_id(name)
    parameters = _named(name, call_id)
    return RecordedCall(
        WantedCall(url, name, said, parameters, caller="+4921", called="+4922", call_id=call_id)
    )


def _named(name: str, call_id: str) -> list[str]:
    return [f"call_id={call_id}"] if name == NAMELESS else []


def _announce(address: str, call_id: str) -> None:
    """Tell of an AudioSocket call before it comes."""
    body = {"call_id": call_id, "business": "first", "caller": "+4911", "direction": "inbound"}
    request = urllib.request.Request(
        f"{address}/api/v1/calls/expected",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()


def _journal(pipeline: RunningPipeline) -> Any:
    """What the simulator was asked."""
    server = json.loads((pipeline.runtime_dir / "simulator.json").read_text())
    context = ssl.create_default_context(cafile=server["ca_file"])
    url = f"{server['base_url']}/simulator/journal"
    with urllib.request.urlopen(url, context=context, timeout=10) as response:
        return json.load(response)


def _account(calls: ProtocolCalls, sessions: SeenSessions) -> None:
    first, second = calls.first, calls.second
    begins_s = first.said()[2][0]
    rate_hz = first.rate_hz
    after = first.heard[round(begins_s * rate_hz) :]
    calls.words = recognised([first.heard, after], rate_hz) + recognised(
        [second.heard], second.rate_hz
    )
    by_call = {each.labels.get("call"): each for each in sessions.opened.values()}
    calls.opened = [by_call[each.call_id] for each in (first, second) if each.call_id in by_call]
    if len(calls.opened) == 2:
        ended = sessions.ended.get(calls.opened[1].session)
        (hung_up_s,) = second.times(What.HUNG_UP)
        if ended is not None:
            calls.ended_ms = (ended.sent_ns - second.began_ns) / 1e6 - hung_up_s * 1000


def main() -> int:
    """Print a table; return 1 if something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[*PROVIDERS], help=", ".join(PROVIDERS))
    found = measure(parser.parse_args().names)
    columns = (
        *("provider", "answers recognised", "last word to sound", "clear after", "silent after"),
        "left",
        *("keys in", "keys out", "ended by the model", "session over", "its own", "faults"),
    )
    table = Table(*columns, box=box.MARKDOWN)
    for each in found:
        latencies = each.first.tally.latencies_ms + each.second.tally.latencies_ms
        table.add_row(
            each.name,
            "yes" if each.answered else "NO",
            f"{min(latencies, default=0):.0f}-{max(latencies, default=0):.0f}",
            "-" if each.cleared_ms is None else f"{each.cleared_ms:.0f}",
            "-" if each.silent_ms is None else f"{each.silent_ms:.0f}",
            "-" if each.left_ms is None else f"{each.left_ms:.0f}",
            {None: "-", True: "yes", False: "NO"}[each.keys_told],
            each.keys_pressed,
            "yes" if each.first.tally.hung_up_by == "server" else "NO",
            "NO" if each.ended_ms is None else f"{each.ended_ms:.0f}",
            "yes" if each.is_its_own else "NO",
            str(len(each.faults)),
        )
    Console(width=170).print(table)
    for each in found:
        for text in each.faults:
            print(f"{each.name}: {text}")
        if not each.answered:
            print(f"{each.name}: heard {each.words}")
        if not each.is_its_own:
            print(f"{each.name}: {[(one.instruction, one.labels) for one in each.opened]}")
    print(description())
    return 0 if all(each.holds for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
