"""The HTTP endpoint that Prometheus scrapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from pipeline.errors import ConfigError

HOST = "127.0.0.1"


class _Collected(Collector):
    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterable[Metric]:
        return self._collect()


class ScrapeEndpoint:
    """Serves what `collect` returns, from a thread for each scrape."""

    def __init__(self, port: int, collect: Callable[[], Iterable[Metric]]) -> None:
        """Listen on `port`, 0 for any that is free.

        Raises:
            ConfigError: it is taken, or may not be used.
        """
        registry = CollectorRegistry()
        registry.register(_Collected(collect))
        try:
            self._server, self._thread = start_http_server(port, addr=HOST, registry=registry)
        except OSError as error:
            raise ConfigError(
                f"metrics cannot be served on port {port} ({error.strerror}): choose another port"
            ) from error
        self.port = self._server.server_port

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
