"""Everything killed, one after the other, while many speak: `python -m benchmarks.sessions_killed
100`.

Each actor is killed with SIGKILL; in the end the supervisor, and the whole room is started anew.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.callers import BEGAN, caller_name
from benchmarks.crowd import CALLERS, STREAMS, Account, config, counter, gauge, room_mib, used_s
from benchmarks.live_server.crowd import Seen, crowd_server
from benchmarks.machine import description
from benchmarks.memory import FURTHER_LIMIT_MIB
from benchmarks.tap import Tap, tapping
from pipeline.frames import ActorState, Status
from pipeline.testing import RunningPipeline, running

KILLED = ("vad", "live", "http", "speaker")
SETTLE_S = 12.0
"""All connect at once, and each says something."""
BETWEEN_S = 8.0
"""Between two kills: a turn and its answer."""
WIND_UP_S = 35.0
"""For the last turns: the ledger closes one after 30 s, whatever happens."""
BACK_LIMIT_S = 2.0


@dataclass
class Result:
    """What was found.

    Attributes:
        callers: How many.
        back_s: From the kill until the actor is ready again, with what it missed, and can answer
            every session.
        account: What became of the turns.
        missing_blocks: Of answered turns, blocks that never got to the server, by turn.
        blocks: Those that should have.
        vad_missing: Samples that the VAD found missing.
        memory_mib: All processes, at the end.
        alone_mib: The same with one caller.
        processor_s: A session-minute, while nobody was killed.
    """

    callers: int
    account: Account
    back_s: dict[str, float] = field(default_factory=dict)
    missing_blocks: dict[str, int] = field(default_factory=dict)
    blocks: int = 0
    vad_missing: int = 0
    memory_mib: float = 0.0
    alone_mib: float = 0.0
    processor_s: float = 0.0

    @property
    def further_mib(self) -> float:
        """Memory of a further session."""
        return (self.memory_mib - self.alone_mib) / max(1, self.callers - 1)

    @property
    def holds(self) -> bool:
        """Whether all that is promised is kept."""
        return (
            not self.account.lost()
            and not self.account.twice()
            and not self.missing_blocks
            and not self.vad_missing
            and max(self.back_s.values()) <= BACK_LIMIT_S
            and self.further_mib <= FURTHER_LIMIT_MIB
        )


def run(folder: Path, callers: int, between_s: float = BETWEEN_S) -> Result:
    """Let so many talk, and kill."""
    account = Account()
    result = Result(callers, account)
    with (
        crowd_server(folder) as server,
        running(config(folder, {"count": callers})) as pipeline,
    ):
        pipeline.until(lambda status: status.ready, "readiness")
        with tapping(pipeline.runtime_dir, **STREAMS) as tap:
            before_s, since_s = used_s(pipeline), time.monotonic()
            listen(tap, account, SETTLE_S)
            used = sum(used_s(pipeline).values()) - sum(before_s.values())
            minutes = (time.monotonic() - since_s) / 60
            result.processor_s = used / minutes / callers
            for name in KILLED:
                result.back_s[name] = kill(pipeline, name, tap, account)
                listen(tap, account, between_s)
            result.memory_mib = room_mib(pipeline)
            wind_up(tap, account)
        status = pipeline.status()
        result.vad_missing = counter(status, "vad", "missing_samples")
        began_ns = gauge(status, CALLERS, BEGAN)
        assert began_ns, "nobody called"
        result.missing_blocks, result.blocks = missing(account, server.seen())
    return result


def listen(tap: Tap, account: Account, seconds: float) -> None:
    """Keep the account for a while."""
    with contextlib.suppress(TimeoutError):
        for heard in tap.stream(seconds):
            account.record(heard)


def wind_up(tap: Tap, account: Account) -> None:
    """Go on until what has been asked by now has an outcome."""
    due = set(account.asked)
    with contextlib.suppress(TimeoutError):
        for heard in tap.stream(WIND_UP_S):
            account.record(heard)
            if due <= account.verdicts.keys():
                break
    # What was asked since then is under way.
    account.asked = {turn: asked for turn, asked in account.asked.items() if turn in due}


def kill(pipeline: RunningPipeline, name: str, tap: Tap, account: Account) -> float:
    """Kill an actor; return the seconds until it works again for every session.

    It is ready again, with what it missed, and if it is a backend it has said of each session that
    it can answer it.
    """
    serves = {served for served in account.serving if served[0] == name}
    began_ns = time.monotonic_ns()
    killed = pipeline.kill(name, signal.SIGKILL)

    def is_back(status: Status) -> bool:
        (each,) = (each for each in status.actors if each.actor == name)
        state = each.health.state if each.health else None
        working = state in (ActorState.READY, ActorState.DEGRADED)
        return each.pid not in (None, killed) and each.phase == "running" and working

    pipeline.until(is_back, f"{name} back")
    back_ns = time.monotonic_ns()
    stream = tap.stream()
    while any(account.serving[served] < began_ns for served in serves):
        account.record(next(stream))
    since_ns = max([back_ns, *(account.serving[served] for served in serves)])
    return (since_ns - began_ns) / 1e9


def missing(account: Account, seen: Seen) -> tuple[dict[str, int], int]:
    """Return how many blocks of answered turns never came to the server, and how many are due."""
    came: defaultdict[int, set[int]] = defaultdict(set)
    for spoken in seen.spoken:
        came[spoken.caller].add(spoken.block)
    for request in seen.requests:
        came[request.caller].update(request.blocks)
    numbers = {caller_name(number): number for number in came}
    lost: dict[str, int] = {}
    due = 0
    for turn, asked in account.asked.items():
        verdict = account.verdicts.get(turn)
        if verdict is None or verdict.outcome != "answered":
            continue
        blocks = account.whole_blocks(turn)
        due += len(blocks)
        gone = set(blocks) - came[numbers.get(asked.session, -1)]
        if gone:
            lost[turn] = len(gone)
    return lost, due


def supervisor_killed(folder: Path, callers: int) -> tuple[float, int]:
    """Kill the supervisor; return the seconds until a new run is ready, and orphans found."""
    with crowd_server(folder):
        path = config(folder, {"count": callers})
        with running(path) as first:
            first.until(lambda status: status.ready, "readiness")
            processes = first.processes()
            began_s = time.monotonic()
            first.process.kill()
            first.process.wait()
            with running(path) as second:
                second.until(lambda status: status.ready, "readiness")
                back_s = time.monotonic() - began_s
                orphans = sum(_lives(each) for each in processes)
        return back_s, orphans


def _lives(process: psutil.Process) -> bool:
    """Whether it still runs; one that has ended may wait for whoever collects it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def show(result: Result) -> None:
    """Print it."""
    table = Table("what", "value", box=box.MARKDOWN)
    rows = {
        "turns": f"{len(result.account.asked)}: {result.account.outcomes()}",
        "lost turns": len(result.account.lost()),
        "with two outcomes, or answered twice": len(result.account.twice()),
        "blocks of answered turns that never came to the server": (
            f"{sum(result.missing_blocks.values())} of {result.blocks}"
        ),
        "samples that the VAD missed": result.vad_missing,
        "back after SIGKILL, s": ", ".join(f"{k} {v:.2f}" for k, v in result.back_s.items()),
        "memory, MiB": f"{result.memory_mib:.0f}; a further session {result.further_mib:.2f}",
        "processor time a session-minute, s": f"{result.processor_s:.2f}",
    }
    for what, value in rows.items():
        table.add_row(what, str(value))
    Console(width=140).print(table)
    for each in result.account.failed()[:10]:
        print(f"failed: {each.turn}: {each.reason}")


def main() -> int:
    """Run from the command line."""
    callers = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        one = run(Path(folder) / "one", 1, between_s=1.0)
        result = run(Path(folder) / "all", callers)
        result.alone_mib = one.memory_mib
        back_s, orphans = supervisor_killed(Path(folder) / "supervisor", callers)
    show(result)
    print(f"supervisor killed: a new run is ready {back_s:.2f} s later, orphans {orphans}")
    print(description())
    return 0 if result.holds and not orphans else 1


if __name__ == "__main__":
    sys.exit(main())
