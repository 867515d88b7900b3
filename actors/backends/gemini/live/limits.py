"""The limits of turns for a model and its settings."""

from __future__ import annotations

from actors.backends.gemini.live.capabilities import family_of
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.setup import behavior
from actors.backends.realtime.limits import Limits

FOLLOW_UP_S = 2.0
"""In which a model that does not wait for its tools begins to speak about a result."""
GENERATION_GRACE_S = 0.5
"""Between generationComplete and turnComplete come transcripts and usage; some turns never get
the latter."""


def limits_of(options: LiveOptions, *, local_turns: bool) -> Limits:
    """Return what holds for the model under these options."""
    family = family_of(options.model)
    blocking = behavior(options, family) != "NON_BLOCKING"
    # A model that reports its status says itself when nothing more is to come.
    tells_idle = family.idle == "interaction_status"
    return Limits(
        local_turns=local_turns,
        first_event_s=options.first_sound_timeout_s or family.first_event_s,
        stall_s=options.stall_timeout_s,
        grace_s=None if tells_idle else GENERATION_GRACE_S,
        follow_up_s=0.0 if blocking or tells_idle else FOLLOW_UP_S,
        blocking=blocking,
        longest_answer_s=options.longest_answer_s,
        unasked=options.unasked_answers,
    )
