"""How the calls of each business are served; options of `gateway`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.frames.sessions import RecordingConsent


class MachineDoes(StrEnum):
    """What becomes of a call that an answering machine took."""

    TALK = "talk"
    HANG_UP = "hang_up"
    MESSAGE = "message"


class FailureOptions(BaseModel):
    """What becomes of a call that nobody can answer any more, after it was told so aloud."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    say: str = Field(
        "", description="What it is told then besides, in the provider's voice and its language."
    )
    transfer: str = Field("", description="Number or address that it is handed on to.")
    call_back: bool = Field(
        False,
        description="The caller is called back once somebody can answer again, within an hour.",
    )


class BusinessOptions(BaseModel):
    """How the calls of a business are served. What is left out is as in the backends' options."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    numbers: list[str] = Field([], description="By which it is called, as providers say them.")
    instruction: str | None = Field(None, description="Of the model.")
    language: str | None = Field(None, description="BCP-47 code, such as `de-DE`.")
    voice: str | None = Field(None, description="Name of the voice that answers.")
    model: str | None = Field(None, description="Name of the model.")
    speaks_first: bool = Field(False, description="The model begins, without being asked.")
    transfers: dict[str, str] = Field(
        {}, description="Whom the model may hand a call on to: number or address by a name."
    )
    on_failure: FailureOptions = Field(FailureOptions(), description="If nobody can answer.")
    record: RecordingConsent | None = Field(
        None, description="What of a call may be recorded; left out: as `record` of the gateway."
    )
    lasts_s: float | None = Field(None, gt=0, description="How long a call may last.")
    on_machine: MachineDoes = Field(
        MachineDoes.TALK,
        description="What becomes of a call that an answering machine took: `talk`, `hang_up` or "
        "`message`.",
    )
    message: str = Field("", description="What is left on an answering machine.")

    @model_validator(mode="after")
    def _has_message(self) -> Self:
        if self.on_machine is MachineDoes.MESSAGE and not self.message:
            raise ValueError("write in `message` what answering machines are left")
        return self


def number_key(number: str) -> str:
    """Return a number as it is compared: `+49 30 12`, `004930-12`, `sip:+493012@host` are one."""
    text = number.strip().lower()
    user = re.fullmatch(r"sips?:([^@;]+).*", text)
    text = user.group(1) if user else text
    digits = re.sub(r"[\s().\-/+]", "", text)
    if not digits.isdecimal():
        return text
    return digits.removeprefix("00")


def check_numbers(businesses: Mapping[str, BusinessOptions]) -> None:
    """Look whether each number is of one business.

    Raises:
        ValueError: one is of several.
    """
    owners: dict[str, str] = {}
    for name, business in businesses.items():
        for number in business.numbers:
            owner = owners.setdefault(number_key(number), name)
            if owner != name:
                raise ValueError(f"the number {number} is of {owner} and of {name}: of one only")
