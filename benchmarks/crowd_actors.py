"""Actors of the room with a small addition: one notes when it takes over, others fail for one."""

from __future__ import annotations

import json
import time
from pathlib import Path

from actors.backends.gemini.http import Http
from actors.backends.gemini.http.options import HttpOptions
from actors.backends.gemini.live.actor import Live
from actors.hearing.vad import Vad
from pipeline.frames import Audio, Route
from pipeline.surroundings import Surroundings

TAKEOVERS = "takeovers.jsonl"
"""In the folder of the config."""
VICTIM = "caller0"
FAILS_AT = 16_000 * 8
"""Position: in the middle of a sentence that all begin after six seconds."""


class NotingHttp(Http):
    """Remembers when it was given a session's turns, and writes it down at its end."""

    def __init__(self, options: HttpOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._takeovers: list[tuple[str, int]] = []

    def on_route(self, frame: Route) -> None:
        """Take the turns, or leave them."""
        super().on_route(frame)
        if frame.owner == self.name:
            self._takeovers.append((frame.session, time.monotonic_ns()))

    async def stop(self) -> None:
        """Write down what is remembered."""
        await super().stop()
        with (Path(self.surroundings.config_dir) / TAKEOVERS).open("a") as file:
            for session, at_ns in self._takeovers:
                file.write(json.dumps({"session": session, "at_ns": at_ns}) + "\n")


class FailingVad(Vad):
    """Fails for one caller."""

    def on_audio(self, frame: Audio) -> None:
        """Hear, or fail."""
        fail_for_victim(frame)
        super().on_audio(frame)


class FailingLive(Live):
    """Fails for one caller."""

    def on_audio(self, frame: Audio) -> None:
        """Hear, or fail."""
        fail_for_victim(frame)
        super().on_audio(frame)


class FailingHttp(Http):
    """Fails for one caller."""

    def on_audio(self, frame: Audio) -> None:
        """Hear, or fail."""
        fail_for_victim(frame)
        super().on_audio(frame)


def fail_for_victim(frame: Audio) -> None:
    """Raise in mid-sentence of one caller."""
    if frame.session == VICTIM and frame.position >= FAILS_AT:
        raise RuntimeError("made to fail")
