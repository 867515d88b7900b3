"""Sound goes out as early as it is to, whatever the sizes of a line's messages are."""

from __future__ import annotations

import base64
import json
from collections import Counter

import numpy as np
import pytest
from phone_lines import EVERY, STARTS

from actors.gateway.events import Message
from actors.gateway.phone.dialect import CallStarted, LineSound, PacedBy
from actors.gateway.phone.line import PhoneLine
from actors.gateway.phone.options import PhoneOptions
from actors.outputs.metronome import BLOCK_NS

BLOCK = np.ones(480, np.int16)
PROVIDERS = sorted(name for name, each in EVERY.items() if each.traits.paced_by is PacedBy.PROVIDER)


def milliseconds(message: Message, sound: LineSound) -> float:
    """Return how long the sound of a message lasts."""
    payload = message if isinstance(message, bytes) else b""
    if isinstance(message, str) and message.startswith("{"):
        fields = json.loads(message)
        part = fields.get("media") or fields.get("data") or {}
        payload = base64.b64decode(part.get("payload") or part.get("audioContent") or "")
    return 1000 * len(payload) / sound.bytes_of(1000)


def line_of(name: str, ahead_ms: float) -> tuple[PhoneLine, LineSound, list[Message]]:
    """Return a line that is up, the form of what it sends, and its messages."""
    dialect = EVERY[name]()
    started = dialect.take(STARTS[name])[0]
    assert isinstance(started, CallStarted)
    sent: list[Message] = []
    line = PhoneLine(dialect, started, sent.append, PhoneOptions(ahead_ms=ahead_ms), Counter())
    return line, started.sound_out, sent


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("ahead_ms", [100.0, 300.0])
def test_so_much_waits_at_a_provider_and_no_more(name: str, ahead_ms: float) -> None:
    line, sound, sent = line_of(name, ahead_ms)
    over_ms, spare_ms, waiting_ms, longest_ms = 0.0, [], [], 0.0
    for beat in range(200):
        now_ns = 1_000_000_000 + beat * BLOCK_NS
        while line.takes(now_ns, ahead=True):
            line.play(BLOCK, now_ns)
        now_ms = now_ns / 1e6
        for message in sent:
            length_ms = milliseconds(message, sound)
            if length_ms:
                spare_ms.append(over_ms - now_ms)
                over_ms = max(over_ms, now_ms) + length_ms
                longest_ms = max(longest_ms, length_ms)
        waiting_ms.append(over_ms - now_ms)
        sent.clear()
    traits = line.traits
    most_ms = min(ahead_ms, 1000 * traits.queue_s)
    # A beat is 20 ms, and conversion holds back 2.
    assert min(spare_ms[len(spare_ms) // 2 :]) >= most_ms - 22
    # A long message is there at once; of what an answer begins with, the most is heard by now.
    longer_ms = max(0.0, longest_ms - 20)
    assert max(waiting_ms) <= max(most_ms, traits.begins_at_ms + 20) + longer_ms
    assert max(waiting_ms[20:]) <= most_ms + longer_ms


@pytest.mark.parametrize("name", ["jambonz", "mod_audio_fork"])
def test_where_nothing_is_played_before_some_is_there_that_is_sent_at_once(name: str) -> None:
    line, sound, sent = line_of(name, 40)
    for now_ns in (1_000_000_000, 5_000_000_000):
        while line.takes(now_ns, ahead=True):
            line.play(BLOCK, now_ns)
        there_ms = sum(milliseconds(each, sound) for each in sent)
        assert line.traits.begins_at_ms <= there_ms <= line.traits.begins_at_ms + 20
        sent.clear()


@pytest.mark.parametrize(("late_ms", "ahead_ms"), [(0, 100), (9, 100), (40, 220), (300, 400)])
def test_who_is_late_sends_more_ahead_until_in_time_again(late_ms: int, ahead_ms: int) -> None:
    line, sound, sent = line_of("twilio", 100.0)
    now_ns = 1_000_000_000
    line.hurry(late_ms * 1_000_000)
    while line.takes(now_ns, ahead=True):
        line.play(BLOCK, now_ns)
    there_ms = sum(milliseconds(each, sound) for each in sent)
    assert there_ms == pytest.approx(ahead_ms, abs=2)
    line.hurry(0)
    assert (line.due_ns(now_ns) - now_ns) / 1e6 == pytest.approx(ahead_ms - 80, abs=1)


@pytest.mark.parametrize("name", [name for name in PROVIDERS if not EVERY[name].traits.clears])
def test_what_cannot_be_thrown_away_is_sent_no_earlier_by_who_is_late(name: str) -> None:
    lengths_ms = []
    for late_ns in (0, 300_000_000):
        line, sound, sent = line_of(name, 100.0)
        line.hurry(late_ns)
        while line.takes(1_000_000_000, ahead=True):
            line.play(BLOCK, 1_000_000_000)
        lengths_ms.append(sum(milliseconds(each, sound) for each in sent))
    assert lengths_ms[0] == lengths_ms[1]
