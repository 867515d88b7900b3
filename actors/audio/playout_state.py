"""What playback is doing."""

from __future__ import annotations

from enum import StrEnum


class PlayoutState(StrEnum):
    """What the next sample is."""

    IDLE = "idle"
    BUFFERING = "buffering"
    PLAYING = "playing"
    PAUSED = "paused"
    STOPPING = "stopping"
