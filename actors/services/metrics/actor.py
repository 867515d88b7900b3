"""The actor `metrics`: counts what an operator asks for, and serves it to Prometheus."""

from __future__ import annotations

import asyncio
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from actors.services.metrics.options import MetricsOptions
from actors.services.metrics.tally import Tally
from pipeline.actor import Actor
from pipeline.errors import ConfigError
from pipeline.frames import (
    Fault,
    Frame,
    Playback,
    Route,
    SessionEnded,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    Status,
    TurnClosed,
)
from pipeline.ports import In
from pipeline.surroundings import Surroundings
from pipeline.turns.turn_times import TurnClock

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from actors.services.metrics.endpoint import ScrapeEndpoint
    from actors.services.metrics.traces import Traces

LATE_PLAYBACK_S = 0.5
"""The end of playback comes over another socket than the verdict that follows from it."""
PACKAGES = {"port": "prometheus_client", "otlp_endpoint": "opentelemetry.exporter.otlp.proto.http"}


class Metrics(Actor[MetricsOptions]):
    """Serves metrics to Prometheus; sends a trace of each turn if told where to.

    Neither what was said nor the name of a session is in them. Needs the extra `metrics`.
    """

    open_sessions_only = False
    options_type = MetricsOptions
    inputs: ClassVar = {
        "status": In((Status,), replay=True),
        "turns": In((TurnClosed,), replay=True),
        "route": In((Route,), replay=True),
        "faults": In((Fault,), required=False),
        "speech": In((SpeechStarted, SpeechEnded), required=False),
        "playback": In((Playback,), required=False),
    }

    def __init__(self, options: MetricsOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._status: Status | None = None
        saved = surroundings.checkpoint.get("tally")
        self._tally = Tally.from_json(saved) if saved is not None else Tally()
        # Scrapes are answered in threads.
        self._lock = threading.Lock()
        self._endpoint: ScrapeEndpoint | None = None
        self._clock = TurnClock()
        self._traces: Traces | None = None
        self._closing: dict[str, tuple[TurnClosed, SessionOpened | None]] = {}
        """Turns whose last playback may be to come, and how their session was opened."""
        self._collector_works = True

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """Look for the libraries. Raises ConfigError."""
        for option, package in PACKAGES.items():
            if getattr(options, option) is not None and not _is_installed(package):
                raise ConfigError(f"{option} needs a package: pip install 'greenroom[metrics]'")

    async def start(self) -> None:
        """Open the endpoint.

        Raises:
            ConfigError: the port is taken.
        """
        from actors.services.metrics.endpoint import ScrapeEndpoint

        if self.options.otlp_endpoint is not None:
            from actors.services.metrics.traces import over_http

            self._traces = over_http(
                self.options.otlp_endpoint, self._on_sent, self.options.instance
            )
        self._endpoint = ScrapeEndpoint(self.options.port, self._collect)
        self.gauges["port"] = self._endpoint.port

    async def stop(self) -> None:
        """Close the endpoint; send the traces that are left."""
        for closed, _ in list(self._closing.values()):
            self._trace(closed)
        opened = [each for each in (self._endpoint, self._traces) if each is not None]
        await asyncio.gather(*(asyncio.to_thread(each.close) for each in opened))

    def receive_session(self, frame: Frame) -> None:
        """Count an opening or an end; one that was refused was never open."""
        if isinstance(frame, (SessionOpened, SessionEnded)):
            with self._lock:
                is_news = self._tally.session(frame)
            if is_news:
                self._save()
        super().receive_session(frame)

    def on_status(self, frame: Status) -> None:
        """Keep the newest."""
        self._status = frame

    def on_turns(self, frame: TurnClosed) -> None:
        """Count a turn, and trace it when all of it must have come."""
        with self._lock:
            is_news = self._tally.turn(frame)
        if not is_news:
            return
        self._save()
        if self._traces is not None:
            entry = self.sessions.entry(frame.session)
            self._closing[frame.turn] = (frame, entry.opened if entry is not None else None)
            self.spawn(self._trace_later(frame), "trace")

    def on_route(self, frame: Route) -> None:
        """Note who answers."""
        with self._lock:
            self._tally.route(frame)
        self._save()

    def on_faults(self, frame: Fault) -> None:
        """Count a fault."""
        with self._lock:
            self._tally.fault(frame)
        self._save()

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """Note when the user spoke."""
        if self._traces is not None:
            self._clock.on_frame(frame)

    def on_playback(self, frame: Playback) -> None:
        """Note when the answer was heard."""
        if self._traces is not None:
            self._clock.on_frame(frame)

    def _on_sent(self, spans: int, taken: bool) -> None:
        self.counters["spans_sent" if taken else "spans_lost"] += spans
        if not taken and self._collector_works:
            self.log.warning("traces are not taken", endpoint=self.options.otlp_endpoint)
        self._collector_works = taken

    def _save(self) -> None:
        self.checkpoint["tally"] = self._tally.to_json()

    def _collect(self) -> list[Metric]:
        from actors.services.metrics.families import families

        with self._lock:
            return families(self._status, self._tally, len(self.sessions))

    async def _trace_later(self, closed: TurnClosed) -> None:
        await asyncio.sleep(LATE_PLAYBACK_S)
        self._trace(closed)

    def _trace(self, closed: TurnClosed) -> None:
        closing = self._closing.pop(closed.turn, None)
        if self._traces is not None and closing is not None:
            self._traces.add(closed, self._clock.close(closed), closing[1])


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
