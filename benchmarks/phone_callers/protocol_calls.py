"""What came of the two calls of `phone_protocols` over one line."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from actors.cli.calling.happening import What
from actors.cli.calling.hearing import LOUD_DBFS, WINDOW_S
from actors.cli.calling.providers import PATH_NAMES
from actors.lib.audio.pcm import level_dbfs
from benchmarks.phone_callers.recorded_call import RecordedCall
from benchmarks.sound import RATE_HZ, SPEECH, onset, read_wav
from pipeline.frames import SessionOpened

ASKED, LONG, INTERRUPTING, THEN = (
    "goforward.wav",
    "austen-0870.wav",
    "cards-001.wav",
    "cards-003.wav",
)
ANSWERED, INTERRUPTION_ANSWERED = "go for", ("ten of", "10 of")
"""What is heard of the answers whatever 8 kHz makes of them."""
KEYS_OUT = "34"
KEYLESS = ("mod_audio_stream", "mod_audio_fork")
"""Keys are for their dialplans to tell."""
PRESSES_IN_TURN, HANGS_UP_IN_TURN = 5, 6
FIRST, SECOND = "You serve the first.", "You serve all others."
CUT_MS, LEFT_MS, ENDED_MS = 250.0, 100.0, 1000.0
"""What the issue of telephones asks for."""


@dataclass
class ProtocolCalls:
    """The calls over one line.

    Attributes:
        name: Of the provider.
        first: With question, interruption, keys, and the end by the model.
        second: Somebody else, who hangs up.
        words: That were heard in the first, after the interruption, and in the second.
        opened: Manner of the sessions, by the call's name.
        ended_ms: From the hang-up of the second to the end of its session; None: it did not end.
        keys_told: The model was told of the keys; None: nobody pressed any.
    """

    name: str
    first: RecordedCall
    second: RecordedCall
    words: list[str] = field(default_factory=list)
    opened: list[SessionOpened] = field(default_factory=list)
    ended_ms: float | None = None
    keys_told: bool | None = None

    @property
    def answered(self) -> bool:
        """Whether the answers were recognised back."""
        whole, after, second = self.words
        interrupted = any(each in after for each in INTERRUPTION_ANSWERED)
        return ANSWERED in whole and interrupted and ANSWERED in second

    @property
    def cleared_ms(self) -> float | None:
        """From the first loud sample of the interruption to the server's clear."""
        spoken_s = self._interrupted_s
        after = [each for each in self.first.times(What.CLEAR) if each >= spoken_s]
        return (after[0] - spoken_s) * 1000 if after else None

    @property
    def silent_ms(self) -> float | None:
        """From the same to the last sound of the answer that was interrupted."""
        cuts = self.first.times(What.CUT)
        rate_hz, spoken_s = self.first.rate_hz, self._interrupted_s
        if not cuts:
            return None
        heard = self.first.heard[round(spoken_s * rate_hz) : round(cuts[0] * rate_hz)]
        size = round(rate_hz * WINDOW_S)
        blocks = heard[: len(heard) // size * size].reshape(-1, size)
        loud = [at for at, block in enumerate(blocks) if level_dbfs(block) > LOUD_DBFS]
        return (loud[-1] + 1) * WINDOW_S * 1000 if loud else 0.0

    @property
    def _interrupted_s(self) -> float:
        """When the first loud sample of the interruption was said."""
        return self.first.said()[2][0] + onset(read_wav(SPEECH / INTERRUPTING)) / RATE_HZ

    @property
    def left_ms(self) -> float | None:
        """What waited at the provider at the clear of the interruption."""
        said_s = self.first.said()[2][0]
        left = [
            float(each.values["left_ms"])
            for each in self.first.told
            if each.what is What.CLEAR and each.at_s >= said_s
        ]
        return left[0] if left else None

    @property
    def keys_pressed(self) -> str:
        """As a message, as tones, or not at all."""
        sent = [each.values["keys"] for each in self.first.told if each.what is What.KEYS_SENT]
        if "".join(map(str, sent)) == KEYS_OUT:
            return "message"
        return "tones" if _has_tones(self.first) else "NO"

    @property
    def is_its_own(self) -> bool:
        """Whether the second call had nothing of the first."""
        if len(self.opened) != 2:
            return False
        first, second = self.opened
        foreign = set(first.labels.values()) & set(second.labels.values())
        common = {"telephone", self.name, PATH_NAMES.get(self.name, self.name), "inbound"}
        named = {each.replace("_", "-") for each in common} | common
        return second.instruction == SECOND and foreign <= named

    @property
    def faults(self) -> list[str]:
        """What the provider would have refused, and sound that did not come in time."""
        gaps = [f"a gap of {each:.0f} ms" for each in self.second.tally.gaps_ms]
        return [*self.first.tally.faults, *self.second.tally.faults, *gaps]

    @property
    def holds(self) -> bool:
        """Whether all is as it should be, delays and what is left apart: they are limits beside."""
        ends = (self.first.tally.hung_up_by, self.second.tally.hung_up_by)
        ended = self.ended_ms is not None and self.ended_ms <= ENDED_MS
        talked = self.answered and self.keys_told is not False and self.keys_pressed != "NO"
        return (
            talked
            and ended
            and self.is_its_own
            and not self.faults
            and ends == ("server", "caller")
        )


def _has_tones(call: RecordedCall) -> bool:
    """Whether the two keys were heard as the pairs of tones that they are (ITU-T Q.23)."""
    pairs = {"3": (697, 1477), "4": (770, 1209)}
    heard, rate_hz = call.heard.astype(np.float64), call.rate_hz
    size = rate_hz // 25
    found = set()
    for at in range(0, len(heard) - size, size // 2):
        power = np.abs(np.fft.rfft(heard[at : at + size] * np.hanning(size))) ** 2
        if power.sum() < 1e6:
            continue
        for key, tones in pairs.items():
            bins = [round(each * size / rate_hz) for each in tones]
            share = sum(power[each - 1 : each + 2].sum() for each in bins) / power.sum()
            low, high = (power[each - 1 : each + 2].sum() for each in bins)
            if share > 0.8 and min(low, high) > 0.1 * max(low, high):
                found.add(key)
    return found == set(KEYS_OUT)
