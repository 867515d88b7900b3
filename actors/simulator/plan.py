"""How one turn is to be answered, as far as a scenario says so."""

from dataclasses import dataclass, field, replace
from enum import Enum

from actors.simulator import actions
from actors.simulator.brain import CallTool, Speak, Step
from actors.simulator.pacing import AT_ONCE, Pacing


class Ending(Enum):
    """How the turn ends on the wire."""

    NORMAL = "normal"
    EARLY = "turnComplete after the first piece"
    EMPTY = "turnComplete and nothing else"
    GENERATION_ONLY = "generationComplete without turnComplete"


@dataclass
class TurnPlan:
    """Changed by scenario actions; without `steps` the brain answers."""

    pacing: Pacing
    steps: list[Step] = field(default_factory=list)
    ending: Ending = Ending.NORMAL
    usage: bool = True
    transcript_delay_ms: float = 0.0

    def copy(self) -> "TurnPlan":
        """A copy that later actions do not reach."""
        return replace(self, steps=list(self.steps))

    def apply(self, action: actions.AnyAction) -> bool:
        """Takes up an action that is about the answer; False if it is about something else."""
        match action:
            case actions.SayText():
                self.steps.append(Speak(action.text))
            case actions.CallFunction():
                self.steps.append(CallTool(action.name, action.args))
            case actions.EarlyTurnComplete():
                self.ending = Ending.EARLY
            case actions.EmptyTurn():
                self.ending = Ending.EMPTY
            case actions.GenerationCompleteOnly():
                self.ending = Ending.GENERATION_ONLY
            case actions.NoUsage():
                self.usage = False
            case actions.LateTranscript():
                self.transcript_delay_ms = action.ms
            case actions.Slow():
                self.pacing = Pacing.fixed(action.factor)
            case actions.Burst():
                self.pacing = AT_ONCE
            case _:
                return False
        return True
