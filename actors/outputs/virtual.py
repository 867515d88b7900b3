"""Plays the answers of every session to nobody, in time: callers without a device."""

from __future__ import annotations

from pydantic import Field

from actors.outputs.metronome import Metronome
from actors.outputs.paced_output import PacedOutput, Quiet
from actors.outputs.player import Player
from actors.outputs.player_options import PlayerOptions
from pipeline.frames import SessionOpened
from pipeline.surroundings import Surroundings


class VirtualSpeakerOptions(PlayerOptions):
    """Options of `virtual_speaker`."""

    pace: float = Field(1.0, gt=0, le=100, description="1 is real time; 10 plays ten times faster.")


class VirtualSpeaker(Player[VirtualSpeakerOptions]):
    """Hears the answers of all sessions as people with loudspeakers would, and reports it.

    For tests, benchmarks and examples with many callers.
    """

    options_type = VirtualSpeakerOptions

    def __init__(self, options: VirtualSpeakerOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._metronome = Metronome(options.pace, self.work_of)

    @classmethod
    def reports_callers(cls, options: VirtualSpeakerOptions) -> bool:
        """It plays everybody."""
        return True

    def make_output(self, opened: SessionOpened) -> PacedOutput:
        """Return a new output in the one clock of all."""
        unheard = "far_end" in self.surroundings.unheard
        return PacedOutput(
            self._metronome, Quiet.SKIPS if unheard else Quiet.TICKS, self._count_slip
        )

    async def run(self) -> None:
        """Keep the clock going."""
        await self._metronome.run()

    def _count_slip(self) -> None:
        self.counters["clock_slips"] += 1
