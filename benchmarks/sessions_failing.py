"""One caller's session made to fail in an actor: `python -m benchmarks.sessions_failing 100 vad`.

Its caller is told aloud; nobody else notices.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.crowd import STREAMS, Account, config, counter
from benchmarks.crowd_actors import FAILS_AT, VICTIM
from benchmarks.live_server.crowd import crowd_server
from benchmarks.sessions_killed import listen, wind_up
from benchmarks.sound import RATE_HZ
from benchmarks.tap import tapping
from pipeline.testing import running

CLASSES = {"vad": "FailingVad", "live": "FailingLive", "http": "FailingHttp"}
SILENCE_S = 6.0
"""Before all begin their sentence: it fails in the middle."""
LISTEN_S = FAILS_AT / RATE_HZ + 14.0
"""The sentence, its answer, and the apology to the one."""


def run(folder: Path, callers: int, actor: str) -> tuple[Account, int, dict[str, int]]:
    """Let one session fail; return the account, prompts begun, and restarts."""
    account = Account()
    use = {actor: f"{Path(__file__).with_name('crowd_actors.py')}:{CLASSES[actor]}"}
    options = {"count": callers, "pattern": "together", "silence_s": SILENCE_S}
    with crowd_server(folder), running(config(folder, options, use)) as pipeline:
        pipeline.until(lambda status: status.ready, "readiness")
        with tapping(pipeline.runtime_dir, **STREAMS) as tap:
            listen(tap, account, LISTEN_S)
            wind_up(tap, account)
        status = pipeline.status()
    restarts = {each.actor: each.restarts for each in status.actors if each.restarts}
    return account, counter(status, "speaker", "failure_prompts"), restarts


def main() -> int:
    """Run from the command line."""
    callers = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    good = True
    for actor in sys.argv[2:] or CLASSES:
        with tempfile.TemporaryDirectory(prefix="gr-") as folder:
            account, prompts, restarts = run(Path(folder) / actor, callers, actor)
        turns = account.turns_of()
        victim = [f"{each.outcome}: {each.reason}" for each in turns.pop(VICTIM, [])]
        others = [each.outcome for session in turns.values() for each in session]
        answered = sum(each == "answered" for each in others)
        print(f"{actor}: {VICTIM} {victim}, told aloud {prompts}; others answered {answered}")
        print(f"    of {callers - 1}; lost {len(account.lost())}, restarts {restarts or 'none'}")
        good = good and answered == callers - 1 and prompts == 1 and not restarts
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
