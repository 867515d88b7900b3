"""Settings of the simulator."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.actor import Options
from pipeline.languages import Languages
from pipeline.paths import PathOrName

FORMER_NAMES = {"ears": "stt", "voice": "tts"}
"""Of options; configs that have them still work."""


class SimulatorOptions(Options):
    """How one simulator listens, understands and speaks."""

    host: Literal["127.0.0.1", "localhost"] = Field(
        "127.0.0.1", description="Address to listen on; loopback only."
    )
    port: int = Field(0, ge=0, le=65535, description="TCP port; 0 takes a free one.")
    scenario: PathOrName | Path | None = Field(
        None, description="Name of a scenario that comes along, or path of a YAML file."
    )
    stt: Literal["moonshine", "none", "script"] = Field(
        "moonshine",
        description="Speech recognition, of English; none hears no words in audio; script hears "
        "what `hears` says.",
    )
    hears: list[str] = Field(
        [],
        description="With `stt: script`: the words of one sound after the other, in any language; "
        "after the last no words are heard.",
    )
    tts: Literal["hibari", "tone", "voices"] = Field(
        "hibari",
        description="Speech synthesis, of English; tone is a sine as long as the sentence; voices "
        "speak all languages and need the extra `languages`.",
    )
    language: Languages = Field(
        None,
        description="With `tts: voices`: what is spoken where the script does not tell; null: "
        "English.",
    )
    seed: int = Field(0, description="Seed of everything random: bursts and probabilities.")
    answer_speed: tuple[float, float] = Field(
        (3.0, 8.0),
        description="Slowest and fastest delivery of answer audio, in times real time.",
    )
    keys: list[str] | None = Field(
        None, description="API keys that are accepted; without a list any key is."
    )
    live_sessions: int | None = Field(
        None,
        ge=1,
        description="Most Live sessions at once of one API key; another is closed with 1011 "
        '"... Maximum concurrent se", as the service closes it; null: any number.',
    )
    certificates: Path | None = Field(
        None,
        description="Folder for the certificate authority, which stays the same from run to run; "
        "without one a new one is made in a temporary folder.",
    )
    certificate_names: list[str] = Field(
        [],
        description="Host names the certificate is also for, such as "
        "generativelanguage.googleapis.com, for clients whose host is fixed.",
    )
    models: dict[str, str] = Field(
        {},
        description="More models by name, each of a family (live-3.8, text-3, tts-3.8, ...) or "
        "like a model that there is.",
    )
    turn_complete_after_playback: bool = Field(
        True,
        description="Hold turnComplete back until the answer has been played, as the service does.",
    )
    playback_speed: float = Field(
        1.0,
        gt=0,
        description="Times real time at which a client is taken to play; more shortens tests.",
    )
    filler: str = Field(
        "One moment.",
        description="Said while a function that does not block is under way, and by models with "
        "extended thinking before the answer; empty for nothing.",
    )
    thoughts_unasked: bool = Field(
        True,
        description="Models of 2.5 show thoughts unless `includeThoughts` is false, as clients "
        "report; the others show them only if asked.",
    )
    audio_parts: Literal[1, 2] = Field(
        1,
        description="Most audio parts in one message of a 3.x model; several are documented, of "
        "whatever kind.",
    )
    connection_s: float | None = Field(
        600.0, gt=0, description="Life of a connection, with a GoAway before its end; or null."
    )
    audio_session_s: float | None = Field(
        900.0, gt=0, description="Life of a session without compression of its context; or null."
    )
    video_session_s: float | None = Field(
        120.0, gt=0, description="The same, once pictures were sent; or null."
    )

    @model_validator(mode="before")
    @classmethod
    def _former_names(cls, given: Any) -> Any:
        """Take `ears` and `voice` for `stt` and `tts`."""
        if not isinstance(given, dict):
            return given
        return {FORMER_NAMES.get(name, name): value for name, value in given.items()}

    @field_validator("answer_speed")
    @classmethod
    def _slowest_first(cls, speed: tuple[float, float]) -> tuple[float, float]:
        if not 0 < speed[0] <= speed[1]:
            raise ValueError("give the slowest speed first, above zero, then the fastest")
        return speed
