"""Whether the user has finished speaking when a call is to be carried out. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from actors.services.tools.ledger import REMEMBERED
from pipeline.frames import SpeechEnded, SpeechStarted


@dataclass
class SpokenTurn:
    """When a turn began and when its last word was over, in ns of the machine's clock."""

    session: str
    began_ns: int
    ended_ns: int | None = None


class SpeechEnds:
    """What is known of the turns that were spoken.

    Args:
        settle_s: Silence after which a call is carried out.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_ns = round(settle_s * 1e9)
        self._turns: OrderedDict[str, SpokenTurn] = OrderedDict()

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """The user began or finished a turn."""
        turn = self._turns.setdefault(frame.turn, SpokenTurn(frame.session, frame.at_ns))
        if isinstance(frame, SpeechEnded):
            turn.ended_ns = frame.at_ns
        while len(self._turns) > REMEMBERED:  # As many as calls are.
            self._turns.popitem(last=False)

    def forget(self, session: str) -> None:
        """A session is over."""
        for turn in [name for name, each in self._turns.items() if each.session == session]:
            del self._turns[turn]

    def wait_s(self, turn: str, now_ns: int) -> float:
        """Return how long a call of this turn, made now, is to wait; a typed one does not."""
        spoken = self._turns.get(turn)
        if spoken is None:
            return 0.0
        # The model may have been told of the end before we are.
        ended_ns = now_ns if spoken.ended_ns is None else spoken.ended_ns
        return max(0.0, (ended_ns + self._settle_ns - now_ns) / 1e9)

    def went_on(self, session: str, turn: str) -> bool:
        """Return whether the user spoke on after a turn before a call of it was to be made.

        In any later turn: by the time of the call the user may have said still another thing.
        """
        spoken = self._turns.get(turn)
        if spoken is None or spoken.ended_ns is None:
            return False
        settled_ns = spoken.ended_ns + self._settle_ns
        return any(
            each.session == session and spoken.began_ns < each.began_ns < settled_ns
            for each in self._turns.values()
        )
