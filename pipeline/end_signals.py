"""The signals by which a command that runs for long is asked to end, and ends in order."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

_REASONS = {
    signal.SIGINT: "asked to stop",
    signal.SIGTERM: "asked to stop",
    signal.SIGHUP: "its terminal was closed",
    signal.SIGQUIT: "asked to stop, by SIGQUIT",
    signal.SIGUSR1: "asked to stop, by SIGUSR1",
    signal.SIGUSR2: "asked to stop, by SIGUSR2",
    signal.SIGXCPU: "its processor time is used up (`ulimit -t`, in systemd LimitCPU)",
}
"""Each would end the process at once, and leave a recording without its index."""


def end_signals() -> dict[signal.Signals, str]:
    """Return those that this process is to heed, each with the reason that it gives."""
    reasons = dict(_REASONS)
    # `nohup` has it ignored.
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        del reasons[signal.SIGHUP]
    return reasons


async def unless_ended(work: asyncio.Future[Any]) -> bool:
    """Wait for work of this process's loop, and cancel it at such a signal.

    Returns:
        Whether it was done, and not cancelled.
    """
    loop = asyncio.get_running_loop()
    for number in end_signals():
        loop.add_signal_handler(number, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        return False
    return True
