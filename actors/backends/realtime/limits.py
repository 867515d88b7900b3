"""What differs between models and settings, as far as turns depend on it."""

from __future__ import annotations

from dataclasses import dataclass

from actors.backends.options import LONGEST_ANSWER_S
from actors.backends.realtime.unasked import UnaskedRule


@dataclass(frozen=True)
class Limits:
    """Times in seconds.

    Attributes:
        local_turns: The local detector cuts the turns; otherwise the server does.
        first_event_s: Silence after a turn that counts as frozen.
        stall_s: Silence in mid-answer that counts as frozen.
        grace_s: From the end of generation to taking the turn for complete; None: wait.
        follow_up_s: How long the model may take to speak about a tool result on its own.
        blocking: The model waits for its tools, and must not be sent speech meanwhile.
        longest_answer_s: Of an answer: to its end, and of its sound.
        unasked: Which answers are played that nobody asked for.
    """

    local_turns: bool = True
    first_event_s: float = 4.0
    stall_s: float = 10.0
    grace_s: float | None = 0.5
    follow_up_s: float = 0.0
    blocking: bool = True
    longest_answer_s: float = LONGEST_ANSWER_S
    unasked: UnaskedRule = UnaskedRule.ALL
