"""`python -m benchmarks.web_callers FOLDER JSON`: see `benchmarks.web_callers.process`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.callers import BLOCK_NS, offsets_ns, said_phrases
from benchmarks.web_callers.process import JOURNAL_NAME
from benchmarks.web_callers.talker import Talker


async def _talk(talkers: list[Talker]) -> None:
    slots: defaultdict[int, list[Talker]] = defaultdict(list)
    for talker, offset_ns in zip(talkers, offsets_ns(len(talkers)), strict=True):
        slots[offset_ns].append(talker)
        talker.connect()
    zero_ns = time.monotonic_ns()
    for block in count():
        for offset_ns, those in sorted(slots.items()):
            wait_ns = zero_ns + offset_ns + (block + 1) * BLOCK_NS - time.monotonic_ns()
            # Who is late sends at once, and still takes what comes.
            await asyncio.sleep(max(0, wait_ns) / 1e9)
            for talker in those:
                talker.speak()


async def _main(folder: Path, given: dict[str, Any]) -> None:
    addresses = [(host, port) for host, port in given["addresses"]]
    talkers = [
        Talker(
            number,
            addresses[number % len(addresses)],
            given["pause_s"],
            packed=given["packed"],
        )
        for number in range(given["callers"])
    ]
    said_phrases()
    talking = asyncio.create_task(_talk(talkers))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    talking.cancel()
    journal = [asdict(talker.talk) for talker in talkers]
    (folder / JOURNAL_NAME).write_text(json.dumps(journal))


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), json.loads(sys.argv[2])))
