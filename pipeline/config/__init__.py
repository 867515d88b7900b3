"""From YAML files to a checked description of a pipeline."""

from pipeline.config.build import build_graph
from pipeline.config.description import write_description
from pipeline.config.graph import SUPERVISOR, SUPERVISOR_PORTS, Graph, Node
from pipeline.config.load import load_config
from pipeline.config.model import ActorConfig, PipelineConfig

__all__ = [
    "SUPERVISOR",
    "SUPERVISOR_PORTS",
    "ActorConfig",
    "Graph",
    "Node",
    "PipelineConfig",
    "build_graph",
    "load_config",
    "write_description",
]
