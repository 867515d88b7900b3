"""How a Live session listens: what `realtimeInputConfig` says of speech and of turns."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from actors.simulator.activity import ABOVE_NOISE_DB, MIN_SPEECH_DBFS, START_MS, Detection
from actors.simulator.capabilities import LiveFamily

# The default of silenceDurationMs is not published; 800 ms is what the service was seen to wait.
DEFAULT_SILENCE_MS = 800
# Documented: either sensitivity is high unless a session asks for a low one, which finds starts or
# ends less often. How much less is not published; these are as far from the defaults as a quiet
# speaker is from a loud one (10 dB), and as a pause within a sentence is from one after it.
LOW_START_DB = 10.0
LOW_START_MS = 200
LOW_END_DB = 10.0
LOW_END_SILENCE_MS = 1600


class TurnCoverage(Enum):
    """What of the input that is no activity belongs to the user's turn."""

    NOTHING = "TURN_INCLUDES_ONLY_ACTIVITY"
    VIDEO = "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO"
    EVERYTHING = "TURN_INCLUDES_ALL_INPUT"


@dataclass(frozen=True)
class RealtimeConfig:
    """A `realtimeInputConfig` with its defaults. `manual` sessions signal activity themselves."""

    manual: bool
    interruptible: bool
    coverage: TurnCoverage
    detection: Detection

    @classmethod
    def parse(cls, given: dict[str, Any], family: LiveFamily) -> "RealtimeConfig":
        """Takes a message that has been read and whose ranges were checked."""
        automatic = given.get("automaticActivityDetection", {})
        coverage = given.get("turnCoverage", "TURN_COVERAGE_UNSPECIFIED")
        if coverage == "TURN_COVERAGE_UNSPECIFIED":
            coverage = family.turn_coverage
        return cls(
            manual=automatic.get("disabled", False),
            interruptible=given.get("activityHandling") != "NO_INTERRUPTION",
            coverage=TurnCoverage(coverage),
            detection=_detection(automatic),
        )


def _detection(given: dict[str, Any]) -> Detection:
    seldom_starts = given.get("startOfSpeechSensitivity") == "START_SENSITIVITY_LOW"
    seldom_ends = given.get("endOfSpeechSensitivity") == "END_SENSITIVITY_LOW"
    stricter_db = LOW_START_DB if seldom_starts else 0.0
    silence_ms = LOW_END_SILENCE_MS if seldom_ends else DEFAULT_SILENCE_MS
    start_ms = LOW_START_MS if seldom_starts else START_MS
    return Detection(
        silence_ms=given.get("silenceDurationMs", silence_ms),
        # Two pages of the documentation disagree: speech of that length before a turn begins, or
        # sound before it that belongs to it. Here it is the former, of the API reference.
        start_ms=given.get("prefixPaddingMs", start_ms),
        min_speech_dbfs=MIN_SPEECH_DBFS + stricter_db,
        above_noise_db=ABOVE_NOISE_DB + stricter_db,
        hold_db=LOW_END_DB if seldom_ends else 0.0,
    )
