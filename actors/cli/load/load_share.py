"""What a process of callers is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from actors.cli.calling.wanted_call import WantedCall
from actors.cli.load.crowd_plan import Arrivals, CrowdPlan, Loss


@dataclass(frozen=True)
class LoadShare:
    """One process's part of a crowd.

    Attributes:
        plan: Of the whole crowd.
        urls: Where callers connect, by protocol.
        auth_token: What they show; None: nothing.
        parameters: `NAME=VALUE` each, as `greenroom call` gives them.
        files: What they say; none: the recordings of the package.
        first: Number of the first caller of this process.
        processes: Every so many-th is of it.
        journal: Path of the file that is written at the end.
    """

    plan: CrowdPlan
    urls: Mapping[str, str]
    auth_token: str | None = None
    parameters: Sequence[str] = ()
    files: Sequence[str] = ()
    first: int = 0
    processes: int = 1
    journal: str = ""

    def wanted(self, protocol: str) -> WantedCall:
        """Return the call of a caller."""
        return WantedCall(
            self.urls[protocol],
            protocol,
            parameters=self.parameters,
            auth_token=self.auth_token,
        )

    def as_json(self) -> str:
        """Return it as a line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> LoadShare:
        """Return it, as `as_json` wrote it."""
        plan = dict(value["plan"])
        plan["arrivals"] = Arrivals(plan["arrivals"])
        plan["losses"] = {Loss(kind): part for kind, part in plan["losses"].items()}
        for name in ("protocols", "length_s", "pause_s", "away_s"):
            plan[name] = tuple(plan[name])
        return cls(**{**value, "plan": CrowdPlan(**plan)})
