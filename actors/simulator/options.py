"""Settings of the simulator."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SimulatorOptions(BaseModel):
    """How one simulator listens, understands and speaks."""

    model_config = ConfigDict(extra="forbid")

    host: Literal["127.0.0.1", "localhost"] = Field(
        "127.0.0.1", description="Address to listen on; loopback only."
    )
    port: int = Field(0, ge=0, le=65535, description="TCP port; 0 takes a free one.")
    scenario: str | Path | None = Field(
        None, description="Name of a scenario that comes along, or path of a YAML file."
    )
    ears: Literal["moonshine", "none"] = Field(
        "moonshine", description="Speech recognition; none hears no words in audio."
    )
    voice: Literal["hibari", "tone"] = Field(
        "hibari", description="Speech synthesis; tone is a sine as long as the sentence."
    )
    seed: int = Field(0, description="Seed of everything random: bursts and probabilities.")
    keys: list[str] | None = Field(
        None, description="API keys that are accepted; without a list any key is."
    )
    certificates: Path | None = Field(
        None, description="Folder for the CA file; without one a temporary folder."
    )
    turn_complete_after_playback: bool = Field(
        False,
        description="Hold turnComplete back until the answer would have been played in real time.",
    )
