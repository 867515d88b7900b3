"""Under which names the gateway is reached: a page whose name was made to point here is not ours.

In DNS rebinding a web site of somebody else's lets its name point to this machine: to the browser
it then is the gateway's own page. The header `Host` still has that name, and no attacker can make
it an address.
"""

from __future__ import annotations

from collections.abc import Collection

from actors.gateway.access.addresses import parsed_address, without_port

LOCAL_NAMES = ("localhost",)


def is_served(host: str, names: Collection[str]) -> bool:
    """Whether a request is for a name of the gateway's.

    Args:
        host: Its header `Host`; empty if it has none, as no browser's.
        names: Allowed besides addresses and `localhost`; in lower case.
    """
    name = without_port(host.strip().lower()).removesuffix(".")
    if not host.strip() or name in names or name in LOCAL_NAMES:
        return True
    if name.endswith(".localhost"):  # RFC 6761, 6.3: browsers never ask anybody for these.
        return True
    return parsed_address(name) is not None
