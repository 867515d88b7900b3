"""Which server of Gemini to talk to, with which keys, and the google-genai client for it."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, model_validator

from actors.backends.gemini.close_reason import ConnectionOverError
from actors.backends.gemini.credentials import find_keys, folders_here, split_keys
from actors.backends.gemini.faults import CloseReason, FaultSource
from actors.backends.gemini.places import ProjectLimit
from actors.backends.gemini.projects import ProjectOptions, check_projects
from actors.backends.gemini.trust import trust
from actors.backends.handshake import watch_handshake
from actors.lib.own_machine import is_here
from actors.lib.proxy import Proxy, ProxyError, proxy_for
from pipeline.actor import Options
from pipeline.errors import ConfigError, NoKeyError
from pipeline.paths import PathOrName
from pipeline.surroundings import Surroundings

if TYPE_CHECKING:
    from google.genai import Client

SERVER_FILE_DEADLINE_S = 15.0
"""A simulator loads speech models before it listens: 3 s, and four times that on a Pi."""
SERVER_FILE_LOOK_S = 0.02
DEFAULT_URL = "https://generativelanguage.googleapis.com/"
"""Of google-genai, if nobody names another."""


class ServerFileWhen(StrEnum):
    """Whether a key is for the server of the file, or has Google asked in its place."""

    ALWAYS = "always"
    NO_KEY = "no_key"


class ServerOptions(Options):
    """Options of everything that talks to Gemini."""

    api_key_env: list[str] = Field(
        ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        description="Variables that may hold keys, separated by commas, here or in a .env file; "
        "the first variable that holds any wins. A key whose quota is used up rests "
        "while the others serve.",
    )
    server_file: str | None = Field(
        None,
        description="JSON file with base_url, ca_file and api_key, relative to the pipeline's "
        "runtime folder. The simulator writes one.",
    )
    server_file_when: ServerFileWhen = Field(
        ServerFileWhen.ALWAYS,
        description="`no_key`: with an API key Gemini is asked, and the file is left alone.",
    )
    base_url: str | None = Field(None, description="https address of another server.")
    ca_file: PathOrName | None = Field(
        None, description="Certificate authority of that server, PEM."
    )

    projects: list[ProjectOptions] = Field(
        [],
        description="Several projects with keys and quotas of their own, the first that can serve "
        "is asked; left out: one, with the keys of `api_key_env`. See docs/scaling.md, Quota.",
    )
    database: str = Field(
        "",
        description="Where pipelines share places for Live sessions and what rests: a URL as of "
        "the gateway's `database`, or `$NAME` of a variable that holds one; left out: nothing is "
        "shared.",
    )

    @model_validator(mode="after")
    def _one_server(self) -> Self:
        if self.server_file and self.base_url:
            raise ValueError("give either server_file or base_url")
        check_projects(self.projects)
        return self

    @property
    def key_variables(self) -> list[list[str]]:
        """Variables that may hold keys, by project."""
        return [each.api_key_env for each in self.projects] or [self.api_key_env]

    def at_pace(self, slowness: float) -> Self:
        """Grant a server on this machine, such as the simulator, what this machine takes."""
        return self._slower(slowness) if self.server_file or is_here(self.base_url) else self

    def _slower(self, slowness: float) -> Self:
        """Return the options with longer deadlines, for a server on this machine."""
        return self


@dataclass(frozen=True)
class Server:
    """Where to connect; the keys are never shown."""

    keys: tuple[str, ...] = field(repr=False)
    base_url: str | None = None
    ca_file: str | None = None
    proxy: Proxy | None = None
    project: str = ""
    """Its keys share its quotas; without a name, each key has quotas of its own."""
    live_sessions: int | None = None
    """That the project may have open at once; None: not known."""

    @property
    def limit(self) -> ProjectLimit:
        """How many places there are."""
        return ProjectLimit(self.project, self.live_sessions)

    @property
    def via(self) -> str:
        """The way there, for a complaint; empty if it is direct."""
        return f"by the proxy {self.proxy.shown}" if self.proxy else ""


async def find_servers(options: ServerOptions, surroundings: Surroundings) -> tuple[Server, ...]:
    """Return the server of each project of the options that has a key, in their order.

    Raises:
        CredentialError: there is no key at all, or what is given for one is none.
        ConfigError, ConnectionOverError: as of `find_server`.
    """
    if not options.projects:
        return (await find_server(options, surroundings),)
    folders = (surroundings.config_dir, *folders_here())
    found: list[Server] = []
    missing: list[ProjectOptions] = []
    for each in options.projects:
        try:
            keys = find_keys(each.api_key_env, folders)
        except NoKeyError:
            missing.append(each)
            continue
        server = await _server_of(options, each, surroundings)
        found.append(replace(server, keys=keys))
    if not found and options.server_file is None:
        names = " or ".join(name for each in missing for name in each.api_key_env)
        raise NoKeyError(f"no API key: set {names}, in the environment or in a file named .env")
    # A simulator serves those without a key, unless somebody has one.
    for each in () if found else missing:
        found.append(await _server_of(options, each, surroundings))
    return tuple(found)


async def _server_of(
    options: ServerOptions, project: ProjectOptions, surroundings: Surroundings
) -> Server:
    own: dict[str, Any] = {"api_key_env": project.api_key_env, "projects": []}
    if project.base_url:
        own |= {"base_url": project.base_url, "ca_file": project.ca_file, "server_file": None}
    server = await find_server(options.model_copy(update=own), surroundings)
    return replace(server, project=project.name, live_sessions=project.live_sessions)


async def find_server(
    options: ServerOptions, surroundings: Surroundings, patience_s: float = SERVER_FILE_DEADLINE_S
) -> Server:
    """Return the server that the options name; waits for a server file that is to be written.

    Raises:
        CredentialError: there is no key.
        ConfigError: the server file is not what it should be.
        ConnectionOverError: there is no server file in time, or a proxy that cannot be used.
    """
    folders = (surroundings.config_dir, *folders_here())
    if options.server_file is None or options.server_file_when is ServerFileWhen.NO_KEY:
        try:
            keys = find_keys(options.api_key_env, folders)
        except NoKeyError:
            if options.server_file is None:
                raise
        else:
            ca_file = str(surroundings.config_dir / options.ca_file) if options.ca_file else None
            return Server(keys, options.base_url, ca_file, proxy_to(options.base_url))
    path = surroundings.runtime_dir / options.server_file
    try:
        async with asyncio.timeout(patience_s * surroundings.slowness):
            while not path.is_file():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(SERVER_FILE_LOOK_S)
    except TimeoutError as error:
        reason = f"server_file {path} is not there"
        raise ConnectionOverError(CloseReason(FaultSource.LOCAL, None, reason)) from error
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        base_url, ca_file = str(data["base_url"]), data.get("ca_file")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"server_file {path} has no base_url: {error}") from error
    given = split_keys(str(data.get("api_key") or ""), f"server_file {path}")
    keys = given or find_keys(options.api_key_env, folders)
    return Server(keys, base_url, ca_file, proxy_to(base_url))


def proxy_to(base_url: str | None) -> Proxy | None:
    """Return the proxy on the way to a server; None: it is reached directly.

    Args:
        base_url: Of the server; None: of Google's.

    Raises:
        ConnectionOverError: the proxy that is set cannot be used.
    """
    try:
        return proxy_for(base_url or os.environ.get("GOOGLE_GEMINI_BASE_URL") or DEFAULT_URL)
    except ProxyError as error:
        reason = CloseReason(FaultSource.LOCAL, None, f"network: {error}")
        raise ConnectionOverError(reason) from error


def make_client(server: Server, key: str, async_args: dict[str, Any]) -> Client:
    """Return a client; close it with `aclose`. Takes up to 40 ms, if it has to read certificates.

    Args:
        server: Whose.
        key: One of its keys.
        async_args: For the asynchronous connections: httpx's arguments, or those of websockets.

    Raises:
        ConfigError: the CA file cannot be read.
    """
    import httpx2

    from actors.backends.gemini.sdk import API_VERSION, Client, types

    context = trust(server.ca_file)
    # Without a transport google-genai prefers aiohttp wherever that is installed, which waits up
    # to 10 s before it says that a connection was refused, and heeds neither limits nor hooks.
    limits = async_args.get("limits", httpx2.Limits())
    transport = httpx2.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)
    # google-genai takes `ssl` with websockets, the others with httpx.
    # What the environment says of proxies was read when the server was found.
    way = {"proxy": server.proxy.url if server.proxy else None}
    args = {
        **async_args,
        **way,
        "trust_env": False,
        "verify": context,
        "ssl": context,
        "transport": transport,
        "event_hooks": {"request": [watch_handshake]},
    }
    return Client(
        vertexai=False,
        api_key=key,
        http_options=types.HttpOptions(
            base_url=server.base_url,
            api_version=API_VERSION,
            client_args={**way, "trust_env": False, "verify": context},
            async_client_args=args,
        ),
    )
