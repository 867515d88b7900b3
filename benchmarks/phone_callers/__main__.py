"""`python -m benchmarks.phone_callers FOLDER JSON`: see `benchmarks.phone_callers.process`."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

from actors.cli.calling.call import Call
from actors.cli.calling.dialled_call import DialledCall
from actors.cli.calling.happening import Happening, What
from actors.cli.calling.scripted_caller import ScriptedCaller, ScriptLine
from actors.cli.calling.wanted_call import WantedCall
from benchmarks.callers import LONGEST_SILENCE, SEED
from benchmarks.phone_callers.phrases import phrases_at
from benchmarks.phone_callers.process import JOURNAL_NAME
from benchmarks.sound import RATE_HZ
from pipeline.priority import Priority, take

PHRASES = 200
"""More than anybody says in a benchmark: the calls are ended from outside."""
LONGEST_PAUSE_S = LONGEST_SILENCE / RATE_HZ
"""As people on web sites have before they begin."""
PATIENCE_S = 10.0
"""For an answer that never comes, which is counted."""


class Held:
    """One call, and what happens in it."""

    def __init__(self, number: int, call: Call) -> None:
        self.told: list[Happening] = []
        self.call_id = call.words.facts.call_id
        form = call.words.form
        chance = random.Random(SEED * 1000 + number)
        said = phrases_at(form.rate_hz)
        script = [
            ScriptLine(str(each), chance.choice(said), after_s=chance.uniform(0.5, LONGEST_PAUSE_S))
            for each in range(PHRASES)
        ]
        self.person = ScriptedCaller(
            script, form.block_samples, self.told.append, patience_s=PATIENCE_S
        )
        self.dialled = DialledCall(call, self.told.append)

    def journal(self) -> dict[str, Any]:
        """What became of it; marks are many, and all alike."""
        began_ns = self.dialled.began_ns
        return {
            "call_id": self.call_id,
            "happenings": [
                (began_ns + int(each.at_s * 1e9), each.what, dict(each.values))
                for each in self.told
                if each.what is not What.MARK
            ],
            "began_ns": began_ns,
            "late_ms": [round(each * 1000, 1) for each in self.dialled.late_s],
        }


async def _main(folder: Path, given: dict[str, Any]) -> None:
    calls = [
        Held(number, WantedCall(given["url"], given["protocol"]).call())
        for number in range(given["calls"])
    ]
    running = [asyncio.create_task(each.dialled.run(each.person)) for each in calls]
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for each in calls:
        each.dialled.hang_up()
    await asyncio.gather(*running)
    (folder / JOURNAL_NAME).write_text(json.dumps([each.journal() for each in calls]))


if __name__ == "__main__":
    # A provider has a machine of its own: what comes to it in time is not to count as late.
    take(Priority.REALTIME)
    asyncio.run(_main(Path(sys.argv[1]), json.loads(sys.argv[2])))
