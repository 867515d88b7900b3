"""Which server a crowd calls, checked before anybody does."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlunsplit

from actors.cli.calling.providers import LINES, gateway_path, provider_name
from actors.cli.calling.wanted_call import named_in, split_url
from actors.lib.own_machine import is_own_host
from pipeline.errors import ConfigError, GreenroomError, did_you_mean

SECURE = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss", "tcp": "tcp"}
"""Schemes that are taken, and what is called then."""
PORTS = {"ws": 80, "wss": 443}
CONNECT_S = 5.0
"""For a server to take a connection; a full second more than a lost SYN costs."""
DEFAULT_LINE = "website"
AUDIOSOCKET = "audiosocket"


@dataclass(frozen=True)
class LoadTarget:
    """A server.

    Attributes:
        urls: Where callers connect, by protocol.
        host: Of it.
        port: Of it.
        is_here: It is this machine.
    """

    urls: Mapping[str, str]
    host: str
    port: int
    is_here: bool


def load_target(url: str, protocols: Sequence[str]) -> LoadTarget:
    """Return where callers go.

    Args:
        url: Of a gateway, or of one of its sockets.
        protocols: As what they come; none: as the URL's path says, else as visitors of a website.

    Raises:
        ConfigError: there is no such address, or protocol.
    """
    parts = _split(url)
    named = named_in(parts)
    if named is None and parts.path.strip("/"):
        raise ConfigError(
            f"{url!r} is no address of a gateway: write http://HOST:PORT alone, and --as for what "
            f"callers are: {', '.join(LINES)}"
        )
    wanted = [_known(each) for each in protocols] or [named or DEFAULT_LINE]
    if named is not None and set(wanted) != {named}:
        raise ConfigError(
            f"{url!r} is for {named}: leave its path out to come as {', '.join(wanted)}"
        )
    if AUDIOSOCKET in wanted and parts.scheme != "tcp":
        raise ConfigError("audiosocket has a port of its own: write tcp://HOST:PORT for it alone")
    scheme = SECURE[parts.scheme]
    port = parts.port or PORTS.get(scheme)
    if port is None:
        raise ConfigError(f"{url!r} has no port: write tcp://HOST:PORT")
    host = str(parts.hostname)
    ours = parts._replace(scheme=scheme)
    urls = {
        each: urlunsplit(ours if named or each == AUDIOSOCKET else _at(ours, each))
        for each in wanted
    }
    return LoadTarget(urls, host, port, _is_here(host))


def require_listener(target: LoadTarget) -> None:
    """Return if somebody listens there.

    Raises:
        GreenroomError: nobody does.
    """
    try:
        socket.create_connection((target.host, target.port), CONNECT_S).close()
    except ConnectionRefusedError:
        raise GreenroomError(
            f"nothing listens at {target.host}:{target.port}: start a gateway "
            "(greenroom run configs/gateway.yaml), or see its log for the port"
        ) from None
    except OSError as error:
        raise GreenroomError(
            f"{target.host}:{target.port} cannot be reached: {error.strerror or error}"
        ) from None


def _split(url: str) -> SplitResult:
    parts = split_url(url)
    if parts.scheme not in SECURE or not parts.hostname:
        raise ConfigError(f"{url!r} is no URL of a gateway: write http://127.0.0.1:3000")
    return parts


def _known(name: str) -> str:
    known = provider_name(name)
    if known not in LINES:
        raise ConfigError(f"no protocol {name!r}: {did_you_mean(name, LINES)}")
    return known


def _at(parts: SplitResult, protocol: str) -> SplitResult:
    return parts._replace(path=gateway_path(protocol))


def _is_here(host: str) -> bool:
    """Whether a name is this machine, whatever of its addresses is taken."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise ConfigError(f"no address of {host!r} is known: {error.strerror or error}") from None
    return all(is_own_host(each) for each in found)
