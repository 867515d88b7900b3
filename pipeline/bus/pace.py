"""When the sound that an actor takes has to be read as it comes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.frames import Audio, Route, SpeechEnded, SpeechStarted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pipeline.frames import Frame
    from pipeline.ports import In

RELAXED_S = 0.25
"""Sound for which nobody waits is read so often: ten blocks read at once cost a tenth of the
wake-ups. The microphone retains sixty times as much."""
LINGER_S = 0.1
"""Read as it comes for so long after the last turn ended: its last blocks, sent before its end was
known, may come after the word of that. They are at most as late as a stalled process: p99 of a
crowd of 100 (benchmarks/README.md, "Crowds") is a tenth of it."""
TELLING = (SpeechStarted, SpeechEnded, Route)
"""What says whether sound is waited for."""


class SoundPace:
    """Follows who speaks and who is to answer.

    A backend, which takes `speech` and `route`, needs sound at once only while somebody speaks
    whose turns are its own. Between turns, and while another backend has the turns, sound is kept
    in case: it may come late, but before the frame that makes it matter.

    Attributes:
        telling: Input ports whose frames `note` is to be shown, after what waits has been read.
    """

    def __init__(self, actor: str, inputs: Mapping[str, In], connected: Collection[str]) -> None:
        self._actor = actor
        self._speaking: set[str] = set()
        self._elsewhere: set[str] = set()
        types = {port: set(spec.types) for port, spec in inputs.items()}
        telling = {port for port, of in types.items() if not of.isdisjoint(TELLING)}
        is_backend = {Audio} in types.values() and any(Route in of for of in types.values())
        hears_turns = any(SpeechStarted in types[port] for port in telling & set(connected))
        self.telling = telling if is_backend and hears_turns else set()

    def may_wait(self, spec: In) -> bool:
        """Whether frames of such a port may ever wait."""
        return bool(self.telling) and spec.types == (Audio,)

    @property
    def is_waited_for(self) -> bool:
        """Whether sound has to be read as it comes."""
        return not self.telling or not self._speaking <= self._elsewhere

    def on_frame(self, frame: Frame) -> None:
        """Take note of a frame of a port that tells."""
        match frame:
            case SpeechStarted(session=session):
                self._speaking.add(session)
            case SpeechEnded(session=session):
                self._speaking.discard(session)
            case Route(session=session, owner=owner) if owner == self._actor:
                self._elsewhere.discard(session)
            case Route(session=session):
                self._elsewhere.add(session)

    def forget(self, session: str) -> None:
        """A session has ended."""
        self._speaking.discard(session)
        self._elsewhere.discard(session)
