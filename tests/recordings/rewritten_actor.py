"""An actor, and what somebody made of it."""

from __future__ import annotations

from typing import ClassVar

from pipeline.actor import Actor, Options
from pipeline.frames import Audio, SessionEnded, SessionOpened, UserText
from pipeline.ports import In, Out


class CounterOptions(Options):
    """How it counts."""

    step: int = 320


class BlockCounter(Actor[CounterOptions]):
    """Says the number of each block."""

    options_type = CounterOptions
    inputs: ClassVar = {"audio": In((Audio,))}
    outputs: ClassVar = {"text": Out((UserText,))}

    def on_audio(self, frame: Audio) -> None:
        """Count."""
        number = frame.position // self.options.step
        self.publish("text", UserText(turn="local:t1", text=f"block {number}"))


class Rewritten(BlockCounter):
    """Says something else of one block."""

    def on_audio(self, frame: Audio) -> None:
        """Count, but for the second."""
        if frame.position != self.options.step:
            super().on_audio(frame)


class Broken(BlockCounter):
    """Fails."""

    def on_audio(self, frame: Audio) -> None:
        """Fail."""
        raise ZeroDivisionError(frame.position)


class Polite(BlockCounter):
    """Speaks as each session was asked to be spoken to, and notes who has left."""

    def make_session(self, opened: SessionOpened) -> SessionOpened:
        """Keep the manner."""
        return opened

    def session_ended(self, state: SessionOpened, ended: SessionEnded) -> None:
        """Say good-bye."""
        text = f"{state.voice} hears no more: {ended.reason}"
        self.publish("text", UserText(session=ended.session, turn="t", text=text))

    def on_audio(self, frame: Audio) -> None:
        """Say whose block it is, in whose voice."""
        opened: SessionOpened = self.sessions[frame.session]
        text = f"{opened.voice}, {opened.language}, {opened.labels}: {frame.position}"
        self.publish("text", UserText(session=frame.session, turn="t", text=text))


class Picky(BlockCounter):
    """Fails in the session of one caller."""

    def on_audio(self, frame: Audio) -> None:
        """Fail for Anna."""
        if frame.session == "anna":
            raise ZeroDivisionError(frame.position)
        super().on_audio(frame)
