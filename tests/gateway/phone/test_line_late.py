"""A gateway that is late: what it sends ahead outlasts the next time that it is."""

from __future__ import annotations

import base64
import json
from collections import Counter
from contextlib import nullcontext

import pytest
from line_answer import LineAnswer
from phone_lines import STARTS

from actors.gateway.events import Message
from actors.gateway.phone.dialect import CallStarted
from actors.gateway.phone.dialects.twilio import TwilioDialect
from actors.gateway.phone.line import PhoneLine
from actors.gateway.phone.options import PhoneOptions
from actors.gateway.phone.phone_output import PhoneOutput
from actors.outputs.metronome import BLOCK_NS, Metronome

T0 = 10_000_000_000
ANSWER_BLOCKS = 250
LATE_BEATS = {50: 2, 100: 5, 150: 2, 200: 6}
"""At which beat, and how many beats pass before it comes."""


class Provider:
    """Plays what is there, 160 bytes each 20 ms, and counts when nothing is."""

    def __init__(self) -> None:
        self.waiting = self.played = self.dry = 0

    def send(self, message: Message) -> None:
        fields = json.loads(message)
        if fields["event"] == "media":
            self.waiting += len(base64.b64decode(fields["media"]["payload"]))

    def play(self) -> None:
        if self.waiting < 160 and 0 < self.played < 160 * (ANSWER_BLOCKS - 2):
            self.dry += 1
        taken = min(self.waiting, 160)
        self.waiting -= taken
        self.played += taken


@pytest.mark.parametrize(("most_ahead_ms", "dry_beats"), [(100.0, 3), (400.0, 0)])
def test_who_was_late_before_is_not_heard_to_be_late_again(
    most_ahead_ms: float, dry_beats: int
) -> None:
    dialect = TwilioDialect()
    (started,) = dialect.take(STARTS["twilio"])
    assert isinstance(started, CallStarted)
    provider, metronome = Provider(), Metronome(1.0, lambda _: nullcontext())
    options = PhoneOptions(most_ahead_ms=most_ahead_ms)
    line = PhoneLine(dialect, started, provider.send, options, Counter())
    output = PhoneOutput(metronome, line, lambda _: None)
    output.open(LineAnswer(ANSWER_BLOCKS, lambda _: 1000))
    due = 0
    for beat in range(ANSWER_BLOCKS + 20):
        late = LATE_BEATS.get(due, 0)
        if beat == due + late:
            now_ns = T0 + beat * BLOCK_NS
            metronome.lateness.note(late * BLOCK_NS, now_ns)
            output.play_until(now_ns)
            due = beat + 1
        provider.play()
    assert provider.played >= 160 * (ANSWER_BLOCKS - 1)
    assert provider.dry == dry_beats
