"""Access control of the dashboard: which requests are answered. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hmac import compare_digest

_HERE = re.compile(r"(localhost|127\.0\.0\.1)(:\d{1,5})?")


def is_meant_for_here(hosts: Sequence[str], origins: Sequence[str]) -> bool:
    """Return whether a request was addressed to this host, and by no page of another server.

    A page of somebody else can have its own name lead to 127.0.0.1 (DNS rebinding); its browser
    then names it in `Host`. A page of another server on this host has another port in its `Origin`.

    Args:
        hosts: All values of the header `Host`.
        origins: All values of the header `Origin`; who is no browser sends none.
    """
    if len(hosts) != 1 or not _HERE.fullmatch(hosts[0]):
        return False
    return all(origin == f"http://{hosts[0]}" for origin in origins)


def name_within(path: str, key: str) -> str | None:
    """Return what is asked for in `/<key>/<name>`; None if the key is another.

    Every account on the machine can connect; only who was told the key sees the conversation.
    """
    root, slash, name = path.partition("?")[0].removeprefix("/").partition("/")
    return name if slash and compare_digest(root.encode(), key.encode()) else None
