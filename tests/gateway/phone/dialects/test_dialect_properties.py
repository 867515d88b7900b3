"""What holds for every dialect, whatever a provider sends and whatever is said."""

from __future__ import annotations

import base64
import copy
import json
from array import array
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phone_lines import EVERY, MESSAGES, STARTS, line_up, tlv

from actors.gateway.phone.dialect import (
    AfterClear,
    CallStarted,
    Encoding,
    HangUp,
    KeyPressed,
    LineEnded,
    LineProblem,
    PacedBy,
    PhoneDialect,
    SoundHeard,
)

NAMES = sorted(EVERY)
WRONG = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "-1", "9" * 400, "\ud800", "\x00", "audio/x-mulaw", "=" * 9, "\uff10"])
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where in a message something can be changed."""
    if not isinstance(value, dict):
        return [path]
    return [path, *(leaf for key, each in value.items() for leaf in leaves(each, (*path, key)))]


@st.composite
def spoiled(draw: st.DrawFn, name: str) -> str | bytes:
    """Return a real message with something missing, doubled, of another type or case, or cut."""
    message = draw(st.sampled_from([STARTS[name], *MESSAGES[name]]))
    if isinstance(message, bytes):
        at = draw(st.integers(0, len(message)))
        return message[:at] + draw(st.binary(max_size=4)) + message[at + draw(st.integers(0, 4)) :]
    if not message.startswith("{") or draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(message)))
        return message[:at] + draw(st.text(max_size=4)) + message[at + draw(st.integers(0, 4)) :]
    fields = copy.deepcopy(json.loads(message))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(leaves(fields)[1:] or [()]))
        inner = fields
        for key in path[:-1]:
            inner = inner[key] if isinstance(inner, dict) and key in inner else {}
        if not path or not isinstance(inner, dict):
            continue
        match draw(st.integers(0, 3)):
            case 0:
                inner.pop(path[-1], None)
            case 1:
                inner[path[-1].upper()] = inner.pop(path[-1], None)
            case 2:
                inner[path[-1]] = {path[-1]: inner.get(path[-1])}
            case _:
                inner[path[-1]] = draw(WRONG)
    return json.dumps(fields)


def messages_of(name: str) -> st.SearchStrategy[list[str | bytes]]:
    anything = st.text(max_size=40) | st.binary(max_size=40) | WRONG.map(json.dumps)
    real = st.sampled_from([STARTS[name], *MESSAGES[name]])
    return st.lists(spoiled(name) | anything | real, max_size=8)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_whatever_comes_nothing_is_raised_and_a_call_begins_once(
    name: str, data: st.DataObject
) -> None:
    query = data.draw(st.dictionaries(st.sampled_from(["rate", "sample-rate", "uuid"]), st.text()))
    dialect = EVERY[name](query)
    up = False
    for message in data.draw(messages_of(name)):
        for event in dialect.take(message):
            match event:
                case CallStarted():
                    assert not up
                    up = True
                    for form in (event.sound_in, event.sound_out):
                        assert 8_000 <= form.rate_hz <= 192_000
                    told = [event.call_id, event.stream_id, event.caller, event.direction]
                    for text in (*told, *event.parameters, *event.parameters.values()):
                        assert "\0" not in text
                        text.encode()
                case LineProblem() | LineEnded():
                    assert (event.text if isinstance(event, LineProblem) else event.reason) != ""
                case _:
                    assert up, "nothing is said of a line that is not up"
            if isinstance(event, SoundHeard):
                assert event.payload
                assert event.number is None or abs(event.number) <= 2**53
            if isinstance(event, KeyPressed):
                assert event.key in "0123456789*#ABCD"
    for messages in (dialect.sound(b"\xff" * 999), dialect.mark("m"), dialect.finish()):
        assert all(isinstance(message, str | bytes) for message in messages)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "message",
    [
        "[" * 100_000,
        '{"event":"media","media":{"payload":"' + "A" * 1_000_000 + '"}}',
        json.dumps({"event": "error", "payload": {"detail": "x" * 100_000}}),
        json.dumps({"event": "ERROR", "error_text": "x" * 100_000}),
        json.dumps({"event": "stop", "stop": {"reason": "x" * 100_000}}),
        '{"event":"media","media":{"payload":"AAAA","timestamp":"' + "9" * 5000 + '"}}',
        '{"event":' + "9" * 5000 + "}",
        '{"event":"start","start":' * 500 + "1" + "}" * 500,
        b"\x00" * 1_000_000,
        tlv(0x10),
        "",
        b"",
    ],
    ids=[
        "deep",
        "long",
        "error",
        "ERROR",
        "reason",
        "late",
        "digits",
        "nested",
        "zeros",
        "none",
        "no text",
        "no bytes",
    ],
)
def test_what_is_huge_or_deep_raises_nothing(name: str, message: str | bytes) -> None:
    for dialect in (EVERY[name](), line_up(name)):
        for event in dialect.take(message):
            if isinstance(event, LineProblem):
                assert len(event.text) < 1000
            if isinstance(event, LineEnded):
                assert len(event.reason) < 1000


@pytest.mark.parametrize("name", NAMES)
def test_a_second_start_changes_nothing(name: str) -> None:
    dialect = line_up(name)
    before = dialect.clear() + dialect.hang_up()
    again = dialect.take(STARTS[name])
    assert not any(isinstance(event, CallStarted) for event in again)
    assert dialect.clear() + dialect.hang_up() == before


def payload_of(message: str | bytes) -> bytes | None:
    """Return the sound of a message of ours; None if it is something else."""
    if isinstance(message, bytes):
        return message
    fields = json.loads(message) if message.startswith("{") else {}
    for name in ("media", "data"):
        part = fields.get(name)
        if isinstance(part, dict) and (found := part.get("payload") or part.get("audioContent")):
            return base64.b64decode(found)
    return None


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(
    payloads=st.lists(
        st.integers(0, 9000).map(lambda size: bytes(at * 7 % 251 for at in range(size))), max_size=6
    )
)
def test_sound_has_the_sizes_of_the_traits_and_nothing_is_lost(
    name: str, payloads: list[bytes]
) -> None:
    dialect = line_up(name)
    traits = dialect.traits
    head = 3 if name == "audiosocket" else 0
    said = [message for payload in payloads for message in dialect.sound(payload)]
    said += dialect.finish()
    sounds = [sound[head:] for each in said if (sound := payload_of(each)) is not None]
    for sound in sounds:
        assert len(sound) % traits.multiple_bytes == 0
        assert traits.least_bytes <= len(sound) <= traits.most_bytes
        if traits.unit_ms is not None:
            assert len(sound) in {320, 640}
    sent = b"".join(payloads)
    whole = b"".join(sounds)
    if name in {"jambonz", "mod_audio_fork"}:
        # No sample may have the value that stands for a mark there.
        padded = array("h", sent + bytes(len(sent) % 2))
        sent = array("h", [each - 1 if each == -1 else each for each in padded]).tobytes()
        assert b"\xff\xff" not in [whole[at : at + 2] for at in range(0, len(whole), 2)]
    assert whole[: len(sent)] == sent
    assert len(set(whole[len(sent) :])) <= 1, "the rest is silence"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_thrown_away_is_not_said_later(name: str) -> None:
    dialect = line_up(name)
    dialect.sound(b"\x11" * 100)
    dialect.clear()
    sounds = [payload_of(message) or b"" for message in dialect.finish()]
    assert b"\x11" not in b"".join(sounds)


@pytest.mark.parametrize("name", NAMES)
def test_traits_do_not_contradict_what_is_said(name: str) -> None:
    dialect: PhoneDialect = line_up(name)
    traits = dialect.traits
    assert dialect.name == name
    assert 0 <= traits.least_bytes <= traits.most_bytes
    assert traits.most_bytes >= traits.multiple_bytes
    dialect.sound(bytes(20_000))
    marks = dialect.mark("m1") + dialect.finish()
    if not traits.marks:
        assert not [each for each in marks if payload_of(each) is None]
    if traits.clears:
        assert dialect.clear()
    assert bool(dialect.press("1")) == traits.keys_out
    # What REST does may be said as well, where nothing is to be asked by REST.
    if traits.hang_up is not HangUp.REST:
        assert bool(dialect.hang_up()) == (traits.hang_up is HangUp.MESSAGE)
    assert (traits.queue_s > 0) == (traits.paced_by is PacedBy.PROVIDER)
    assert isinstance(traits.after_clear, AfterClear)


def test_linear_sound_of_a_line_is_whole_samples() -> None:
    for name in NAMES:
        dialect = EVERY[name]()
        started = [e for e in dialect.take(STARTS[name]) if isinstance(e, CallStarted)]
        if not started or started[0].sound_out.encoding is not Encoding.PCM16:
            continue
        said = dialect.sound(b"\x01\x02\x03") + dialect.sound(b"\x04" * 40_000) + dialect.finish()
        sizes = [len(sound) for each in said if (sound := payload_of(each)) is not None]
        assert sizes, name
        assert not any(size % 2 for size in sizes), name
