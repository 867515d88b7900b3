"""People on the telephone, over the media sockets of their providers."""

from __future__ import annotations

from typing import Any

from helpers import SPEECH
from recognition import recognised

from actors.cli.calling.wanted_call import WantedCall
from actors.lib.audio.pcm import to_pcm
from benchmarks.phone_callers.recorded_call import RecordedCall

PATIENCE_S = 60.0
"""For an answer: all understand and speak on the same machine."""


class PhoneTalk(RecordedCall):
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
        super().__init__(wanted, silence_s=silence_s, patience_s=PATIENCE_S)

    def heard_words(self, from_s: float = 0.0) -> str:
        """What was heard, by a recogniser, from a time on."""
        return recognised(to_pcm(self.heard[round(from_s * self.rate_hz) :]), self.rate_hz)
