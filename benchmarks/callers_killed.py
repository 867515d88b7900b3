"""Everything killed, one after the other, while people on WebSockets talk.

`python -m benchmarks.callers_killed 20`
"""

from __future__ import annotations

import bisect
import math
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.crowd import Account
from benchmarks.figures import quantile
from benchmarks.live_server.crowd import crowd_server
from benchmarks.machine import description
from benchmarks.sessions_killed import BETWEEN_S, SETTLE_S, kill, listen, wind_up
from benchmarks.tap import tapping
from benchmarks.web_callers.process import web_callers
from benchmarks.web_callers.talker import Talk
from benchmarks.web_room import STREAMS, url_of, web_config
from pipeline.testing import running

KILLED = ("gateway", "vad", "live", "http")
PAUSE_S = 3.0
"""After each phrase: its answer, a second long, is heard in it to its end."""


@dataclass
class KilledCallers:
    """What was found.

    Attributes:
        callers: How many.
        account: What became of the turns.
        back_s: From the kill until the actor works again for every session, by actor.
        reconnected_s: From the loss of a caller's connection to its session being there again.
        away: Callers who were not back in their session at the end.
        phrases: That were said, each followed by a pause.
        unanswered: Of those, by caller and first block: no sound came and no turn was closed
            until the caller spoke again.
        told: How many messages of each kind that are no part of an undisturbed conversation.
    """

    callers: int
    account: Account
    back_s: dict[str, float] = field(default_factory=dict)
    reconnected_s: list[float] = field(default_factory=list)
    away: int = 0
    phrases: int = 0
    unanswered: list[tuple[int, int]] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nobody lost anything."""
        return not (self.account.lost() or self.account.twice() or self.unanswered or self.away)


def run(
    folder: Path, callers: int, settle_s: float = SETTLE_S, between_s: float = BETWEEN_S
) -> KilledCallers:
    """Let so many talk, and kill."""
    account = Account()
    result = KilledCallers(callers, account)
    with (
        crowd_server(folder),
        running(web_config(folder)) as pipeline,
    ):
        url = url_of(pipeline)
        with (
            tapping(pipeline.runtime_dir, **STREAMS) as tap,
            web_callers(folder, url, callers, pause_s=PAUSE_S) as people,
        ):
            listen(tap, account, settle_s)
            for name in KILLED:
                result.back_s[name] = kill(pipeline, name, tap, account)
                listen(tap, account, between_s)
            wind_up(tap, account)
            talks = people.end()
    for caller, talk in enumerate(talks):
        _look_at(result, caller, talk)
    return result


def _look_at(result: KilledCallers, caller: int, talk: Talk) -> None:
    """Find what a caller missed."""
    result.reconnected_s += [
        (back - lost) / 1e9 for lost, back in zip(talk.lost, talk.back, strict=False)
    ]
    result.away += len(talk.lost) - len(talk.back)
    answers = sorted(talk.sounds + [told[0] for told in talk.told if told[1] == "turn_complete"])
    for (begin, end), (again, _) in zip(talk.phrases, talk.phrases[1:], strict=False):
        # A phrase that nobody was there to hear is none.
        said = [at_ns for block in range(begin, end) if (at_ns := talk.sent.get(block))]
        until = [at_ns for block, at_ns in talk.sent.items() if block >= again]
        if not said or not until:
            continue
        result.phrases += 1
        at = bisect.bisect(answers, said[-1])
        if at == len(answers) or answers[at] > until[0]:
            result.unanswered.append((caller, begin))
    for _, kind, _, said_of in talk.told:
        if kind in ("error", "session_ended", "going_away"):
            what = f"{kind} {said_of}"
            result.told[what] = result.told.get(what, 0) + 1


def show(result: KilledCallers) -> None:
    """Print it."""
    table = Table("what", "value", box=box.MARKDOWN)
    back = ", ".join(f"{name} {value:.2f}" for name, value in result.back_s.items())
    again = result.reconnected_s or [math.inf]
    rows = {
        "turns": f"{len(result.account.asked)}: {result.account.outcomes()}",
        "lost turns": len(result.account.lost()),
        "with two outcomes, or answered twice": len(result.account.twice()),
        "phrases; without an answer": f"{result.phrases}; {len(result.unanswered)}",
        "back after SIGKILL, s": back,
        "callers back in their sessions: number, p50, worst, s; still away": (
            f"{len(result.reconnected_s)}, {quantile(again, 0.5):.2f}, {max(again):.2f}; "
            f"{result.away}"
        ),
        "told": result.told,
    }
    for what, value in rows.items():
        table.add_row(what, str(value))
    Console(width=140).print(table)
    for each in result.account.failed()[:10]:
        print(f"failed: {each.turn}: {each.reason}")
    print(
        "lost:", sorted(result.account.lost())[:10], "twice:", sorted(result.account.twice())[:10]
    )
    print("without an answer, by caller and block:", result.unanswered[:10])


def main() -> int:
    """Run from the command line."""
    callers = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        result = run(Path(folder), callers)
    show(result)
    print(description())
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
