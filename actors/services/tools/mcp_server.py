"""One MCP server: kept connected, its tools called through it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.services.tools.mcp_transport import find_command, watched_transport
from actors.services.tools.tool import ToolError, as_response
from pipeline.backoff import Backoff
from pipeline.frames.values import problem_of

if TYPE_CHECKING:
    from mcp import Client
    from mcp.types import CallToolResult

    from actors.services.tools.options import McpServerOptions
    from pipeline.logs import Logger

CONNECT_S = 30.0
"""Time for a server to start and list its tools; `npx` may have to download it first."""
RECONNECT = Backoff(first_s=0.5, longest_s=30.0)
"""A server that crashes at once is started at most twice a minute."""
STABLE_S = 10.0
"""A connection that held this long was a good one: the next back-off begins anew."""
MAX_PAGES = 100
"""Pages of a tool list; a server whose list does not end is cut off there."""
MAX_SCHEMA_BYTES = 64 * 1024
"""Of the arguments of one tool: some 16,000 tokens, an eighth of the context of a Live model."""
MAX_DESCRIPTION_CHARS = 8000
"""Of one tool; longer than any manual page that a model needs, paid for in each session."""


@dataclass(frozen=True)
class McpTool:
    """A tool of an MCP server; `name` is what the server calls it."""

    server: McpServer
    name: str
    description: str
    parameters: dict[str, Any]

    async def call(self, args: dict[str, Any]) -> dict[str, Any]:
        """Call it on the server, which checks the arguments."""
        return await self.server.call(self.name, args)


class McpServer:
    """Connects, lists the tools, and connects again with back-off when the server is lost."""

    def __init__(
        self,
        options: McpServerOptions,
        config_dir: Path,
        log: Logger,
        counters: Counter[str],
        on_tools: Callable[[], None],
        connect_s: float = CONNECT_S,
    ) -> None:
        """Find the server's program.

        Args:
            options: What to reach.
            config_dir: Working folder of the server.
            log: Where connections and losses are told.
            counters: `mcp_connects` and `mcp_losses` count here.
            on_tools: Called when `tools` has changed.
            connect_s: Time for the server to start and list its tools.

        Raises:
            ConfigError: there is no such program.
        """
        self.name = options.name
        self.tools: list[McpTool] = []
        self.tried = asyncio.Event()
        """The first attempt to connect is over, one way or the other."""
        self._options = options
        self._config_dir = config_dir
        self._command = find_command(options, config_dir)
        self._log = log.bind(server=options.name)
        self._counters = counters
        self._on_tools = on_tools
        self._connect_s = connect_s
        self._client: Client | None = None
        self._lost = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Its tools can be called now."""
        return self._client is not None

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began = loop.time()
            reason = await self._live_once()
            self.tried.set()
            failures = 1 if loop.time() - began > STABLE_S else failures + 1
            delay_s = RECONNECT.wait_s(failures)
            self._counters["mcp_losses"] += 1
            self._log.warning("MCP server is away", reason=reason, retry_in_s=delay_s)
            await asyncio.sleep(delay_s)

    async def call(self, name: str, args: dict[str, Any]) -> dict[str, Any]:
        """Call a tool.

        Raises:
            ToolError: the server is away, went away in mid-call, or says the call failed.
        """
        from mcp import MCPError
        from mcp.types import CONNECTION_CLOSED

        if self._client is None:
            raise ToolError(f"not run: MCP server {self.name!r} is away; it is being reconnected")
        try:
            result = await self._client.call_tool(name, args)
        except MCPError as error:
            if error.code == CONNECTION_CLOSED:
                self._lost.set()
                raise ToolError(
                    f"MCP server {self.name!r} went away during the call: "
                    "it may or may not have happened"
                ) from error
            raise ToolError(error.message) from error
        return _response(result)

    async def _live_once(self) -> str:
        """Connect and stay until the connection is lost; returns why it was."""
        from mcp import Client

        self._lost = asyncio.Event()
        try:
            async with AsyncExitStack() as stack:
                transport = watched_transport(
                    self._options, self._command, self._config_dir, self._lost
                )
                async with asyncio.timeout(self._connect_s):
                    client = await stack.enter_async_context(Client(transport, cache=None))
                    tools = await self._list(client)
                self._client = client
                self._adopt(tools)
                await self._lost.wait()
                # Calls under way are woken by the session; new ones must not reach it.
                self._client = None
        except TimeoutError:
            return f"no tool list within {self._connect_s:g} s"
        except Exception as error:  # noqa: BLE001 - whatever a foreign server makes the client do
            return _innermost(error)
        finally:
            self._client = None
        return "it closed the connection"

    async def _list(self, client: Client) -> list[McpTool]:
        tools: list[McpTool] = []
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            page = await client.list_tools(cursor=cursor)
            for tool in page.tools:
                description = tool.description or tool.title or ""
                if problem := _wrong_schema(tool.input_schema):
                    self._log.warning("tool not offered", tool=tool.name, because=problem)
                    continue
                tools.append(
                    McpTool(
                        server=self,
                        name=tool.name,
                        description=description[:MAX_DESCRIPTION_CHARS],
                        parameters=tool.input_schema,
                    )
                )
            cursor = page.next_cursor
            if cursor is None:
                break
        else:
            self._log.warning("the list of tools has no end: cut off", pages=MAX_PAGES)
        return tools

    def _adopt(self, tools: list[McpTool]) -> None:
        self._counters["mcp_connects"] += 1
        self._log.info("MCP server connected", tools=", ".join(tool.name for tool in tools))
        changed = tools != self.tools
        self.tools = tools
        self.tried.set()
        if changed:
            self._on_tools()


def _wrong_schema(schema: dict[str, Any]) -> str:
    if problem := problem_of(schema):
        return f"the schema of its arguments cannot be sent: {problem}"
    size = len(json.dumps(schema))
    return f"the schema of its arguments has {size} bytes" if size > MAX_SCHEMA_BYTES else ""


def _response(result: CallToolResult) -> dict[str, Any]:
    texts = [part.text if part.type == "text" else f"[{part.type}]" for part in result.content]
    text = "\n".join(texts)
    if result.is_error:
        raise ToolError(text or "the tool reported an error without saying which")
    return as_response(text if result.structured_content is None else result.structured_content)


def _innermost(error: BaseException) -> str:
    """Return the message of the first error in what may be a group of groups of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
