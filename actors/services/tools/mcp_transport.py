"""MCP transport: how a server is reached, and how its loss is noticed."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.trust import trust
from actors.lib.proxy import proxy_for
from actors.services.tools import parent_death_exec
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

    from actors.services.tools.options import McpServerOptions

CONNECT_S, READ_S = 30.0, 300.0
"""As the MCP SDK has them: a server may hold a response stream open."""


def find_command(options: McpServerOptions, config_dir: Path) -> str | None:
    """Return the full path of the server's program; None for a server with a URL.

    Raises:
        ConfigError: there is no such program.
    """
    if options.command is None:
        return None
    found = shutil.which(options.command) or shutil.which(str(config_dir / options.command))
    if found is None:
        raise ConfigError(
            f"mcp server {options.name!r}: no program {options.command!r} on PATH or in "
            f"{config_dir}; install it or give its path"
        )
    return found


@asynccontextmanager
async def watched_transport(
    options: McpServerOptions, command: str | None, config_dir: Path, lost: asyncio.Event
) -> AsyncIterator[TransportStreams]:
    """Open the transport; `lost` is set when the server closes it or dies."""
    async with _transport(options, command, config_dir) as (read, write):
        yield _WatchedStream(read, lost), write


def _transport(
    options: McpServerOptions, command: str | None, config_dir: Path
) -> AbstractAsyncContextManager[TransportStreams]:
    from mcp.client.stdio import StdioServerParameters, stdio_client

    if command is None:
        assert options.url is not None
        return _by_http(options.url)
    return stdio_client(
        StdioServerParameters(
            command=sys.executable,
            args=["-I", "-S", parent_death_exec.__file__, str(os.getpid()), command, *options.args],
            env={name: os.path.expandvars(value) for name, value in options.env.items()},
            cwd=config_dir,
        ),
        errlog=sys.__stderr__ or sys.stderr,
    )


@asynccontextmanager
async def _by_http(url: str) -> AsyncIterator[TransportStreams]:
    """Reach a server by HTTP.

    Raises:
        ProxyError: the proxy on the way cannot be used.
        ConfigError: the authorities to trust cannot be read.
    """
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    proxy = proxy_for(url)
    async with (
        httpx2.AsyncClient(
            trust_env=False,
            proxy=proxy.url if proxy else None,
            verify=trust(None),
            timeout=httpx2.Timeout(CONNECT_S, read=READ_S),
        ) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


class _WatchedStream:
    """A read stream that tells when it ends; the session itself does not."""

    def __init__(self, inner: Any, lost: asyncio.Event) -> None:
        self._inner = inner
        self._lost = lost

    @property
    def last_context(self) -> Any:
        return getattr(self._inner, "last_context", None)

    def __aiter__(self) -> _WatchedStream:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._inner.__anext__()
        except StopAsyncIteration:
            self._lost.set()
            raise

    async def receive(self) -> Any:
        return await self._inner.receive()

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> _WatchedStream:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> bool | None:
        suppress: bool | None = await self._inner.__aexit__(*error)
        return suppress
