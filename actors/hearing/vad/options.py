"""Options of the turn detection."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, field_validator, model_validator

from actors.hearing.vad.endpointing import EndpointingLimits
from actors.hearing.vad.engine import EngineName
from actors.hearing.vad.level import MOST_DB
from actors.hearing.vad.pauses import PauseLimits
from actors.lib.audio.pcm import SPEECH_RATE_HZ
from pipeline.actor import Options
from pipeline.errors import did_you_mean
from pipeline.paths import PathOrName

ASK_MS = 200.0
"""Pauses between words are shorter as a rule; what is left of `complete_ms` is time to judge."""
SURELY = 0.98
HARDLY = 0.9
"""Chosen on the sentences of `benchmarks.end_of_turn`, whose table says how many turns they cut."""


class EndOfTurn(StrEnum):
    """By what the end of a turn is known."""

    SILENCE = "silence"
    SMART = "smart"


class VadOptions(Options):
    """Options of the turn detection."""

    engine: EngineName | PathOrName = Field(
        EngineName.SILERO,
        union_mode="left_to_right",
        description="Voice detector; one of your own as `package.module:Class` or `file.py:Class`.",
    )
    enter: float = Field(
        0.5, gt=0, le=1, description="Probability of speech from which a window counts as speech."
    )
    leave: float = Field(
        0.35, ge=0, le=1, description="Probability below which it is silence again."
    )
    pre_roll_ms: float = Field(
        240,
        ge=0,
        le=2000,
        description="Sound before the first speech window that belongs to the turn: soft first "
        "consonants, and the window or two by which a detector is late.",
    )
    most_gain_db: float = Field(
        MOST_DB,
        ge=0,
        le=60,
        description="Quiet microphones are made louder by at most so much for Silero, but not "
        "while an answer is heard; backends get the sound as it is. 0: not at all.",
    )
    min_speech_ms: float = Field(
        60,
        ge=0,
        le=2000,
        description="Speech needed to begin a turn, rounded up to windows: two of Silero's, so "
        "that a click is no barge-in and a word stops the answer within 150 ms.",
    )
    min_interruption_ms: float = Field(
        400,
        ge=0,
        le=2000,
        description="Speech needed to begin a turn while an answer is heard, where `playback` is "
        'connected. Said aloud, "stop" is 480 ms long and "mhm" 380; a cough is shorter.',
    )
    end_of_turn: EndOfTurn = Field(
        EndOfTurn.SILENCE,
        description="What ends a turn. `silence`: a pause of `silence_ms`. `smart`: a network "
        "listens whether the sentence is complete; if so a pause of `complete_ms` ends the turn, "
        "if not one of `incomplete_ms`, and if that is open one half-way between.",
    )
    silence_ms: float = Field(
        600,
        gt=0,
        le=10_000,
        description="Silence that ends a turn; with `smart` only where no verdict is to be had.",
    )
    complete_ms: float = Field(
        400,
        ge=ASK_MS,
        le=10_000,
        description="With `smart`: silence that ends a turn whose sentence sounds complete.",
    )
    incomplete_ms: float = Field(
        1500,
        ge=ASK_MS,
        le=10_000,
        description="With `smart`: silence that ends any turn, however it sounds.",
    )
    hangover_ms: float = Field(
        200, ge=0, le=10_000, description="Part of that silence that belongs to the turn."
    )
    max_turn_s: float = Field(
        30, ge=1, le=600, description="A longer turn is cut; the speech goes on as the next turn."
    )

    @field_validator("engine")
    @classmethod
    def _known_or_named(cls, value: EngineName | str) -> EngineName | str:
        if isinstance(value, EngineName) or ":" in value:
            return value
        raise ValueError(
            f"there is no engine {value!r}: {did_you_mean(value, map(str, EngineName))} "
            "One of your own is written file.py:Class"
        )

    @model_validator(mode="after")
    def _consistent(self) -> VadOptions:
        if self.leave > self.enter:
            raise ValueError(f"leave ({self.leave}) must not be above enter ({self.enter})")
        if self.hangover_ms > self.silence_ms:
            raise ValueError(
                f"hangover_ms ({self.hangover_ms}) must not be above silence_ms ({self.silence_ms})"
            )
        if self.end_of_turn is EndOfTurn.SMART:
            if self.hangover_ms > self.complete_ms:
                raise ValueError(
                    f"hangover_ms ({self.hangover_ms}) must not be above "
                    f"complete_ms ({self.complete_ms})"
                )
            if self.complete_ms > self.incomplete_ms:
                raise ValueError(
                    f"complete_ms ({self.complete_ms}) must not be above "
                    f"incomplete_ms ({self.incomplete_ms})"
                )
        return self

    def limits(self, window_samples: int) -> EndpointingLimits:
        """Return the options in samples, for an engine with windows of this length."""

        def samples(ms: float) -> int:
            return round(ms * SPEECH_RATE_HZ / 1000)

        pauses = PauseLimits(
            ask=samples(ASK_MS),
            complete=samples(self.complete_ms),
            incomplete=samples(self.incomplete_ms),
            surely=SURELY,
            hardly=HARDLY,
        )
        return EndpointingLimits(
            window=window_samples,
            enter=self.enter,
            leave=self.leave,
            pre_roll=samples(self.pre_roll_ms),
            min_speech=samples(self.min_speech_ms),
            silence=samples(self.silence_ms),
            hangover=samples(self.hangover_ms),
            max_turn=samples(self.max_turn_s * 1000),
            min_interruption=samples(self.min_interruption_ms),
            pauses=pauses if self.end_of_turn is EndOfTurn.SMART else None,
        )
