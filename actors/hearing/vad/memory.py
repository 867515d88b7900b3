"""Checkpoints of sessions, on disk, for the process that goes on with them."""

from __future__ import annotations

import base64

from actors.hearing.vad.endpointing import Endpointing
from actors.hearing.vad.session import VadSession
from actors.hearing.vad.stream import Saved
from actors.lib.audio.pcm import SPEECH_RATE_HZ
from pipeline.logs import Logger
from pipeline.store import Store
from pipeline.surroundings import Surroundings

EVERY_SAMPLES = SPEECH_RATE_HZ
"""Of sound between two writings: a microphone retains 15 times that, and judging it again takes
100 sessions 0.3 s."""
KEY = "stream"


class StreamStore:
    """Rows of a store in the runtime folder, which is in memory: they are of this run only."""

    def __init__(self, surroundings: Surroundings, log: Logger) -> None:
        path = surroundings.runtime_dir / f"{surroundings.name}.sqlite"
        self._store = Store(path, surroundings.started_ns, log)

    def keep(self, session: VadSession) -> None:
        """Write down where a session stands, once a second and at each turn of events."""
        saved, before = session.stream.saved, session.saved
        if saved is None or saved is before:
            return
        state = saved.endpointing
        if (
            before is not None
            and state.phase is before.endpointing.phase
            and state.position - before.endpointing.position < EVERY_SAMPLES
        ):
            return
        session.saved = saved
        row = [session.opened.origin_ns, list(state), base64.b64encode(saved.engine).decode()]
        self._store.put(session.opened.session, KEY, row)

    def restore(self, session: VadSession) -> None:
        """Go on with a session where it stood, unless that was another one of its name."""
        row = self._store.get(session.opened.session, KEY)
        if row is None:
            return
        opened_ns, state, engine = row
        if opened_ns == session.opened.origin_ns:
            session.saved = Saved(Endpointing.restore(state), base64.b64decode(engine))
            session.stream.restore(session.saved)

    def forget(self, session: str) -> None:
        """A session is over."""
        self._store.remove(session)

    def close(self) -> None:
        """Write what waits."""
        self._store.close()
