"""From where somebody comes: told by proxies that are named, and believed of no others."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parsed_networks(names: Sequence[str]) -> list[Network]:
    """Return addresses and networks.

    Raises:
        ValueError: one is none.
    """
    networks = []
    for name in names:
        try:
            networks.append(ipaddress.ip_network(name))
        except ValueError:
            raise ValueError(
                f"{name!r} is no address and no network: write 10.0.0.7 or 10.0.0.0/24"
            ) from None
    return networks


def client_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Return from where a request comes.

    Each proxy adds, on the right of `X-Forwarded-For`, who called it. What stands left of the first
    that is not trusted may be made up.

    Args:
        peer: Who is connected.
        forwarded: The header.
        trusted: Proxies whose word is taken.
    """
    address = peer
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    while hops and is_in(address, trusted):
        address = without_port(hops.pop())
    return address


def is_loopback(address: str) -> bool:
    """Whether it is this machine."""
    parsed = parsed_address(address)
    return parsed is not None and parsed.is_loopback


def limited_as(address: str) -> str:
    """Return under which name an address is counted: one home has a whole /64 of IPv6.

    Empty for this machine, which is not limited by address, and where no address is known.
    """
    parsed = parsed_address(address)
    if parsed is not None and parsed.is_loopback:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address


def is_in(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address is among those of the networks."""
    parsed = parsed_address(address)
    return parsed is not None and any(parsed in network for network in networks)


def parsed_address(address: str) -> Address | None:
    """Return an address, perhaps with its zone; None if it is none."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return mapped or parsed


def without_port(host: str) -> str:
    """Return an address, or a name, without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host
