"""Function calls of a session: which are open, and what a response makes the model do."""

import random
from dataclasses import dataclass
from enum import Enum
from typing import Any

from actors.simulator import brain
from actors.simulator.capabilities import LiveFamily
from actors.simulator.journal import Behavior, ToolCallRecord


class Scheduling(Enum):
    """When the model tells what a function that does not block has responded."""

    SILENT = "never by itself; it knows it from then on"
    WHEN_IDLE = "when the turn in progress is over"
    INTERRUPT = "at once"


@dataclass(frozen=True)
class News:
    """What the model has to tell; an empty text is nothing."""

    text: str
    scheduling: Scheduling


class Calls:
    """The calls of one session, oldest first, as the journal has them."""

    def __init__(
        self, records: list[ToolCallRecord], family: LiveFamily, source: random.Random
    ) -> None:
        self._records = records
        self._family = family
        self._random = source
        self._told: dict[str, str] = {}

    def make(
        self, name: str, args: dict[str, Any], tools: list[dict[str, Any]], told: str = ""
    ) -> ToolCallRecord:
        """A new call; `told` is what the model says when it is done, in place of its own words."""
        number = self._random.randrange(10**18, 10**19)
        call = ToolCallRecord(
            f"function-call-{number}", name, args, behavior=self._behavior(name, tools)
        )
        self._records.append(call)
        if told:
            self._told[call.id] = told
        return call

    def find(self, call_id: str) -> ToolCallRecord | None:
        """The call of that id."""
        return next((call for call in self._records if call.id == call_id), None)

    def pending(self, behavior: Behavior | None = None) -> list[ToolCallRecord]:
        """Calls that wait for a response, or for more of it."""
        return [
            call
            for call in self._records
            if call.outcome == "pending" and behavior in (None, call.behavior)
        ]

    def news(self, call: ToolCallRecord, response: dict[str, Any]) -> News:
        """What a response to a call that does not block means; takes it down."""
        body = response.get("response", {})
        more = bool(response.get("willContinue"))
        first = not call.responses
        call.responses += 1
        call.response = body
        if more:
            text = brain.progress(call.name, call.args, body) if body else ""
        else:
            call.outcome = "answered"
            told = self._told.pop(call.id, "")
            # Documented: an empty last response says that there is no more to come.
            text = told or brain.outcome(call.name, call.args, body) if body or first else ""
        # Documented: WHEN_IDLE unless the response says otherwise.
        named = response.get("scheduling", "WHEN_IDLE")
        return News(text, Scheduling.__members__.get(named, Scheduling.WHEN_IDLE))

    def _behavior(self, name: str, tools: list[dict[str, Any]]) -> Behavior:
        """As declared, or the default of the family; what is not declared cannot but block."""
        declared = next((tool for tool in tools if tool.get("name") == name), None)
        if declared is None:
            return "BLOCKING"
        named = declared.get("behavior", "UNSPECIFIED")
        if named == "UNSPECIFIED":
            named = self._family.behaviors[0]
        return "NON_BLOCKING" if named == "NON_BLOCKING" else "BLOCKING"
