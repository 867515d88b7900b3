"""Test an actor by itself with `stage`, or a pipeline with real processes with `running`."""

from pipeline.testing.alone import Stage, stage
from pipeline.testing.together import RunningPipeline, running

__all__ = ["RunningPipeline", "Stage", "running", "stage"]
