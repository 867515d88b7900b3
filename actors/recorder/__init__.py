"""Records the streams of a pipeline to MCAP files."""

from actors.recorder.actor import Recorder
from actors.recorder.options import RecorderOptions

__all__ = ["Recorder", "RecorderOptions"]
