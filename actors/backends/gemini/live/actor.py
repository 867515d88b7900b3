"""The `live` actor: a realtime backend over the Gemini Live API."""

from __future__ import annotations

import importlib
from pathlib import Path

from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.service import LiveService
from actors.backends.realtime.actor import RealtimeBackend
from actors.lib.shared_database import check_database


class Live(RealtimeBackend[LiveOptions]):
    """Answers turns over the Gemini Live API, each session on a connection of its own."""

    preload = ("actors.backends.gemini.live.tables", "actors.backends.gemini.sdk")

    @classmethod
    def check(cls, options: LiveOptions, config_dir: Path) -> None:
        """Look whether there is such a database.

        Raises:
            ConfigError: there is none, or its driver is missing.
        """
        super().check(options, config_dir)
        check_database(options.database, config_dir)

    async def start(self) -> None:
        """Import the SDK, which takes long; then as every realtime backend."""
        importlib.import_module("actors.backends.gemini.sdk")
        await super().start()

    def make_service(self) -> LiveService:
        """Return the service of the Live API."""
        return LiveService(self.options, self)
