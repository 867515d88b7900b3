"""Which server, which key, and the google-genai client for them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.live.closing import ConnectionOverError
from actors.live.credentials import find_key
from actors.live.faults import Closing, Source
from actors.live.options import LiveOptions
from pipeline.actor import Surroundings
from pipeline.errors import ConfigError
from pipeline.logs import add_secret

if TYPE_CHECKING:
    from google.genai import Client

SERVER_FILE_DEADLINE_S = 15.0
"""A simulator loads speech models before it listens: 3 s, and four times that on a Pi."""
SERVER_FILE_LOOK_S = 0.02


@dataclass(frozen=True)
class Server:
    """Where to connect; the key is never shown."""

    key: str = field(repr=False)
    base_url: str | None = None
    ca_file: str | None = None


async def find_server(options: LiveOptions, surroundings: Surroundings) -> Server:
    """Return the server that the options name; waits for a server file that is to be written.

    Raises:
        CredentialError: there is no key.
        ConfigError: the server file is not what it should be.
        ConnectionOverError: there is no server file in time.
    """
    folders = (surroundings.config_dir, Path.cwd())
    if options.server_file is None:
        ca_file = str(surroundings.config_dir / options.ca_file) if options.ca_file else None
        key = find_key(options.api_key_env, folders)
        return Server(key, options.base_url, ca_file)
    path = surroundings.runtime_dir / options.server_file
    try:
        async with asyncio.timeout(SERVER_FILE_DEADLINE_S):
            while not path.is_file():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(SERVER_FILE_LOOK_S)
    except TimeoutError as error:
        reason = f"server_file {path} is not there"
        raise ConnectionOverError(Closing(Source.LOCAL, None, reason)) from error
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        base_url, ca_file = str(data["base_url"]), data.get("ca_file")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"server_file {path} has no base_url: {error}") from error
    key = str(data.get("api_key") or "") or find_key(options.api_key_env, folders)
    add_secret(key)
    return Server(key, base_url, ca_file)


def make_client(server: Server, options: LiveOptions) -> Client:
    """Return a client; close it with `aclose`.

    Raises:
        ConfigError: the CA file cannot be read.
    """
    from actors.backend.sdk import API_VERSION, Client, trust, types

    context = trust(server.ca_file)
    keepalive = options.keepalive
    async_args: dict[str, Any] = {
        "ping_interval": keepalive.interval_s if keepalive else None,
        "ping_timeout": keepalive.timeout_s if keepalive else None,
        "max_size": None,
        "open_timeout": options.setup_timeout_s,
        "close_timeout": options.close_timeout_s,
        # Audio does not shrink; deflating each block would cost time and memory.
        "compression": None,
        "verify": context,
        "ssl": context,
    }
    return Client(
        vertexai=False,
        api_key=server.key,
        http_options=types.HttpOptions(
            base_url=server.base_url,
            api_version=API_VERSION,
            client_args={"verify": context},
            async_client_args=async_args,
        ),
    )
