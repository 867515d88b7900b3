"""The signals by which a command that runs for long is asked to end, and ends in order."""

from __future__ import annotations

import signal

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
