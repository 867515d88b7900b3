"""What can be set on the tools actor."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, model_validator

from pipeline.actor import Options
from pipeline.paths import PathOrName


class McpServerOptions(BaseModel):
    """One MCP server: a command to start and talk to on its stdio, or the URL of a running one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="What the server is called in logs and errors.")
    command: PathOrName | None = Field(
        None, description="Program; found on PATH or from config_dir."
    )
    args: list[PathOrName] = Field(default_factory=list, description="Its arguments.")
    env: dict[str, str] = Field(
        default_factory=dict,
        description="Its environment, besides PATH, HOME and the like. `$NAME` takes the value "
        "from greenroom's own environment, so that secrets stay out of the config.",
    )
    url: str | None = Field(None, description="Streamable HTTP endpoint.")

    @model_validator(mode="after")
    def _one_way_to_reach_it(self) -> McpServerOptions:
        if (self.command is None) == (self.url is None):
            raise ValueError(f"MCP server {self.name!r}: set either command or url")
        if self.url is not None and (self.args or self.env):
            raise ValueError(f"MCP server {self.name!r}: args and env go with command, not url")
        return self


class ToolsOptions(Options):
    """Options of `tools`."""

    functions: list[PathOrName] = Field(
        default_factory=list,
        description="`package.module:function`, or `folder/file.py:function` from config_dir.",
    )
    mcp: list[McpServerOptions] = Field(default_factory=list, description="MCP servers.")
    timeout_s: PositiveFloat = Field(10.0, description="How long a call may take.")
    timeouts_s: dict[str, PositiveFloat] = Field(
        default_factory=dict, description="By name of tool, where it differs."
    )
    settle_s: NonNegativeFloat = Field(
        1.2,
        description="With `speech` connected: a call is carried out once the user has been silent "
        "for so long. Who paused in mid-sentence and goes on by then has it called off.",
    )

    @model_validator(mode="after")
    def _server_names_differ(self) -> ToolsOptions:
        names = [server.name for server in self.mcp]
        if len(names) != len(set(names)):
            raise ValueError("mcp: two servers have the same name; give each its own")
        return self
