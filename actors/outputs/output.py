"""Where the sound of one session goes: what a device, a file or a caller has to be able to do."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from actors.lib.audio.pcm import Samples


class AnswerPosition(NamedTuple):
    """A place in an answer.

    Attributes:
        turn: Which it answers.
        epoch: Of the route at that time.
        samples: Up to there, of the answer at its own rate.
    """

    turn: str
    epoch: int
    samples: int

    def is_of(self, turn: str, epoch: int) -> bool:
        """Whether it is in this answer."""
        return (self.turn, self.epoch) == (turn, epoch)


NOWHERE = AnswerPosition("", 0, 0)


class SoundSource(Protocol):
    """The sound of one session: what its output asks for blocks."""

    @property
    def session(self) -> str:
        """Whose sound it is."""

    @property
    def is_idle(self) -> bool:
        """Whether there is no answer to play."""

    @property
    def is_hushed(self) -> bool:
        """Whether there is none, and has been none for so long that silence need not be in time."""

    @property
    def sounded(self) -> bool:
        """Whether any sample of the last rendered block belongs to an answer, or to the chime."""

    @property
    def position(self) -> AnswerPosition:
        """Up to where answers were rendered."""

    @property
    def waiting_ms(self) -> float:
        """Sound of answers that has come and is not heard yet."""

    @property
    def is_paused(self) -> bool:
        """Whether the answer is held while it is not known whether the user speaks."""

    @property
    def is_whole(self) -> bool:
        """Whether all of the answer that is heard has come."""

    def render(self, count: int, at_ns: int) -> Samples:
        """Return the next samples at 24 kHz, silence included; what is returned counts as heard.

        Args:
            count: How many.
            at_ns: Monotonic time at which the first of them is heard.
        """

    def break_off(self) -> None:
        """Say that samples were not asked for in time: the sound goes on where the clock says."""


class Output(Protocol):
    """Where one session is heard.

    It asks its source for blocks at its own pace, from any one thread, and so tells what is heard
    and when: the source reports it.
    """

    @property
    def takes_samples(self) -> bool:
        """Whether it asks for blocks now; if not, nothing is faded out."""

    def open(self, source: SoundSource) -> None:
        """Begin to ask for blocks.

        Raises:
            DeviceError: it cannot be opened.
        """

    def play_on(self) -> None:
        """A sound is about to come; what should have been played by now has to be, without it."""

    def close(self) -> None:
        """Ask for nothing more, and give everything back."""
