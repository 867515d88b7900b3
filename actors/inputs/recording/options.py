"""What is played, and when."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipeline.actor import Options
from pipeline.paths import Anchor, PathOrName

STDIN = "-"
"""Path that stands for raw 16 kHz mono s16le samples on standard input."""


class Start(StrEnum):
    """When a file begins."""

    AT_ONCE = "at_once"
    AFTER_ANSWER = "after_answer"
    DURING_ANSWER = "during_answer"


class Item(BaseModel):
    """One file and when it begins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: PathOrName = Field(
        min_length=1,
        description="Any file that FFmpeg reads, from the config's folder; `-` is raw 16 kHz "
        "mono s16le on standard input.",
    )
    start: Start = Field(
        Start.AT_ONCE,
        description="`at_once`: `gap_s` after the file before. `after_answer`: when the turn "
        "before is closed. `during_answer`: while the answer to it plays, to interrupt it.",
    )
    delay_s: float = Field(0.0, ge=0, description="So much later than `start` says.")

    def resolve(self, config_dir: Path) -> Path:
        """Return the path of the file."""
        return config_dir / Path(self.path).expanduser()


class RecordingOptions(Options):
    """Options of the recording."""

    files: Annotated[list[Item], Anchor.IF_THERE] = Field(
        min_length=1, description="What is played: paths, or maps with path, start and delay_s."
    )
    gap_s: float = Field(
        1.0,
        ge=0,
        description="Silence between files that begin `at_once`; longer than the VAD's silence "
        "timeout, so that each is a turn.",
    )
    tail_s: float = Field(
        1.5, ge=0, description="Silence after the last file, for the VAD to end the last turn."
    )
    pace: float = Field(1.0, gt=0, description="1 is real time, 2 twice as fast.")
    loop: bool = Field(False, description="Begin again after the last file, for ever.")
    answer_timeout_s: float = Field(
        30.0, gt=0, description="How long to wait for an answer before going on without it."
    )

    def at_pace(self, slowness: float) -> Self:
        """Wait longer for an answer: nobody is there who would lose patience."""
        return self.model_copy(update={"answer_timeout_s": self.answer_timeout_s * slowness})

    @field_validator("files", mode="before")
    @classmethod
    def _paths_are_items(cls, value: object) -> object:
        if isinstance(value, str):
            value = [value]
        if isinstance(value, list):
            return [{"path": each} if isinstance(each, str) else each for each in value]
        return value
