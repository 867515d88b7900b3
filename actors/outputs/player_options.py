"""Options of everything that plays answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from actors.outputs.playout.failure_prompt import packaged_prompt
from pipeline.actor import Options
from pipeline.paths import Anchor


class PlayerOptions(Options):
    """Options of everything that plays answers."""

    barge_in: bool = Field(True, description="Stop playing as soon as the user speaks.")
    prebuffer_ms: float = Field(
        40.0,
        ge=0,
        le=400,
        description="Sound to have before an answer starts; grows after underruns, up to 400.",
    )
    failure_prompt: Literal["packaged"] | Annotated[Path, Anchor.IF_THERE] | None = Field(
        "packaged",
        validation_alias=AliasChoices("failure_prompt", "notice"),
        description="Sound file, from the config's folder, that is played when a turn fails and "
        "`turns` is connected; `packaged`: an apology in the session's language, in English where "
        "there is none.",
    )

    def prompt_path(self, config_dir: Path, language: str | None = None) -> Path | None:
        """Return where the failure prompt for a session's language is."""
        if self.failure_prompt is None:
            return None
        if self.failure_prompt == "packaged":
            return packaged_prompt(language)
        return config_dir / Path(self.failure_prompt).expanduser()
