"""From when on anything can follow from sound that has not been judged yet. Pure."""

from __future__ import annotations

from actors.hearing.vad.endpointing import Endpointing, EndpointingLimits, SpeechState


def earliest_moment(state: Endpointing, limits: EndpointingLimits) -> int:
    """Return the end of the first window from which anything can follow, whatever is heard.

    Nobody has to judge the windows before it any sooner: what comes of them is the same. Also a
    pause in which it is asked whether a sentence is complete counts.
    """
    match state.phase:
        case SpeechState.SILENCE:
            return state.position + _windows(limits.min_speech, limits)
        case SpeechState.MAYBE_SPEECH:
            return state.position + _windows(limits.min_speech - state.voiced, limits)
    changes = [state.voiced_end + _patience(state, limits), state.start + limits.max_turn]
    if not state.is_turn:
        changes.append(state.position + state.needed - state.voiced)
    if limits.pauses is not None:
        # With the next word another pause begins, of which is asked anew.
        changes.append(state.position + limits.window + limits.pauses.ask)
    return state.position + _windows(min(changes) - state.position, limits)


def _patience(state: Endpointing, limits: EndpointingLimits) -> int:
    """Silence that ends the turn, or after which its end is asked for."""
    if limits.pauses is None or not state.is_turn:
        return limits.silence
    asked = state.position - state.voiced_end >= limits.pauses.ask
    return state.patience or (limits.pauses.complete if asked else limits.pauses.ask)


def _windows(samples: int, limits: EndpointingLimits) -> int:
    """Return the length of the whole windows, one at least, that hold so many samples."""
    return max(1, -(-samples // limits.window)) * limits.window
