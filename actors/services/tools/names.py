"""Names under which the model may call the tools of MCP servers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

MAX_NAME_CHARS = 64
"""Longest function name that Gemini has taken for certain: it is documented with 128, and refused
more than 64 as late as March 2026 (gemini-cli#20987). Callers, who choose their names, are held to
what is documented."""
DIGEST_CHARS = 8
"""Of a hash of what was cut off: names that begin alike stay apart."""


class ToolNames:
    """Gives each tool a name of its own, and the same for as long as the process lives."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}

    def name(self, server: str, tool: str, is_taken: Callable[[str], bool]) -> str:
        """Return the name of a server's tool: its own, or if that is taken, with the server's.

        Args:
            server: Its name.
            tool: What the server calls it.
            is_taken: Whether a name belongs to something else than a server's tool.
        """
        known = self._given.get((server, tool))
        if known is not None:
            return known
        given = set(self._given.values())
        numbered = (
            fitting(f"{server}_{tool}", f"{server} {tool} {n}") for n in range(len(given) + 2)
        )
        wanted = (fitting(tool), fitting(f"{server}_{tool}"), *numbered)
        name = next(each for each in wanted if each not in given and not is_taken(each))
        self._given[server, tool] = name
        return name


def fitting(name: str, digest_of: str = "") -> str:
    """Return a name that the service takes, as like to `name` as can be.

    Args:
        name: Of any letters and length.
        digest_of: What is to be told apart from others of this name; empty: nothing.
    """
    fit = re.sub(r"[^A-Za-z0-9_]", "_", name)
    fit = fit if re.match("[A-Za-z_]", fit) else f"_{fit}"
    if len(fit) > MAX_NAME_CHARS:
        digest_of = digest_of or name
    if not digest_of:
        return fit
    digest = hashlib.sha256(digest_of.encode("utf-8", "replace")).hexdigest()[:DIGEST_CHARS]
    return f"{fit[: MAX_NAME_CHARS - DIGEST_CHARS - 1]}_{digest}"
