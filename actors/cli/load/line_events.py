"""What was told of one connection of a caller, in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actors.cli.calling.happening import Happening, What
from actors.cli.load.held_line import SERVER

LEFT_OUT = (What.MARK, What.MARK_BACK, What.FLOW)
"""Are many, and all alike."""


class LineEvents:
    """Grows while the connection is held."""

    def __init__(self) -> None:
        self.all: list[tuple[int, What, dict[str, Any]]] = []
        """When, monotonic in ns; kind and values."""

    def add(self, happening: Happening, began_ns: int) -> None:
        """Take down what happened on a line that was up at a time, unless it is left out."""
        if happening.what not in LEFT_OUT:
            at_ns = began_ns + int(happening.at_s * 1e9)
            self.all.append((at_ns, happening.what, dict(happening.values)))

    def newest(self, what: What) -> Mapping[str, Any] | None:
        """Return the values of the newest of a kind."""
        return next((values for _, each, values in reversed(self.all) if each is what), None)

    @property
    def awaits_answer(self) -> bool:
        """Whether something was said and no answer to it has been heard."""
        kinds = (each for _, each, _ in reversed(self.all) if each in (What.SAY, What.ANSWER))
        return next(kinds, None) is What.SAY

    @property
    def refusal(self) -> str:
        """Why the server let the caller connect, and then did not begin; empty: not known."""
        wrong = next((values for _, each, values in self.all if each is What.ERROR), None)
        if wrong is not None:
            return str(wrong["code"] or wrong["text"])
        ended = self.newest(What.HUNG_UP)
        return str(ended["why"]) if ended is not None and ended["by"] == SERVER else ""
