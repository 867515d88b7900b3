"""A microphone that plays recordings."""

from actors.inputs.recording.actor import RecordedInput
from actors.inputs.recording.options import RecordingOptions

__all__ = ["RecordedInput", "RecordingOptions"]
