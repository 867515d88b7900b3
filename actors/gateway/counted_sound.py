"""Sound of a client that counts it: what need not be sent again, and from where it goes on."""

from __future__ import annotations

from actors.gateway.ear import CallerEar
from actors.gateway.events import Event, SoundDone, Speaking
from actors.gateway.rooms.taken_up import TakenUp
from actors.gateway.sound_marks import OpenTurns, SoundMarks
from pipeline.frames import TurnClosed


class CountedSound:
    """The sound of one caller, whether its client counts it or not.

    Args:
        ear: Of the caller.
    """

    def __init__(self, ear: CallerEar) -> None:
        self._ear = ear
        self._turns = OpenTurns()
        self.taken_up: TakenUp | None = None
        """How the caller came from another pipeline, if it did."""

    @property
    def is_counted(self) -> bool:
        """Whether its client counts it, and so may go anywhere without losing any."""
        return self._ear.marks is not None

    @property
    def done(self) -> SoundDone | None:
        """Up to where it belongs to turns that are over; None: its client does not count."""
        marks = self._ear.marks
        if marks is None:
            return None
        mark = marks.at(self._turns.done(self._ear.position))
        return SoundDone(mark.sound, mark.position)

    def count(self, begin: int, following: int, position: int) -> int:
        """Let its client count it; return from where it is to be sent.

        Args:
            begin: The oldest sample that the client still has, as it counts.
            following: The next that it has not sent yet.
            position: Where the oldest is on the time line, as far as it knows.
        """
        ear, taken = self._ear, self.taken_up
        if ear.marks is not None:
            sound = ear.marks.sound
            if not begin <= sound <= following:
                sound = following
            ear.marks.skip_to(sound)
            return sound
        sound = following
        if taken is not None and ear.is_new and begin < following:
            # What another room has heard of a turn that is not over, this one has not.
            sound = min(following, max(begin, taken.done_sound or 0))
            ear.begin_at(max(taken.done_position, position + sound - begin))
        ear.marks = SoundMarks(sound, ear.heard_position)
        return sound

    def on_event(self, event: Event) -> None:
        """Note which turns are open."""
        match event:
            case Speaking(began=True):
                self._turns.began(event.turn, event.position)
            case Speaking():
                self._turns.ended(event.turn, event.position)
            case TurnClosed():
                self._turns.closed(event.turn)
