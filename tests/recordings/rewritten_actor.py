"""An actor, and what somebody made of it."""

from __future__ import annotations

from typing import ClassVar

from pipeline.actor import Actor, Options
from pipeline.frames import Audio, UserText
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
