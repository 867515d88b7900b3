"""What we say is taken by providers as strict as the real ones, and what they say is understood."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pytest

from actors.cli.calling.happening import Happening, What
from actors.cli.calling.provider_side import LineState, ProviderSide
from actors.cli.calling.provider_words import CallFacts, MarksAfterClear
from actors.cli.calling.providers import PROVIDERS, provider_name
from actors.gateway.phone.dialect import (
    AfterClear,
    CallStarted,
    Encoding,
    FlowChanged,
    HangUp,
    KeyPressed,
    LineEnded,
    LineEvent,
    LineProblem,
    MarkReached,
    PacedBy,
    SoundHeard,
)
from actors.gateway.phone.dialects import DIALECTS
from actors.gateway.phone.dialects.audiosocket import AudioSocketDialect
from actors.gateway.phone.sound.line_encoder import LineEncoder
from actors.lib.audio.pcm import to_samples

T = TypeVar("T")
CALL_ID = "11111111-2222-3333-4444-555555555555"
OURS = {each.name: each for each in (*DIALECTS.values(), AudioSocketDialect)}
THEIRS = {name: provider_name(name) for name in OURS}
"""Names of dialects, and of providers."""
LINES = [
    (ours, rate_hz) for ours, theirs in THEIRS.items() for rate_hz in PROVIDERS[theirs].rates_hz
]
AFTER_CLEAR = {
    MarksAfterClear.RETURNED: AfterClear.RETURNED,
    MarksAfterClear.SAID_CLEARED: AfterClear.MARKED,
    MarksAfterClear.NEVER: AfterClear.DROPPED,
}
BLOCK_S = 0.02


class Pair:
    """A provider, and our words for it, with nothing between them."""

    def __init__(self, name: str, rate_hz: int | None = None) -> None:
        self.told: list[Happening] = []
        self.events: list[LineEvent] = []
        facts = CallFacts(CALL_ID, "MZ1", "+491", "+492", parameters={"business": "b42"})
        words = PROVIDERS[THEIRS[name]](facts, rate_hz)
        url = words.dialled(f"wss://bot.example/phone/{name}")
        query = dict(each.split("=") for each in url.partition("?")[2].split("&") if each)
        self.dialect = OURS[name](query)
        self.provider = ProviderSide(words, self.told.append)
        self.form = words.form
        self.now_s = 0.0
        self.hear(self.provider.begin())
        for _ in range(2):
            self.hear(self.provider.speak(np.full(self.form.block_samples, 8_000, np.int16)))

    def hear(self, messages: list[str | bytes]) -> None:
        """The provider says something."""
        for message in messages:
            self.events += self.dialect.take(message)

    def say(self, messages: list[str | bytes]) -> None:
        """We say something."""
        for message in messages:
            self.hear(self.provider.take(message, self.now_s))

    def wait(self, seconds: float) -> int:
        """Let time go by; return how many samples of ours were played."""
        self.now_s += seconds
        stretches, replies = self.provider.play(self.now_s)
        self.hear(replies)
        return sum(each.sound for each in stretches)

    @property
    def started(self) -> CallStarted:
        return self.of(CallStarted)[0]

    def of(self, kind: type[T]) -> list[T]:
        return [each for each in self.events if isinstance(each, kind)]

    def faults(self) -> list[str]:
        wrong = (What.FAULT, What.DROPPED)
        return [str(each.values) for each in self.told if each.what in wrong]

    def answer(self, blocks: int) -> None:
        """Say so many blocks of 20 ms, in time where the provider keeps nothing."""
        encoder = LineEncoder(self.started.sound_out)
        for number in range(blocks):
            sound = np.full(480, 5_000, np.int16)
            self.say(self.dialect.sound(encoder.feed(sound)))
            if self.dialect.traits.marks:
                self.say(self.dialect.mark(f"m{number}"))
            if self.dialect.traits.paced_by is PacedBy.OURS:
                self.wait(BLOCK_S)
        self.say(self.dialect.sound(encoder.flush()))
        self.say(self.dialect.finish())


@pytest.fixture(params=LINES, ids=lambda line: f"{line[0]}-{line[1]}")
def pair(request: pytest.FixtureRequest) -> Pair:
    return Pair(*request.param)


def test_a_call_is_understood_as_it_is(pair: Pair) -> None:
    started = pair.started
    name = pair.provider.words.name
    assert started.sound_in.rate_hz == started.sound_out.rate_hz == pair.form.rate_hz
    assert (started.sound_in.encoding is Encoding.PCM16) == (pair.form.sample_bytes == 2)
    if name != "vonage":
        assert started.call_id == CALL_ID
    if name != "audiosocket":
        assert started.parameters["business"] == "b42"
    if name in ("telnyx", "exotel", "jambonz", "mod_audio_fork", "mod_audio_stream"):
        assert (started.caller, started.called) == ("+491", "+492")
    heard = pair.of(SoundHeard)
    assert len(heard) >= 1
    payload = heard[-1].payload
    is_pcm = started.sound_in.encoding is Encoding.PCM16
    samples = to_samples(payload) if is_pcm else pair.form.decode(payload)
    assert len(samples) == pair.form.block_samples
    assert abs(int(samples[0]) - 8_000) < 260
    assert pair.of(LineProblem) == []


def test_an_answer_is_taken_whole_and_every_mark_comes_back(pair: Pair) -> None:
    pair.answer(50)
    pair.wait(1.5)
    assert pair.faults() == []
    marks = [each.name for each in pair.of(MarkReached) if not each.cleared]
    wanted = [f"m{number}" for number in range(50)] if pair.dialect.traits.marks else []
    assert marks == wanted
    assert pair.of(LineProblem) == []


def test_a_clear_empties_the_line_and_marks_are_as_we_expect_them(pair: Pair) -> None:
    traits = pair.dialect.traits
    if not traits.clears:
        assert traits.paced_by is PacedBy.OURS or traits.queue_s < 0.1
        pair.say(pair.dialect.clear())
        assert pair.faults() == []
        return
    pair.answer(50)
    pair.wait(0.5)
    pair.say(pair.dialect.clear())
    assert pair.provider.waiting_s == 0.0
    assert pair.wait(2.0) == 0
    assert pair.faults() == []
    if traits.marks:
        back = [each.name for each in pair.of(MarkReached)]
        assert (len(back) < 50) == (traits.after_clear is AfterClear.DROPPED)
        if name_is_sure(pair):
            assert AFTER_CLEAR[pair.provider.words.after_clear] is traits.after_clear
    pair.answer(20)
    pair.wait(1.0)
    assert pair.faults() == []


def name_is_sure(pair: Pair) -> bool:
    """Of Vonage nobody has said what becomes of notifications; of clips nobody waits for them."""
    return pair.provider.words.name not in ("vonage", "jambonz_clips")


def test_keys_are_understood(pair: Pair) -> None:
    told = [each for key in "5#" for each in pair.provider.press(key, 1.0)]
    pair.hear(told)
    assert pair.of(KeyPressed) == [KeyPressed(key) for key in "5#" if told]
    assert pair.of(LineProblem) == []


def test_keys_are_sent_where_they_can_be(pair: Pair) -> None:
    if not pair.dialect.traits.keys_out:
        assert pair.dialect.press("1#") == []
        return
    pair.say(pair.dialect.press("1#"))
    sent = "".join(str(each.values["keys"]) for each in pair.told if each.what is What.KEYS_SENT)
    assert sent == "1#"
    assert pair.faults() == []


def test_both_sides_can_hang_up(pair: Pair) -> None:
    name = pair.dialect.name
    if pair.dialect.traits.hang_up is HangUp.MESSAGE:
        pair.say(pair.dialect.hang_up())
        assert pair.provider.state is LineState.OVER
        assert pair.faults() == []
    other = Pair(name, pair.form.rate_hz)
    said = other.provider.hang_up(1.0)
    other.hear(said)
    assert len(other.of(LineEnded)) == bool(said)


def test_a_full_queue_is_told_in_time() -> None:
    pair = Pair("asterisk")
    encoder = LineEncoder(pair.started.sound_out)
    for _ in range(990):
        pair.say(pair.dialect.sound(encoder.feed(np.full(480, 5_000, np.int16))))
    assert pair.of(FlowChanged) == [FlowChanged(True)]
    pair.wait(10.0)
    assert pair.of(FlowChanged) == [FlowChanged(True), FlowChanged(False)]
    assert pair.faults() == []


def test_every_protocol_that_is_served_can_be_called() -> None:
    assert set(THEIRS.values()) == set(PROVIDERS)
