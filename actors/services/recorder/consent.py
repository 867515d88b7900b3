"""Recording consent of each session, as its `SessionOpened` says. Pure; times in ns."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from actors.services.recorder.capture import sessions_stream
from actors.services.recorder.privacy import CONVERSATION_TYPES, OPAQUE_TYPES
from pipeline.bus.blocking_subscriber import Taken
from pipeline.config.description import Description
from pipeline.frames import RecordingConsent, SessionEnded, SessionOpened
from pipeline.sessions import MOST_SESSIONS

HELD_NS = 2_000_000_000
"""As long as an actor holds frames that come before their session is opened (pipeline/actor.py)."""
HELD_FRAMES = 256
"""Of a session: the same."""
SESSION_TYPES = frozenset({SessionOpened.type_name, SessionEnded.type_name})


class Admitted(NamedTuple):
    """What became of frames: those to record, and how many are not."""

    record: list[Taken]
    withheld: int


class Consents:
    """Lets through what may be recorded; holds frames whose session is not opened yet.

    While a session is open of which not everything may be recorded, heartbeats and the status are
    withheld: what actors keep for a restart is in them, which may hold some of its sound.

    Args:
        own: The pipeline's own session, of which everything may be recorded unless it is opened
            otherwise.
    """

    def __init__(self, own: str) -> None:
        self._consent: dict[str, RecordingConsent] = {own: RecordingConsent.ALL}
        self._open: set[str] = set()
        self._held: dict[str, deque[Taken]] = {}

    def admit(self, taken: Taken) -> Admitted:
        """Take a frame; return what may be recorded now, earlier frames included."""
        session, kind = str(taken.frame.get("session")), taken.frame["type"]
        if kind == SessionOpened.type_name:
            self._note_opened(session, taken.frame)
            freed = [*self._held.pop(session, ()), taken]
            record = [each for each in freed if self._admits(session, each.frame["type"])]
            return Admitted(record, len(freed) - len(record))
        if kind in OPAQUE_TYPES:
            return Admitted([taken], 0) if not self._is_any_restricted() else Admitted([], 1)
        if session in self._consent:
            admitted = self._admits(session, kind)
            if kind == SessionEnded.type_name:
                self._open.discard(session)
            return Admitted([taken], 0) if admitted else Admitted([], 1)
        return Admitted([], self._hold(session, taken))

    def expire(self, now_ns: int) -> int:
        """Let go of frames whose session nobody has opened in time; return how many."""
        late = [s for s, held in self._held.items() if now_ns - held[0].at_ns > HELD_NS]
        return sum(len(self._held.pop(session)) for session in late)

    def _hold(self, session: str, taken: Taken) -> int:
        if session not in self._held and len(self._held) >= MOST_SESSIONS:
            return 1
        held = self._held.setdefault(session, deque(maxlen=HELD_FRAMES))
        dropped = int(len(held) == HELD_FRAMES)
        held.append(taken)
        return dropped

    def _note_opened(self, session: str, frame: Mapping[str, Any]) -> None:
        try:
            consent = RecordingConsent(frame.get("records", RecordingConsent.ALL))
        except ValueError:
            consent = RecordingConsent.NOTHING  # A word that is not known here forbids it.
        self._consent[session] = consent
        self._open.add(session)
        # Frames come for a while after the end of a session, so its consent is kept.
        ended = [each for each in self._consent if each not in self._open]
        for each in ended[: max(0, len(self._consent) - 2 * MOST_SESSIONS)]:
            del self._consent[each]

    def _admits(self, session: str, kind: str) -> bool:
        consent = self._consent[session]
        if consent is RecordingConsent.TEXT:
            return kind in CONVERSATION_TYPES | SESSION_TYPES
        return consent is RecordingConsent.ALL

    def _is_any_restricted(self) -> bool:
        return any(self._consent[each] is not RecordingConsent.ALL for each in self._open)


def consents_of(description: Description) -> Consents | None:
    """Return the consents of a pipeline; None where nobody says which sessions are open."""
    return Consents(description.session) if sessions_stream(description) else None
