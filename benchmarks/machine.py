"""What the figures depend on: the machine, the versions, and what else was running."""

from __future__ import annotations

import os
import platform
import resource
import time
from importlib.metadata import version

import psutil

PACKAGES = ("greenroom", "google-genai", "websockets", "pyzmq", "pydantic", "numpy")


class Others:
    """Measures how much of the processors was used by what is none of ours."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._busy_s = _busy_s() - _ours_s()

    def percent(self) -> float:
        """Since this was made, of all processors; our processes must have ended."""
        elapsed_s = (time.monotonic() - self._began_s) * (os.cpu_count() or 1)
        return max(0.0, 100 * (_busy_s() - _ours_s() - self._busy_s) / elapsed_s)

    def told(self) -> str:
        """Return it as a sentence has it; our processes must have ended."""
        return f"other programs used {self.percent():.0f} % of the processors"


def description() -> str:
    """Return machine and versions in a line."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{os.cpu_count()} processors {platform.machine()}, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, {versions}"
    )


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _ours_s() -> float:
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)
