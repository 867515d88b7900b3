"""Words of FreeSWITCH's modules: a table of messages, as their sources have them."""

from __future__ import annotations

import json

import pytest
from dialect_rows import Row, ids, pairs, said, understood
from phone_lines import CALL_UUID, EVERY, SOUND, line_up

from actors.gateway.phone.dialect import (
    CallStarted,
    Encoding,
    KeyPressed,
    LineEvent,
    LineProblem,
    LineSound,
    MarkReached,
    SoundHeard,
)
from actors.gateway.phone.dialects.freeswitch import AudioForkDialect, AudioStreamDialect

MODULES = ("mod_audio_fork", "mod_audio_stream")
UNDERSTOOD: list[Row] = [
    ("sound", SOUND, [SoundHeard(SOUND)]),
    ("dtmf as jambonz has it", {"event": "dtmf", "dtmf": "1"}, [KeyPressed("1")]),
    ("dtmf of a dialplan", {"event": "dtmf", "digit": 5}, [KeyPressed("5")]),
    ("text of a dialplan", {"note": "transferred"}, []),
    ("other text", "bye", []),
    ("no key", {"event": "dtmf"}, [LineProblem("there is no key '' on a telephone")]),
]


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize(("message", "events"), pairs(UNDERSTOOD), ids=ids(UNDERSTOOD))
def test_freeswitch_is_understood(name: str, message: str | bytes, events: list[LineEvent]) -> None:
    assert understood(name, message) == events


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize(
    ("query", "text", "rates", "parameters"),
    [
        (
            {},
            json.dumps({"uuid": CALL_UUID, "sampleRate": 16_000, "from": "1001", "to": "1002"}),
            (16_000, 16_000),
            {"uuid": CALL_UUID, "sampleRate": "16000", "from": "1001", "to": "1002"},
        ),
        (
            {"uuid": CALL_UUID, "rate": "16000", "rate-out": "8000", "from": "1001", "to": "1002"},
            "any text",
            (16_000, 8_000),
            {
                "uuid": CALL_UUID,
                "rate": "16000",
                "rate-out": "8000",
                "from": "1001",
                "to": "1002",
                "metadata": "any text",
            },
        ),
    ],
    ids=["metadata", "query"],
)
def test_a_call_of_freeswitch_begins_with_its_metadata(
    name: str,
    query: dict[str, str],
    text: str,
    rates: tuple[int, int],
    parameters: dict[str, str],
) -> None:
    came, sent = (LineSound(Encoding.PCM16, rate_hz) for rate_hz in rates)
    assert EVERY[name](query).take(text) == [
        CallStarted(CALL_UUID, "", came, sent, caller="1001", called="1002", parameters=parameters)
    ]


@pytest.mark.parametrize("name", MODULES)
def test_without_metadata_the_first_sound_begins_the_call(name: str) -> None:
    started, sound = EVERY[name]({"uuid": "c1"}).take(b"\x01\x02")
    assert isinstance(started, CallStarted)
    assert (started.call_id, started.sound_in) == ("c1", LineSound(Encoding.PCM16, 8000))
    assert sound == SoundHeard(b"\x01\x02")


@pytest.mark.parametrize("name", MODULES)
def test_two_channels_of_freeswitch_are_refused(name: str) -> None:
    (problem,) = EVERY[name]().take(json.dumps({"mixType": "stereo"}))
    assert isinstance(problem, LineProblem)
    assert "mono" in problem.text


def test_mod_audio_fork_is_told_as_jambonz_is() -> None:
    dialect = line_up("mod_audio_fork")
    assert dialect.sound(b"\x01\x02") == [b"\x01\x02"]
    assert said(dialect.mark("m1")) == [{"type": "mark", "data": {"name": "m1"}}]
    reached = dialect.take('{"type": "mark", "data": {"name":"m1", "event": "playout"}}')
    assert reached == [MarkReached("m1")]
    assert said(dialect.clear()) == [{"type": "killAudio"}]
    assert said(dialect.hang_up()) == [{"type": "disconnect"}]
    assert AudioForkDialect.traits.subprotocols[0] == "audio.drachtio.org"


def test_mod_audio_stream_is_told_sound_at_its_pace() -> None:
    dialect = line_up("mod_audio_stream")
    assert dialect.sound(b"\x01\x02\x03") == [b"\x01\x02"]
    assert dialect.mark("m1") == []
    assert dialect.finish() == [b"\x03\x00"]
    assert said(dialect.clear()) == [{"type": "killAudio"}]
    assert AudioStreamDialect.traits.queue_s <= 0.1, "nothing throws away what waits"
    assert not AudioStreamDialect.traits.clears
