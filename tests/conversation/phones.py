"""People on the telephone, over the media sockets of their providers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from helpers import SPEECH
from recognition import recognised

from actors.cli.calling.call_tally import CallTally
from actors.cli.calling.dialled_call import DialledCall
from actors.cli.calling.happening import Happening, What
from actors.cli.calling.scripted_caller import ScriptedCaller
from actors.cli.calling.wanted_call import WantedCall
from actors.lib.audio.pcm import Samples, to_pcm
from benchmarks.web_room import url_of
from pipeline.testing import RunningPipeline

PATIENCE_S = 60.0
"""For an answer: all understand and speak on the same machine."""
LISTENED_AS = re.compile(r"AudioSocket is served here.*?port\D+(\d+)")


def phone_url(pipeline: RunningPipeline, protocol: str) -> str:
    """Where a provider connects."""
    url = url_of(pipeline).replace("http", "ws", 1)
    if protocol == "audiosocket":
        found = LISTENED_AS.search(pipeline.output)
        assert found, pipeline.output
        return f"tcp://127.0.0.1:{found[1]}"
    return f"{url}/phone/{protocol}"


class PhoneTalk:
    """One call of somebody who follows a script.

    Args:
        url: Of the gateway.
        script: Options of `greenroom call` and their values, in order; files are of tests/speech.
        silence_s: At the end, before the person hangs up.
        facts: Other fields of `WantedCall`.
    """

    def __init__(
        self, url: str, *script: tuple[str, str], silence_s: float = 2.0, **facts: Any
    ) -> None:
        lines = [(name, str(SPEECH / each) if name == "say" else each) for name, each in script]
        wanted = WantedCall(url, script=lines, **facts)
        call = wanted.call()
        self.form = call.words.form
        self.told: list[Happening] = []
        self.tally = CallTally()
        self._heard: list[Samples] = []
        self._person = ScriptedCaller(
            wanted.utterances(self.form.rate_hz),
            self.form.block_samples,
            self._tell,
            hang_up_s=silence_s,
            patience_s=PATIENCE_S,
        )
        self._dialled = DialledCall(call, self._tell, self._heard.append)

    async def hold(self) -> PhoneTalk:
        """Call, and return when the call is over."""
        await self._dialled.run(self._person)
        return self

    def times(self, what: What) -> list[float]:
        """When things of a kind happened, in seconds."""
        return [each.at_s for each in self.told if each.what is what]

    def heard_words(self, from_s: float = 0.0) -> str:
        """What was heard, by a recogniser, from a time on."""
        samples = np.concatenate(self._heard)[round(from_s * self.form.rate_hz) :]
        return recognised(to_pcm(samples), self.form.rate_hz)

    def _tell(self, happening: Happening) -> None:
        self.told.append(happening)
        self.tally.count(happening)
