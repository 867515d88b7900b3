"""The `live` actor: a realtime backend over the Gemini Live API."""

from __future__ import annotations

import importlib

from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.service import LiveService
from actors.backends.realtime.actor import RealtimeBackend


class Live(RealtimeBackend[LiveOptions]):
    """Answers turns over the Gemini Live API, each session on a connection of its own."""

    preload = ("actors.backends.gemini.live.tables", "actors.backends.gemini.sdk")

    async def start(self) -> None:
        """Import the SDK, which takes long; then as every realtime backend."""
        importlib.import_module("actors.backends.gemini.sdk")
        await super().start()

    def make_service(self) -> LiveService:
        """Return the service of the Live API."""
        return LiveService(self.options, self)
