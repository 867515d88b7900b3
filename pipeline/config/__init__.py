"""From YAML files to a checked description of a pipeline."""

from pipeline.config.graph import Graph, Node, build_graph
from pipeline.config.load import load_config
from pipeline.config.model import ActorConfig, PipelineConfig

__all__ = ["ActorConfig", "Graph", "Node", "PipelineConfig", "build_graph", "load_config"]
