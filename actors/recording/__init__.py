"""A microphone that plays recordings."""

from actors.recording.actor import Recording
from actors.recording.options import RecordingOptions

__all__ = ["Recording", "RecordingOptions"]
