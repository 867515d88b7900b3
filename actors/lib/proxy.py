"""Which proxy leads to a server, by the variables that everybody uses: decided here, once.

The libraries that connect read them too, each in its own way, and some raise while they are
imported; they are told what was decided here.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from actors.lib.own_machine import is_own_host
from pipeline.errors import GreenroomError
from pipeline.logs import add_secret

DEFAULT_PORTS = {"http": 80, "https": 443}
NO_PROXY = "NO_PROXY"


class ProxyError(GreenroomError):
    """The proxy that is set cannot be used; says which, and never its password."""


@dataclass(frozen=True)
class Proxy:
    """The way out to a server.

    Attributes:
        url: With user and password, if it wants them.
        shown: Without them, with the variable that names it.
    """

    url: str = field(repr=False)
    shown: str


def proxy_for(server: str, environ: Mapping[str, str] = os.environ) -> Proxy | None:
    """Return the proxy to reach a server by; None: directly.

    A server on this machine is reached directly whatever is set.

    Args:
        server: Its URL.
        environ: Where the variables are, in upper or lower case.

    Raises:
        ProxyError: the proxy is none that can be used.
    """
    try:
        target = urlsplit(server)
        host, port = target.hostname or "", target.port or DEFAULT_PORTS.get(target.scheme)
    except ValueError:
        return None  # Whoever connects to it says what is wrong with it.
    scheme = {"wss": "https", "ws": "http"}.get(target.scheme, target.scheme)
    if is_own_host(host) or _is_excepted(host, port, _value(NO_PROXY, environ)[1]):
        return None
    for name in (f"{scheme.upper()}_PROXY", "ALL_PROXY"):
        variable, value = _value(name, environ)
        if value:
            return _parsed(value, variable)
    return None


def _value(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """The variable that counts, and what it holds; lower case comes first, as with curl."""
    lower = name.lower()
    variable = lower if lower in environ else name
    return variable, environ.get(variable, "").strip()


def _parsed(value: str, variable: str) -> Proxy:
    useless = ProxyError(f"the proxy of {variable} cannot be used: it is no http://HOST:PORT")
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise useless from None
    for secret in (parts.password, unquote(parts.password or "")):
        add_secret(secret or "")
    if not host:
        raise useless
    at = f"[{host}]" if ":" in host else host
    address = f"{parts.scheme}://{at}" + (f":{port}" if port else "")
    if parts.scheme not in DEFAULT_PORTS:
        raise ProxyError(
            f"the proxy {address} of {variable} cannot be used: {parts.scheme} is not supported; "
            f"set {variable} to an http:// proxy, or the service's name in {NO_PROXY}"
        )
    user = parts.username
    if user is not None:
        # websockets takes no user without a password.
        login = f"{quote(unquote(user), safe='')}:{quote(unquote(parts.password or ''), safe='')}"
        at = f"{login}@{at}"
    return Proxy(
        f"{parts.scheme}://{at}:{port or DEFAULT_PORTS[parts.scheme]}", f"{address} of {variable}"
    )


def _is_excepted(host: str, port: int | None, names: str) -> bool:
    address = _address(host)
    for entry in names.replace(",", " ").lower().split():
        if entry == "*":
            return True
        name, _, of_port = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "")
        if of_port and of_port != str(port):
            continue
        name = name.removeprefix("*").removeprefix(".").strip("[]")
        if host == name or host.endswith(f".{name}"):
            return True
        if address is not None and _holds(name, address):
            return True
    return False


def _holds(network: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
