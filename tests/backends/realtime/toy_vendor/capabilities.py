"""What the toy's models take."""

from __future__ import annotations

from actors.backends.realtime.limits import Limits

VOICES = ("squeaky", "gruff")


def limits_of(*, local_turns: bool) -> Limits:
    """Return what holds for the turns."""
    return Limits(local_turns=local_turns, first_event_s=2.0, grace_s=None)
