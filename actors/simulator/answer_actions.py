"""What a scenario can make of an answer, one model an action, and the base of all actions."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class ScenarioAction(BaseModel):
    """Base of all actions; unknown fields are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SayText(ScenarioAction):
    """Answer with this text instead of what the brain would say."""

    kind: Literal["say"] = "say"
    text: str


class CallFunction(ScenarioAction):
    """Call a tool, declared or not, and wait for its response."""

    kind: Literal["call"] = "call"
    name: str
    args: dict[str, Any] = {}


class EarlyTurnComplete(ScenarioAction):
    """Send turnComplete after the first piece of the answer and drop the rest."""

    kind: Literal["early_turn_complete"] = "early_turn_complete"


class EmptyTurn(ScenarioAction):
    """Answer the turn with turnComplete and nothing else."""

    kind: Literal["empty_turn"] = "empty_turn"


class GenerationCompleteOnly(ScenarioAction):
    """End the turn with generationComplete, without turnComplete."""

    kind: Literal["generation_complete_only"] = "generation_complete_only"


class SayInterrupted(ScenarioAction):
    """Give up the answer with `interrupted`, though nobody has spoken."""

    kind: Literal["interrupted"] = "interrupted"


class SpeakUnasked(ScenarioAction):
    """So long after the answer say `text`, or, without one, the answer once more."""

    kind: Literal["unasked"] = "unasked"
    text: str = ""
    after_s: float = Field(0.0, ge=0)


class WithoutEnd(ScenarioAction):
    """Give the answer over and over, until somebody stops it."""

    kind: Literal["endless"] = "endless"


class BreakOff(ScenarioAction):
    """End a response over HTTP after a part of it, with this finishReason or, empty, with none."""

    kind: Literal["break_off"] = "break_off"
    reason: str = "OTHER"
    at: float = Field(0.0, ge=0, lt=1)


class NoUsage(ScenarioAction):
    """Leave usageMetadata out."""

    kind: Literal["no_usage"] = "no_usage"


class LateTranscript(ScenarioAction):
    """Send the user's transcript so long after the answer ended."""

    kind: Literal["late_transcript"] = "late_transcript"
    ms: float = Field(gt=0)


class Slow(ScenarioAction):
    """Send the answer at `factor` times real time; below 1 playback starves."""

    kind: Literal["slow"] = "slow"
    factor: float = Field(gt=0)


class Burst(ScenarioAction):
    """Send the whole answer at once."""

    kind: Literal["burst"] = "burst"
