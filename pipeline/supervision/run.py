"""A pipeline run to its end, on an event loop of its own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from pipeline.bus.direct_loop import new_event_loop
from pipeline.end_signals import end_signals
from pipeline.errors import GreenroomError
from pipeline.supervision.supervisor import RunOutcome, Supervisor


def run_pipeline(
    supervisor: Supervisor,
    duration_s: float | None = None,
    reload: Callable[[], None] | None = None,
) -> RunOutcome:
    """Run a supervisor; what asks it to end stops it in order. What it cannot start with ends it
    with 2.

    Args:
        supervisor: It knows what to run.
        duration_s: When to end; None: when the sources do.
        reload: Called at SIGHUP; None: that ends it, as its terminal was closed.
    """

    async def main() -> RunOutcome:
        loop = asyncio.get_running_loop()
        for number, reason in end_signals().items():
            loop.add_signal_handler(number, supervisor.stop, 0, reason)
        if reload is not None:
            loop.add_signal_handler(signal.SIGHUP, reload)
        return await supervisor.run(duration_s)

    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(main())
    except GreenroomError as error:
        return RunOutcome(2, str(error))
