"""A call by a script of `greenroom call`, with all that was said and heard in it."""

from __future__ import annotations

from typing import Self

import numpy as np

from actors.cli.calling.call_tally import CallTally
from actors.cli.calling.dialled_call import DialledCall
from actors.cli.calling.happening import Happening, What
from actors.cli.calling.scripted_caller import ScriptedCaller
from actors.cli.calling.wanted_call import WantedCall
from actors.lib.audio.pcm import Samples

PATIENCE_S = 30.0
"""For an answer: all understand and speak on the same machine."""


class RecordedCall:
    """Somebody who follows a script.

    Args:
        wanted: What is asked for; a webhook is asked here.
        silence_s: At the end, before the person hangs up.
        patience_s: For an answer that does not come.
    """

    def __init__(
        self, wanted: WantedCall, *, silence_s: float = 2.0, patience_s: float = PATIENCE_S
    ) -> None:
        call = wanted.call()
        self.call_id = call.words.facts.call_id
        self.rate_hz = call.words.form.rate_hz
        self.told: list[Happening] = []
        self.tally = CallTally()
        self._heard: list[Samples] = []
        script = wanted.utterances(self.rate_hz)
        self._lengths_s = [
            0.0 if each.samples is None else len(each.samples) / self.rate_hz for each in script
        ]
        self._person = ScriptedCaller(
            script,
            call.words.form.block_samples,
            self._tell,
            hang_up_s=silence_s,
            patience_s=patience_s,
        )
        self._dialled = DialledCall(call, self._tell, self._heard.append)

    async def hold(self) -> Self:
        """Call, and return when the call is over."""
        await self._dialled.run(self._person)
        return self

    def hang_up(self) -> None:
        """End the call, as the provider does when it is told to."""
        self._dialled.hang_up()

    @property
    def began_ns(self) -> int:
        """When the line was up, monotonic."""
        return self._dialled.began_ns

    @property
    def heard(self) -> Samples:
        """All that was heard, from the moment the line was up."""
        return np.concatenate(self._heard) if self._heard else np.zeros(0, np.int16)

    def said(self) -> list[tuple[float, float, str]]:
        """From when to when the person spoke, and what."""
        lengths_s = iter(each for each in self._lengths_s if each)
        return [
            (each.at_s, each.at_s + next(lengths_s), str(each.values["name"]))
            for each in self.told
            if each.what is What.SAY
        ]

    def times(self, what: What) -> list[float]:
        """When things of a kind happened, in seconds."""
        return [each.at_s for each in self.told if each.what is what]

    def _tell(self, happening: Happening) -> None:
        self.told.append(happening)
        self.tally.count(happening)
