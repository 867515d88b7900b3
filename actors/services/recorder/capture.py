"""Listens to the streams of a running pipeline, without decoding more than is needed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from pipeline.bus.blocking_subscriber import BlockingSubscriber, Taken
from pipeline.bus.curve import CurveClient
from pipeline.config.description import DescribedStream, Description
from pipeline.config.graph import SUPERVISOR
from pipeline.errors import ConfigError, did_you_mean
from pipeline.sessions.work import SESSIONS_PORT


def choose(streams: Sequence[DescribedStream], patterns: Collection[str]) -> list[DescribedStream]:
    """Return the streams that fit one of the patterns.

    Raises:
        ConfigError: a pattern fits none.
    """
    for pattern in patterns:
        if not any(fnmatchcase(each.name, pattern) for each in streams):
            hint = did_you_mean(pattern, [each.name for each in streams])
            raise ConfigError(f"no stream {pattern!r} in this pipeline; {hint}")
    return [each for each in streams if any(fnmatchcase(each.name, p) for p in patterns)]


def sessions_stream(description: Description) -> list[DescribedStream]:
    """Return the stream that says which sessions are open; none in a pipeline without sessions."""
    return [
        each
        for each in description.streams
        if (each.actor, each.port) == (SUPERVISOR, SESSIONS_PORT)
    ]


class Capture(BlockingSubscriber):
    """Listens to the streams that are to be recorded; to be used in one thread.

    It also listens to which sessions are open, whether or not that stream is among those wanted.

    `counters` gets `lost` (gaps in `seq`) and `garbage` (what is no frame at all).
    """

    def __init__(
        self,
        description: Description,
        streams: Sequence[DescribedStream],
        consumer: str,
        counters: Counter[str],
    ) -> None:
        super().__init__(consumer)
        self._counters = counters
        self._wanted = {(each.actor, each.port) for each in streams}
        ports: defaultdict[str, set[str]] = defaultdict(set)
        for stream in [*streams, *sessions_stream(description)]:
            ports[stream.actor].add(stream.port)
        keys_dir = Path(description.keys_dir) if description.keys_dir else None
        for actor, wanted in ports.items():
            endpoint = description.endpoints[actor]
            curve = CurveClient.to(endpoint.address, keys_dir, endpoint.public_key)
            self.connect(actor, endpoint.address, wanted, curve)

    def is_wanted(self, taken: Taken) -> bool:
        """Whether a frame is of one of the streams that were asked for."""
        return (taken.actor, taken.port) in self._wanted

    def receive(self, timeout_ms: float | None = None) -> list[Taken]:
        """Return all that has come, in the order of sending; waits for the first."""
        taken = super().receive(timeout_ms)
        frames = [each for each in taken if each.frame]
        self._counters["garbage"] += len(taken) - len(frames)
        self._counters["lost"] = self.lost
        return sorted(frames, key=lambda each: each.sent_ns)
