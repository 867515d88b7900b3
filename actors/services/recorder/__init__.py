"""Records the streams of a pipeline to MCAP files."""

from actors.services.recorder.actor import Recorder
from actors.services.recorder.options import RecorderOptions

__all__ = ["Recorder", "RecorderOptions"]
