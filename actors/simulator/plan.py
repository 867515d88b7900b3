"""How one turn is to be answered, as far as a scenario says so."""

from dataclasses import dataclass, field, replace
from enum import Enum

from actors.simulator import answer_actions as about
from actors.simulator.actions import AnyAction
from actors.simulator.brain import CallTool, Speak, Step
from actors.simulator.pacing import AT_ONCE, Pacing


class Ending(Enum):
    """How the turn ends on the wire."""

    NORMAL = "normal"
    EARLY = "turnComplete after the first piece"
    EMPTY = "turnComplete and nothing else"
    GENERATION_ONLY = "generationComplete without turnComplete"


ENDINGS = {
    "early_turn_complete": Ending.EARLY,
    "empty_turn": Ending.EMPTY,
    "generation_complete_only": Ending.GENERATION_ONLY,
}


@dataclass
class TurnPlan:
    """Changed by scenario actions; without `steps` the brain answers."""

    pacing: Pacing
    steps: list[Step] = field(default_factory=list)
    ending: Ending = Ending.NORMAL
    usage: bool = True
    endless: bool = False
    unasked: about.SpeakUnasked | None = None
    break_off: about.BreakOff | None = None
    transcript_delay_ms: float = 0.0

    def copy(self) -> "TurnPlan":
        """A copy that later actions do not reach."""
        return replace(self, steps=list(self.steps))

    def apply(self, action: AnyAction) -> bool:
        """Takes up an action that is about the answer; False if it is about something else."""
        match action:
            case about.SayText():
                self.steps.append(Speak(action.text))
            case about.CallFunction():
                self.steps.append(CallTool(action.name, action.args))
            case about.EarlyTurnComplete() | about.EmptyTurn() | about.GenerationCompleteOnly():
                self.ending = ENDINGS[action.kind]
            case about.SpeakUnasked():
                self.unasked = action
            case about.WithoutEnd():
                self.endless = True
            case about.BreakOff():
                self.break_off = action
            case about.NoUsage():
                self.usage = False
            case about.LateTranscript():
                self.transcript_delay_ms = action.ms
            case about.Slow():
                self.pacing = Pacing.fixed(action.factor)
            case about.Burst():
                self.pacing = AT_ONCE
            case _:
                return False
        return True
