"""What went wrong and what to do, by the table in `faults.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from actors.backends.fault_info import FaultAction, FaultInfo
from pipeline.errors import CredentialError, GreenroomError, ModelError
from pipeline.frames import FaultClass
from pipeline.logs import redact

MOST_REASON_CHARS = 2000
"""Of a reason: five times the longest that Google gives for a used-up quota; a page of a captive
network has thousands."""


class FaultSource(StrEnum):
    """Section of the table: who says that it is over."""

    CLOSE = "close"
    HTTP = "http"
    LOCAL = "local"


@dataclass(frozen=True)
class CloseReason:
    """How a connection ended or was refused, as received."""

    source: FaultSource
    code: int | None
    reason: str
    retry_after_s: float | None = None


class Row(BaseModel):
    """One line of the table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: int | None = None
    text: str
    fault: FaultClass
    action: FaultAction
    option: Literal["", "thinking", "voice", "compression"] = ""
    retry_after_s: float | None = Field(None, ge=0)
    advice: str = ""

    def fits(self, closed: CloseReason) -> bool:
        """Whether this line is about that close reason."""
        return self.code == closed.code and self.text.casefold() in closed.reason.casefold()


@cache
def rows() -> dict[FaultSource, list[Row]]:
    """The table, read once."""
    # Not in YAML: its parser would take 15 ms of every start to import.
    text = Path(__file__).with_name("faults.toml").read_text(encoding="utf-8")
    return {
        FaultSource(section): [Row.model_validate(line) for line in lines]
        for section, lines in tomllib.loads(text).items()
    }


def classify(closed: CloseReason) -> FaultInfo:
    """Look a close reason up; one that no line fits is `unknown` and met with patience."""
    reason = redact(closed.reason)[:MOST_REASON_CHARS]
    for row in rows()[closed.source]:
        if row.fits(closed):
            waits = [s for s in (row.retry_after_s, closed.retry_after_s) if s is not None]
            return FaultInfo(
                row.fault,
                row.action,
                closed.code,
                reason.removeprefix(f"{row.fault}: "),
                row.advice,
                max(waits, default=None),
                row.option,
            )
    return FaultInfo(FaultClass.UNKNOWN, FaultAction.BACK_OFF, closed.code, reason)


def info_on(error: GreenroomError) -> FaultInfo:
    """Return what an error of the setup means: nothing that waiting changes."""
    advice = ""
    fault = FaultClass.BAD_REQUEST
    if isinstance(error, CredentialError):
        fault = FaultClass.AUTH
    elif isinstance(error, ModelError):
        fault, advice = FaultClass.MODEL, "`greenroom models` lists the models there are."
    return FaultInfo(fault, FaultAction.STOP, None, str(error), advice)
