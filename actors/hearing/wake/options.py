"""Options of `wake`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field

from actors.hearing.wake.gate import GateLimits
from actors.hearing.wake.input_keys import InputKey
from pipeline.actor import Options
from pipeline.frames import ListenMode
from pipeline.paths import ConfigPath, PathOrName

LONGEST_HOLD_S = 120.0
"""As much sound as a backend holds of one turn."""
LONGEST_ANSWER_S = 600.0
"""Only where the word that a turn is over got lost; an answer is over in a minute or two."""


class OverAnswer(StrEnum):
    """What it takes to interrupt an answer."""

    SPEECH = "speech"
    WORD = "word"


class GpioPin(Options):
    """A button on a pin of a single-board computer."""

    pin: int = Field(ge=0, le=1023, description="Line of the chip: on a Pi, the GPIO number.")
    chip: Path = Field(Path("/dev/gpiochip0"), description="The chip; `gpioinfo` lists them.")
    active_low: bool = Field(
        True, description="Pressed means connected to ground, and a resistor pulls the pin up."
    )
    debounce_ms: float = Field(
        10.0, ge=0, le=1000, description="What is shorter is a contact that bounces."
    )


class KeyOfDevice(Options):
    """A key of a keyboard, a pedal, a presenter or a headset, while it is held."""

    device: ConfigPath = Field(description="As listed in /dev/input/by-id.")
    key: InputKey = Field(description="Its name, as `evtest` shows it, or its number.")


class WakeOptions(Options):
    """Options of `wake`."""

    listen: ListenMode = Field(
        ListenMode.WAKE_WORD,
        description="`always`; `wake_word`: from one of `words` until `follow_up_s` after the "
        "answer; `push_to_talk`: while a key or pin is held, or for one turn after a tap.",
    )
    words: list[PathOrName] = Field(
        ["hey_jarvis"],
        min_length=1,
        max_length=8,
        description="`alexa`, `hey_jarvis`, `hey_mycroft`, `okay_nabu`, or the JSON file of a "
        "microWakeWord model of your own, from the config's folder.",
    )
    cutoff: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Probability from which a word counts as said; left out, what its model says. "
        "Lower hears more of them, and more that were none.",
    )
    listen_s: float = Field(
        6.0, ge=0.5, le=120, description="How long to wait for speech after a word or a tap."
    )
    follow_up_s: float = Field(
        6.0, ge=0, le=120, description="The same after an answer, without a word; 0: not at all."
    )
    over_answer: OverAnswer = Field(
        OverAnswer.SPEECH,
        description="With `wake_word`, what interrupts an answer: `speech`, or only the `word`.",
    )
    chime: bool = Field(
        True,
        description="A speaker whose input `listening` is connected says by a short sound that "
        "the robot listens, unless the user goes on in one breath.",
    )
    gpio: GpioPin | None = Field(None, description="A button to hold.")
    key: KeyOfDevice | None = Field(None, description="A key to hold.")
    http_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port on this host that takes `POST /listen`; 0: any that is free. `wake.http` "
        "in the runtime folder takes it always.",
    )

    @property
    def limits(self) -> GateLimits:
        """For the gate."""

        def ns(seconds: float) -> int:
            return int(seconds * 1e9)

        return GateLimits(
            listen=ns(self.listen_s),
            follow_up=ns(self.follow_up_s),
            hold=ns(LONGEST_HOLD_S),
            answer=ns(LONGEST_ANSWER_S),
            over_answer=self.over_answer is OverAnswer.SPEECH,
        )
