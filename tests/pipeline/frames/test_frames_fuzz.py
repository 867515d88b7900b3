"""Whatever comes from a socket is a frame that can be sent on, or refused in words."""

from __future__ import annotations

import json
import random
from typing import Any

import msgpack
from fuzzing import FUZZ, any_value, broken, seeds, with_faults
from hypothesis import given

from pipeline.errors import UnsendableError, WireError
from pipeline.frames import FRAME_TYPES, SessionOpened
from pipeline.frames.values import problem_of, whole_text
from pipeline.frames.wire import decode, encode
from pipeline.sessions.refusal import refusal

HEADER = {"session": "anna", "origin_ns": 1, "seq": 2, "boot": 3, "sent_ns": 4}
NUMBERS = [0, 1, -1, 7, 320, 16_000, 10**9, 2**31, 2**53, 2**53 + 1, 2**62, 2**64 - 1, -(2**63)]
BYTES = [b"", b"a", b"ab", bytes(641), b"\xff\xd8\xff", bytes(70_000)]


def field(rng: random.Random) -> Any:
    match rng.randrange(5):
        case 0:
            return rng.choice(NUMBERS)
        case 1:
            return rng.choice(BYTES)
        case 2:
            return rng.choice(["", "local", "local:0", "user", "complete", "x" * 5000, "\0"])
        case 3:
            return rng.choice([msgpack.Timestamp(5), msgpack.ExtType(5, b"abcd")])
    return any_value(rng)


def map_of(rng: random.Random) -> dict[Any, Any]:
    """The fields of a frame, more or less."""
    name = rng.choice(sorted(FRAME_TYPES))
    names = [*FRAME_TYPES[name].model_fields]
    fields = {each: field(rng) for each in names if each not in HEADER and rng.random() < 0.9}
    made = {"v": 1, "type": name, **HEADER, **fields}
    made = with_faults(rng, made, rng.choice([0, 0, 0.05]))
    if isinstance(made, dict) and rng.random() < 0.1:
        made[rng.choice(["more", b"more", "\0", "v", "type"])] = field(rng)
    return made if isinstance(made, dict) else {}


def packed(fields: dict[Any, Any]) -> bytes:
    try:
        return msgpack.packb(fields)
    except (ValueError, OverflowError, TypeError):
        return msgpack.packb(dict.fromkeys(map(str, range(len(fields)))))


@FUZZ
@given(seeds())
def test_what_is_decoded_can_be_sent_on(rng: random.Random) -> None:
    payload = packed(map_of(rng))
    for each in (payload, broken(rng, payload)):
        try:
            frame = decode(each)
        except WireError:
            continue
        assert type(decode(encode(frame, seq=1, boot=1, sent_ns=1))) is type(frame)
        if frame.type_name == "session_opened":
            assert isinstance(frame, SessionOpened)
            if not refusal(frame):
                json.dumps(frame.functions, allow_nan=False)


@FUZZ
@given(seeds())
def test_what_a_program_publishes_is_sent_or_refused(rng: random.Random) -> None:
    args = {str(n): any_value(rng) for n in range(3)}
    call = FRAME_TYPES["tool_call"](session="a", turn="t", call_id="c", name="n", args=args)
    try:
        back = decode(encode(call, seq=1, boot=1, sent_ns=1))
    except UnsendableError:
        assert problem_of(args)
    else:
        if not problem_of(args):
            assert back.model_dump()["args"] == whole_text(args)
