"""What callers on WebSockets can be served by: Greenroom's gateway, and what others have."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from benchmarks.crowd import room_parts_mib, used_s
from benchmarks.peers.environment import interpreter
from benchmarks.peers.web_programs import PeerServing, peer_serving
from benchmarks.web_room import url_of, web_config
from pipeline.testing import RunningPipeline, running


class WebServing(Protocol):
    """Something that serves callers now."""

    @property
    def urls(self) -> Sequence[str]:
        """Where they connect; if there are several, as many to each."""

    def used_s(self) -> dict[str, float]:
        """Processor time so far, by process.

        Raises:
            CollapsedError: it does not serve any more.
        """

    def memory_mib(self) -> Mapping[str, float]:
        """Memory now, by process, and `files` that they map."""


class WebSubject(Protocol):
    """Something that can serve callers."""

    @property
    def name(self) -> str:
        """As the reader knows it."""

    def serving(self, folder: Path) -> AbstractContextManager[WebServing]:
        """Serve until the end of the context, with the Live server whose address is in `folder`."""


class GatewaySubject:
    """Greenroom: every actor of `configs/gateway.yaml` but the simulator."""

    name = "Greenroom"

    @contextmanager
    def serving(self, folder: Path) -> Iterator[GatewayServing]:
        """Serve, all actors counted."""
        with running(web_config(folder)) as pipeline:
            yield GatewayServing(pipeline)


class GatewayServing:
    """A gateway that serves."""

    def __init__(self, pipeline: RunningPipeline) -> None:
        self._pipeline = pipeline
        self.urls = [url_of(pipeline)]

    def used_s(self) -> dict[str, float]:
        """Processor time so far, by actor."""
        return used_s(self._pipeline)

    def memory_mib(self) -> Mapping[str, float]:
        """Memory now, by actor."""
        return room_parts_mib(self._pipeline)


class PeerSubject:
    """A peer's WebSocket server, in processes of its own environment.

    Args:
        name: As the reader knows it.
        environment: In `peers/NAME.txt`.
        processes: How many serve; callers are shared out evenly.
    """

    def __init__(self, name: str, environment: str, processes: int) -> None:
        self.name = name
        self._environment = environment
        self._processes = processes

    def serving(self, folder: Path) -> AbstractContextManager[PeerServing]:
        """Serve; installs the peer if it is not there yet."""
        python = interpreter(self._environment)
        program = partial(peer_serving, python, f"{self._environment}_web")
        return program(folder, self._processes)


SUBJECTS: Mapping[str, WebSubject] = {
    "greenroom": GatewaySubject(),
    "pipecat": PeerSubject("Pipecat", "pipecat", os.cpu_count() or 1),
    "pipecat-one-process": PeerSubject("Pipecat, one process", "pipecat", 1),
    "livekit": PeerSubject("LiveKit Agents", "livekit", os.cpu_count() or 1),
}
"""By their names on the command line."""
