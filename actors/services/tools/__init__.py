"""Functions for the model: Python functions and MCP servers, each call answered exactly once."""

from actors.services.tools.actor import Tools
from actors.services.tools.options import McpServerOptions, ToolsOptions

__all__ = ["McpServerOptions", "Tools", "ToolsOptions"]
