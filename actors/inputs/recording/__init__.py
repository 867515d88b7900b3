"""A microphone that plays recordings."""

from actors.inputs.recording.actor import Recording
from actors.inputs.recording.options import RecordingOptions

__all__ = ["Recording", "RecordingOptions"]
