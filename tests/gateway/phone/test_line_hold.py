"""An answer that is held on a line goes on where it was cut, however late the clock beats."""

from __future__ import annotations

import base64
import json
from collections import Counter
from contextlib import nullcontext
from itertools import groupby

import numpy as np
import pytest
from line_answer import LineAnswer
from phone_lines import STARTS

from actors.gateway.events import Message
from actors.gateway.phone.dialect import CallStarted
from actors.gateway.phone.dialects.twilio import TwilioDialect
from actors.gateway.phone.line import PhoneLine
from actors.gateway.phone.options import PhoneOptions
from actors.gateway.phone.phone_output import PhoneOutput
from actors.lib.audio.pcm import to_samples
from actors.outputs.metronome import BLOCK_NS, Metronome

T0 = 10_000_000_000
LINEAR = STARTS["twilio"].replace("audio/x-mulaw", "audio/x-l16")
BLOCK_SAMPLES = 160
BLOCKS = 40
STEP = 500
"""Between the levels of two blocks: each is known by its own."""


class Ear:
    """The provider: plays what it is sent, in time, and throws away what it is told to."""

    def __init__(self) -> None:
        self._waiting = b""
        self.heard = b""

    def send(self, message: Message) -> None:
        fields = json.loads(message)
        if fields["event"] == "clear":
            self._waiting = b""
        elif fields["event"] == "media":
            self._waiting += base64.b64decode(fields["media"]["payload"])

    def play(self, milliseconds: int) -> None:
        count = 16 * milliseconds
        self.heard += self._waiting[:count]
        self._waiting = self._waiting[count:]


@pytest.mark.parametrize("late_beats", [0, 15])
def test_what_was_held_is_heard_whole_and_in_order(late_beats: int) -> None:
    dialect = TwilioDialect()
    (started,) = dialect.take(LINEAR)
    assert isinstance(started, CallStarted)
    ear, answer = Ear(), LineAnswer(BLOCKS, lambda block: STEP * block)
    line = PhoneLine(dialect, started, ear.send, PhoneOptions(), Counter())
    output = PhoneOutput(Metronome(1.0, lambda _: nullcontext()), line, lambda _: None)
    output.open(answer)
    before = 0
    for beat in [*range(20), *range(20 + late_beats, 100)]:
        ear.play(20 * (beat - before))
        before, now_ns = beat, T0 + beat * BLOCK_NS
        if beat == 10:
            answer.is_paused = True
            line.suspend(now_ns)
            assert line.heard.is_suspended
        if beat == 19:
            answer.is_paused = False
        output.play_until(now_ns)
    levels = np.round(to_samples(ear.heard) / STEP).astype(int).tolist()
    runs = [(level, len(list(run))) for level, run in groupby(levels)]
    told = [level for level, length in runs if level and length > BLOCK_SAMPLES // 4]
    # Between two pieces of one block a filter's ends may be heard.
    told = [level for level, _ in groupby(told)]
    assert told == [*range(1, BLOCKS + 1)], runs
    assert len(ear.heard) <= 2 * BLOCK_SAMPLES * (BLOCKS + 1), "at most the block of the cut again"
