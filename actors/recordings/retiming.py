"""Recorded times on the clock of another run. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.frames import Audio, Frame


@dataclass(frozen=True)
class Retiming:
    """Maps a monotonic time of the recorded run to one of the replay; times in ns.

    Attributes:
        first_ns: Recorded time at which the replay begins.
        begun_ns: When it begins now.
        pace: 1 is real time, 4 is four times as fast.
    """

    first_ns: int
    begun_ns: int
    pace: float

    def time_ns(self, recorded_ns: int) -> int:
        """Return when what happened at `recorded_ns` happens now."""
        return self.begun_ns + round((recorded_ns - self.first_ns) / self.pace)

    def frame(self, frame: Frame) -> Frame:
        """Return the frame with its times moved; positions and turns stay as they are."""
        moved = {
            name: self.time_ns(value)
            for name in ("origin_ns", "at_ns")
            if isinstance(value := getattr(frame, name, None), int) and value
        }
        return frame.model_copy(update=moved)


def ended(frame: Frame) -> Frame:
    """Return the last frame of a stream, marked as such: a killed recorder had no time to."""
    return frame.model_copy(update={"final": True}) if isinstance(frame, Audio) else frame
