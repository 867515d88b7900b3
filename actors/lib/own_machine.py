"""Whether a server is on this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

OWN_NAME = "localhost"
"""RFC 6761: of this machine, wherever it is asked."""


def is_here(url: str | None) -> bool:
    """Whether the server of an address is on this machine, and as slow as it; None: it is not."""
    try:
        return is_own_host(urlsplit(url or "").hostname or "")
    except ValueError:
        # What is wrong with it is said by whoever connects.
        return False


def is_own_host(host: str) -> bool:
    """Whether a name, or an address, is of this machine wherever it is looked up."""
    if host == OWN_NAME or host.endswith(f".{OWN_NAME}"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
