"""What playback is doing, and for how long."""

from __future__ import annotations

from enum import StrEnum

LONGEST_PAUSE_NS = 3_000_000_000
"""Whether a sound is speech shows in half of that; later, nobody is there to say so."""
PROGRESS_MS = 200
"""How often `playing` is reported: a little oftener than a heartbeat saves it (250 ms)."""


class PlayoutState(StrEnum):
    """What the next sample is."""

    IDLE = "idle"
    BUFFERING = "buffering"
    PLAYING = "playing"
    PAUSED = "paused"
    STOPPING = "stopping"
