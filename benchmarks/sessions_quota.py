"""Live's quota ends for all in mid-sentence: `python -m benchmarks.sessions_quota 100`."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.callers import BEGAN, caller_name, sentence_blocks
from benchmarks.crowd import CALLERS, STREAMS, Account, config, gauge
from benchmarks.crowd_actors import TAKEOVERS
from benchmarks.live_server.crowd import Seen, crowd_server
from benchmarks.machine import description
from benchmarks.sessions_killed import listen, wind_up
from benchmarks.sound import CHUNK_SAMPLES
from benchmarks.tap import tapping
from pipeline.quantile import quantile
from pipeline.testing import running

SILENCE_S = 12.0
"""For all to connect."""
INTO_SENTENCE_S = 2.0
LIMIT_MS = 30.0
SHARE = 0.99
USE = {"http": f"{Path(__file__).with_name('crowd_actors.py')}:NotingHttp"}


@dataclass
class Result:
    """What was found.

    Attributes:
        callers: How many.
        account: What became of the turns.
        took_ms: From the fault of each session's Live to `http` having its turns.
        whole: Callers whose request held every block of their sentence that was in their turn.
        server_ms: From the server's close until the first fault was known.
    """

    callers: int
    account: Account
    took_ms: list[float]
    whole: int
    server_ms: float

    @property
    def holds(self) -> bool:
        """Whether all that is promised is kept."""
        in_time = sum(each <= LIMIT_MS for each in self.took_ms)
        return (
            in_time >= SHARE * self.callers
            and self.whole == self.callers
            and not self.account.lost()
            and not self.account.twice()
        )


def run(folder: Path, callers: int) -> Result:
    """Let so many say one sentence, and end the quota in the middle of it."""
    account = Account()
    options = {"count": callers, "pattern": "together", "silence_s": SILENCE_S}
    with crowd_server(folder) as server, running(config(folder, options, USE)) as pipeline:
        status = pipeline.until(lambda s: gauge(s, CALLERS, BEGAN) > 0, "the first call")
        quota_ns = gauge(status, CALLERS, BEGAN) + (SILENCE_S + INTO_SENTENCE_S) * 1e9
        with tapping(pipeline.runtime_dir, **STREAMS) as tap:
            listen(tap, account, max(0.0, (quota_ns - time.monotonic_ns()) / 1e9))
            server.exhaust()
            listen(tap, account, len(sentence_blocks()) * CHUNK_SAMPLES / 16_000)
            wind_up(tap, account)
        seen = server.seen()
    taken: dict[str, int] = {}
    for line in (folder / TAKEOVERS).read_text().splitlines():
        note = json.loads(line)
        taken.setdefault(note["session"], note["at_ns"])
    names = [caller_name(number) for number in range(callers)]
    took_ms = [
        (taken[name] - account.faults[name]) / 1e6
        for name in names
        if name in taken and name in account.faults
    ]
    first_ns = min(account.faults.values(), default=seen.exhausted_ns)
    whole = _whole(account, seen)
    return Result(callers, account, took_ms, whole, (first_ns - seen.exhausted_ns) / 1e6)


def _whole(account: Account, seen: Seen) -> int:
    """Count the turns of which every whole block is in a request over HTTP."""
    found = 0
    for turn, asked in account.asked.items():
        due = set(account.whole_blocks(turn))
        found += any(
            caller_name(request.caller) == asked.session and due <= set(request.blocks)
            for request in seen.requests
        )
    return found


def main() -> int:
    """Run from the command line."""
    callers = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        result = run(Path(folder) / "quota", callers)
    took = result.took_ms
    print(f"turns {len(result.account.asked)}: {result.account.outcomes()}")
    print(f"lost {len(result.account.lost())}, answered twice {len(result.account.twice())}")
    print(f"handed over whole: {result.whole} of {callers}")
    if took:
        print(
            f"fault to http at work, ms, n {len(took)}: p50 {quantile(took, 0.5):.1f}, "
            f"p99 {quantile(took, 0.99):.1f}, max {max(took):.1f}; within {LIMIT_MS:g}: "
            f"{sum(each <= LIMIT_MS for each in took)}"
        )
    print(f"server's close to the first fault known: {result.server_ms:.1f} ms")
    print(description())
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
