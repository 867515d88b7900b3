"""Waiting for those who are to hear what a command publishes in the place of an actor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.bus import Publisher
from pipeline.cli.running import newest_status
from pipeline.errors import GreenroomError
from pipeline.frames import Status
from pipeline.launch.start_progress import StartWatch, is_overdue

IDLE_S = 10.0
"""A consumer that runs connects within milliseconds; one that is being started works all the time,
and on a busy machine it stands in the queue for a processor, which counts."""
LOOK_S = 0.5
LINGER_MS = 30_000
"""At the end, for consumers to fetch what was sent: of those that have fetched all nobody is waited
for, and those that are gone hold up nothing."""

Expected = Mapping[str, Mapping[str, set[str]]]
"""For each actor whose place is taken, for each of its ports, who is to listen."""


class Patience:
    """Whom it is worth waiting for: those that get on."""

    def __init__(self, status: Callable[[], Status]) -> None:
        """Begin to wait.

        Args:
            status: Asks the supervisor.
        """
        self._status = status
        self._watches: dict[str, StartWatch] = {}
        self._begun_s = time.monotonic()
        self._progress_s: dict[str, float] = {}

    def gave_up(self, missing: set[str], now_s: float) -> set[str]:
        """Return who of the missing has not got on for long.

        Raises:
            GreenroomError: the supervisor does not answer.
        """
        pids = {each.actor: each.pid for each in self._status().actors}
        for name in missing:
            watch = self._watches.setdefault(name, StartWatch(IDLE_S))
            pid = pids.get(name)
            if pid is not None and watch.sees_progress(pid, now_s):
                self._progress_s[name] = now_s
        return {name for name in missing if self._is_given_up(name, now_s)}

    def _is_given_up(self, name: str, now_s: float) -> bool:
        idle_s = now_s - self._progress_s.get(name, self._begun_s)
        return is_overdue(idle_s, now_s - self._begun_s, IDLE_S)


async def wait_for_listeners(
    publishers: Mapping[str, Publisher], expected: Expected, runtime_dir: Path
) -> dict[str, set[str]]:
    """Wait until all listen that do not hang.

    Args:
        publishers: In the place of which actors.
        expected: Who listens to them by the config.
        runtime_dir: Of the pipeline.

    Returns:
        Who does not listen, by stream; none: all do.

    Raises:
        GreenroomError: the supervisor does not answer.
    """
    patience = Patience(lambda: newest_status(runtime_dir))
    while True:
        missing = _missing(publishers, expected)
        if not missing:
            return {}
        try:
            async with asyncio.timeout(LOOK_S):
                for actor, publisher in publishers.items():
                    await publisher.wait_for({port: set(v) for port, v in expected[actor].items()})
        except TimeoutError:
            absent = set().union(*missing.values())
            given_up = await asyncio.to_thread(patience.gave_up, absent, time.monotonic())
            if absent <= given_up:
                return _missing(publishers, expected)


def require_all(missing: Mapping[str, set[str]]) -> None:
    """Return if nobody is missing.

    Raises:
        GreenroomError: somebody does not listen.
    """
    if missing:
        said = sorted(f"{name} to {stream}" for stream, names in missing.items() for name in names)
        raise GreenroomError(f"not listening: {', '.join(said)}: look at `greenroom status`")


def _missing(publishers: Mapping[str, Publisher], expected: Expected) -> dict[str, set[str]]:
    found = {
        f"{actor}.{port}": names - publishers[actor].listeners(port)
        for actor, ports in expected.items()
        for port, names in ports.items()
    }
    return {stream: names for stream, names in found.items() if names}
