"""Tool catalogue: Python functions and the tools of MCP servers, by name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from actors.services.tools.functions import FunctionTool, load_function
from actors.services.tools.mcp_server import McpServer
from actors.services.tools.names import ToolNames
from actors.services.tools.threads import DaemonThreads
from actors.services.tools.tool import Tool
from pipeline.errors import ConfigError, did_you_mean

MAX_TOOLS = 384
"""Gemini takes 512 functions in a request, of which a caller may bring 128."""


def load_functions(
    references: Sequence[str], folder: Path, threads: DaemonThreads
) -> dict[str, Tool]:
    """Load Python functions; return them as tools by name.

    Raises:
        ConfigError: one is not there or cannot be offered, or two have the same name.
    """
    functions: dict[str, Tool] = {}
    for reference in references:
        tool = FunctionTool(load_function(reference, folder), threads)
        if tool.name in functions:
            raise ConfigError(
                f"functions: two are called {tool.name!r}; the model could not tell them apart"
            )
        functions[tool.name] = tool
    return functions


class ToolCatalogue:
    """Finds a tool by its name.

    A server that is away keeps its tools; they answer errors.

    Args:
        functions: Of Python; their names come before those of a server's tools.
        servers: Those of the config.
        on_left_out: Called with how many tools are not offered, if there are too many.
    """

    def __init__(
        self,
        functions: Mapping[str, Tool],
        servers: Sequence[McpServer],
        on_left_out: Callable[[int], None],
    ) -> None:
        self._functions = functions
        self._servers = servers
        self._on_left_out = on_left_out
        self._names = ToolNames()
        self._tools = dict(functions)

    def get(self, name: str) -> Tool | None:
        """Return the tool of this name; None if there is none."""
        return self._tools.get(name)

    def refresh(self) -> list[dict[str, Any]]:
        """Look what the servers have now; return the declarations of all tools."""
        self._tools = dict(self._functions)
        for server in self._servers:
            for tool in server.tools:
                name = self._names.name(server.name, tool.name, self._functions.__contains__)
                self._tools[name] = tool
        if (left_out := len(self._tools) - MAX_TOOLS) > 0:
            self._tools = dict(itertools.islice(self._tools.items(), MAX_TOOLS))
            self._on_left_out(left_out)
        return [
            {"name": name, "description": tool.description, "parameters": tool.parameters}
            for name, tool in self._tools.items()
        ]

    def unknown(self, name: str) -> str:
        """Say that there is no tool of this name, and what may be the cause."""
        away = [server.name for server in self._servers if not server.connected]
        hint = f"; MCP servers that are away: {', '.join(away)}" if away else ""
        return f"there is no tool {name!r}: {did_you_mean(name, self._tools)}{hint}"

    def check_names(self, names: Sequence[str]) -> None:
        """Refuse a misspelt name, unless it may be a tool of a server that is away.

        Raises:
            ConfigError: there is no such tool; the message names the nearest one.
        """
        if not all(server.connected for server in self._servers):
            return
        for name in names:
            if name not in self._tools:
                raise ConfigError(
                    f"timeouts_s: no tool {name!r}: {did_you_mean(name, self._tools)}"
                )
