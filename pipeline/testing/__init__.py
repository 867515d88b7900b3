"""Test an actor by itself with `stage`, or a pipeline with real processes with `running`."""

from pipeline.testing.alone import stage
from pipeline.testing.harness import ActorHarness
from pipeline.testing.starts import warm_starts
from pipeline.testing.together import RunningPipeline, running

__all__ = ["ActorHarness", "RunningPipeline", "running", "stage", "warm_starts"]
