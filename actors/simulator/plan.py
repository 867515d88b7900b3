"""How one turn is to be answered, as far as a scenario says so."""

from dataclasses import dataclass, field, replace
from enum import Enum

from actors.simulator import answer_actions
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
    unasked: actions.SpeakUnasked | None = None
    break_off: actions.BreakOff | None = None
    transcript_delay_ms: float = 0.0

    def copy(self) -> "TurnPlan":
        """A copy that later actions do not reach."""
        return replace(self, steps=list(self.steps))

    def apply(self, action: AnyAction) -> bool:
        """Takes up an action that is about the answer; False if it is about something else."""
        match action:
            case answer_actions.SayText():
                self.steps.append(Speak(action.text))
            case answer_actions.CallFunction():
                self.steps.append(CallTool(action.name, action.args))
<<<<<<< HEAD
            case (
                actions.EarlyTurnComplete() | actions.EmptyTurn() | actions.GenerationCompleteOnly()
            ):
                self.ending = ENDINGS[action.kind]
            case actions.SpeakUnasked():
                self.unasked = action
            case actions.WithoutEnd():
                self.endless = True
            case actions.BreakOff():
                self.break_off = action
            case actions.NoUsage():
=======
            case answer_actions.EarlyTurnComplete():
                self.ending = Ending.EARLY
            case answer_actions.EmptyTurn():
                self.ending = Ending.EMPTY
            case answer_actions.GenerationCompleteOnly():
                self.ending = Ending.GENERATION_ONLY
            case answer_actions.NoUsage():
>>>>>>> fca7096 (Simulator: answers with sources, sound in contents; actions about answers in a file of their own)
                self.usage = False
            case answer_actions.LateTranscript():
                self.transcript_delay_ms = action.ms
            case answer_actions.Slow():
                self.pacing = Pacing.fixed(action.factor)
            case answer_actions.Burst():
                self.pacing = AT_ONCE
            case _:
                return False
        return True
