"""Records what passes on the streams of its own pipeline."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from actors.services.recorder.options import RecorderOptions, limits_of
from pipeline.actor import Actor
from pipeline.errors import ConfigError
from pipeline.frames import ActorState

if TYPE_CHECKING:
    from actors.services.recorder.loop import Loop
    from actors.services.recorder.session_files import Files


def require_mcap() -> None:
    """Check that recordings can be written and read.

    Raises:
        ConfigError: the package is missing.
    """
    if find_spec("mcap") is None:
        raise ConfigError(
            "recordings need the package 'mcap': install it with `pip install greenroom[record]`"
        )


class Recorder(Actor[RecorderOptions]):
    """Records streams to MCAP; needs no `inputs`: `streams` says which.

    It subscribes like any consumer, in a thread of its own, and takes the bytes as they are. A full
    disk stops the recording, not the conversation: the actor is degraded, what is not recorded is
    counted in `unwritten`, and every half minute it tries again.
    """

    open_sessions_only = False
    options_type = RecorderOptions

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """Look for the package, and at the path.

        Raises:
            ConfigError: one is no good.
        """
        from actors.services.recorder.rotating_writer import filled_in

        require_mcap()
        filled_in(options.path, "x")

    async def start(self) -> None:
        """Find the streams; the file begins with the first frame.

        Raises:
            ConfigError: a pattern fits no stream.
        """
        from actors.services.recorder.capture import choose
        from actors.services.recorder.loop import COUNTERS
        from actors.services.recorder.privacy import Privacy
        from actors.services.recorder.session_files import files_for
        from pipeline.config.description import read_description

        options = self.options
        self._privacy = Privacy(frozenset(options.without), options.transcripts_only)
        self._description = read_description(self.surroundings.runtime_dir)
        chosen = choose(self._description.streams, options.streams)
        self._streams = [each for each in chosen if self._privacy.admits_stream(each.types)]
        written = self.checkpoint.get("files", [])
        self._writer: Files = files_for(
            options.path, limits_of(options), self._description, written
        )
        self.counters.update(dict.fromkeys(COUNTERS, 0))
        self._stop = Event()

    async def run(self) -> None:
        """Record in a thread: a chunk that is written may take some milliseconds."""
        self._events = asyncio.get_running_loop()
        work = self._events.run_in_executor(None, self._record)
        try:
            await asyncio.shield(work)
        finally:
            self._stop.set()
            await asyncio.wait([work])

    def _record(self) -> None:
        from actors.services.recorder.capture import Capture

        with Capture(self._description, self._streams, self.name, self.counters) as capture:
            self._loop(capture).run(self._stop, self._note_files)

    def _loop(self, capture: Any) -> Loop:
        from actors.services.recorder.consent import consents_of
        from actors.services.recorder.loop import Loop

        return Loop(
            capture,
            self._privacy,
            self._writer,
            self.counters,
            self._on_trouble,
            consents_of(self._description),
        )

    def _note_files(self) -> None:
        self.checkpoint["files"] = [str(each) for each in self._writer.files]

    def _on_trouble(self, error: OSError | None) -> None:
        self._events.call_soon_threadsafe(self._set_trouble, error)

    def _set_trouble(self, error: OSError | None) -> None:
        if error is None:
            self.set_state(ActorState.READY)
            self.log.info("recording again")
            return
        self.set_state(ActorState.DEGRADED, f"not recording: {error}: make room on the disk")
        self.log.error("recording stopped; the conversation goes on", problem=str(error))
