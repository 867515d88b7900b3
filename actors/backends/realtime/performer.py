"""Does what the exchange decides: speaks to the server, to everybody else, and to the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.backends.gemini.faults import Closing, Source
from actors.backends.gemini.live.connection import Pcm
from actors.backends.realtime.steps import Freeze, Proved, Publish, SendAudio, Step, Withdraw
from pipeline.frames import AnswerAudio, AnswerEnded, Transcript

if TYPE_CHECKING:
    from actors.backends.audio_ring import AudioRing
    from actors.backends.gemini.live.connection_attempt import Session
    from actors.backends.history import History
    from actors.backends.realtime.memory import Keeper
    from actors.backends.realtime.reconnect import Dialler
    from actors.backends.realtime.turn_state import Exchange
    from pipeline.actor import Actor


class Performer:
    """Carries out steps.

    Args:
        actor: Publishes.
        session: Sends to the server, while there is a connection.
        exchange: Whose steps they are.
        dialler: Hears that the connection is of use.
        ring: The sound that is kept.
        history: What was said.
        keeper: Writes down what a successor of this process must know.
    """

    def __init__(
        self,
        actor: Actor[Any],
        session: Session,
        exchange: Exchange,
        dialler: Dialler,
        ring: AudioRing,
        history: History,
        keeper: Keeper,
    ) -> None:
        self.origin_ns = 0
        """When the last sample of the newest sound was captured, monotonic."""
        self._actor = actor
        self._session = session
        self._exchange = exchange
        self._dialler = dialler
        self._ring = ring
        self._history = history
        self._keeper = keeper

    def perform(self, steps: list[Step]) -> None:
        """Carry them out in their order."""
        for step in steps:
            match step:
                case Publish():
                    self._publish(step)
                case SendAudio(start, end):
                    self._send_audio(start, end)
                case Freeze(detail):
                    self._session.leave(Closing(Source.LOCAL, None, f"no event: {detail}"))
                case Withdraw():
                    self._session.leave()
                case Proved():
                    self._dialler.proved()
                case _:
                    self._session.send(step)

    def remember(self) -> None:
        """Write down where the conversation is."""
        self._keeper.memory.note(self._exchange.memorable(), self._history.to_json())
        self._keeper.save()

    def _publish(self, step: Publish) -> None:
        frame = step.frame
        self._actor.publish(step.port, frame)
        match frame:
            case Transcript():
                self._history.transcript(frame)
            case AnswerAudio(position=0) | AnswerEnded():
                self.remember()

    def _send_audio(self, start: int, end: int) -> None:
        if self._session.connection is not None:
            for pcm in self._ring.messages(start, end):
                self._session.send(Pcm(pcm, self.origin_ns))
