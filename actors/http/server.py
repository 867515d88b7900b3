"""Which server and which keys, and the google-genai client for one of them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.http.options import HttpOptions
from actors.live.client import SERVER_FILE_DEADLINE_S, SERVER_FILE_LOOK_S
from actors.live.closing import ConnectionOverError
from actors.live.credentials import read_env_file
from actors.live.faults import Closing, Source
from pipeline.actor import Surroundings
from pipeline.errors import ConfigError, CredentialError
from pipeline.logs import add_secret

if TYPE_CHECKING:
    from google.genai import Client

KEEPALIVE_S = 120.0
"""People pause between two turns for longer than httpx keeps a connection by itself (5 s); a new
one costs a TCP and a TLS handshake."""


@dataclass(frozen=True)
class Server:
    """Where to ask; the keys are never shown."""

    keys: tuple[str, ...] = field(repr=False)
    base_url: str | None = None
    ca_file: str | None = None


def find_keys(
    variables: Sequence[str], folders: Iterable[Path], environ: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """Return all keys of the first variable that holds any, in the environment or a `.env`.

    Raises:
        CredentialError: there is none; says how to give one.
    """
    for source in (environ, *(read_env_file(folder / ".env") for folder in folders)):
        for variable in variables:
            if keys := split_keys(source.get(variable, "")):
                return keys
    raise CredentialError(
        f"no API key: set {' or '.join(variables)}, in the environment or in a file named .env"
    )


def split_keys(text: str) -> tuple[str, ...]:
    """Return the keys in a comma-separated list, each once; none of them is ever logged."""
    keys = tuple(dict.fromkeys(key.strip() for key in text.split(",") if key.strip()))
    for key in keys:
        add_secret(key)
    return keys


async def find_server(
    options: HttpOptions, surroundings: Surroundings, patience_s: float = SERVER_FILE_DEADLINE_S
) -> Server:
    """Return the server that the options name; waits for a server file that is to be written.

    Raises:
        CredentialError: there is no key.
        ConfigError: the server file is not what it should be.
        ConnectionOverError: there is no server file in time.
    """
    folders = (surroundings.config_dir, Path.cwd())
    if options.server_file is None:
        ca_file = str(surroundings.config_dir / options.ca_file) if options.ca_file else None
        return Server(find_keys(options.api_key_env, folders), options.base_url, ca_file)
    path = surroundings.runtime_dir / options.server_file
    try:
        async with asyncio.timeout(patience_s):
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
    keys = split_keys(str(data.get("api_key") or "")) or find_keys(options.api_key_env, folders)
    return Server(keys, base_url, ca_file)


def make_client(server: Server, key: str) -> Client:
    """Return a client; close it with `aclose`. Takes some 50 ms, so make it in a thread.

    Raises:
        ConfigError: the CA file cannot be read.
    """
    import httpx2

    from actors.backend.sdk import API_VERSION, Client, trust, types

    context = trust(server.ca_file)
    async_args: dict[str, Any] = {
        "limits": httpx2.Limits(keepalive_expiry=KEEPALIVE_S),
        # google-genai takes the one with httpx and the other with aiohttp, whichever is installed.
        "verify": context,
        "ssl": context,
    }
    return Client(
        vertexai=False,
        api_key=key,
        http_options=types.HttpOptions(
            base_url=server.base_url,
            api_version=API_VERSION,
            client_args={"verify": context},
            async_client_args=async_args,
        ),
    )
