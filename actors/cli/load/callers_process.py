"""A process of callers: `python -m actors.cli.load.callers_process`, with its share of a crowd.

It reads a line of JSON, says `ready`, reads when to begin, and each second says how many are where.
When its input ends the callers hang up; when all have, it writes its journal and ends.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from actors.cli.load.crowd_plan import planned_callers
from actors.cli.load.load_caller import LoadCaller
from actors.cli.load.load_share import LoadShare
from actors.cli.load.recordings import recordings
from pipeline.launch.file_limit import raise_file_limit
from pipeline.priority import Priority, take

TELLS_S = 1.0


async def _play(share: LoadShare) -> None:
    said = recordings([Path(each) for each in share.files])
    callers = [
        LoadCaller(each, share.wanted(each.protocol), said, share.plan.patience_s)
        for each in planned_callers(share.plan, len(said))[share.first :: share.processes]
    ]
    _tell("ready")
    begins_ns = int(await asyncio.to_thread(sys.stdin.readline) or time.monotonic_ns())
    before_s = time.process_time()
    playing = asyncio.gather(*(each.run(begins_ns) for each in callers))
    ending = asyncio.create_task(_stop_at_end_of_input(callers))
    telling = asyncio.create_task(_tell_how_many(callers))
    await playing
    telling.cancel()
    _tell(_how_many(callers))
    journals = [each.journal() for each in callers]
    found: dict[str, Any] = {
        "callers": [asdict(each) for each in journals if each is not None],
        "processor_s": time.process_time() - before_s,
    }
    Path(share.journal).write_text(json.dumps(found))
    ending.cancel()


async def _stop_at_end_of_input(callers: list[LoadCaller]) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    for each in callers:
        each.stop()


async def _tell_how_many(callers: list[LoadCaller]) -> None:
    while True:
        _tell(_how_many(callers))
        await asyncio.sleep(TELLS_S)


def _how_many(callers: list[LoadCaller]) -> str:
    stays = Counter(each.stay.name.lower() for each in callers)
    return json.dumps({**stays, "answers": sum(each.answers for each in callers)})


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Play callers until they are done, or the input ends."""
    # Control-C is for the command, which ends the input of this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Callers have machines of their own: what comes to them in time is not to count as late.
    take(Priority.REALTIME)
    raise_file_limit()
    share = LoadShare.from_json(json.loads(sys.stdin.readline()))
    asyncio.run(_play(share))


if __name__ == "__main__":
    main()
