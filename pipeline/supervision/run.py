"""A pipeline run to its end, on an event loop of its own."""

from __future__ import annotations

import asyncio
import signal

from pipeline.bus.direct_loop import new_event_loop
from pipeline.errors import GreenroomError
from pipeline.supervision.supervisor import RunOutcome, Supervisor


def run_pipeline(supervisor: Supervisor, duration_s: float | None = None) -> RunOutcome:
    """Run a supervisor; SIGINT, SIGTERM and SIGHUP stop it. What it cannot start with ends it
    with 2."""

    async def main() -> RunOutcome:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, supervisor.stop)
        # `nohup` has it ignored.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, supervisor.stop, 0, "its terminal was closed")
        return await supervisor.run(duration_s)

    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(main())
    except GreenroomError as error:
        return RunOutcome(2, str(error))
