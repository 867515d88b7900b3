"""Where messages lie in what a client sends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from actors.gateway.caller_frames import FrameWalk, message_frame, message_in

SIZES = st.sampled_from((0, 1, 125, 126, 640, 65_535, 65_536))


@given(st.lists(st.tuples(st.sampled_from((Opcode.TEXT, Opcode.BINARY, Opcode.CONT)), SIZES)))
def test_a_walk_knows_where_frames_end(frames: list[tuple[Opcode, int]]) -> None:
    walk = FrameWalk()
    assert walk.is_between
    for opcode, size in frames:
        sent = Frame(opcode, bytes(size)).serialize(mask=True)
        begun = sent[:-1]
        for piece in (begun[:1], begun[1:3], begun[3:9], begun[9:]):
            walk.follow(piece)
            assert not walk.is_between
        walk.follow(sent[-1:])
        assert walk.is_between


@given(st.sampled_from((Opcode.TEXT, Opcode.BINARY)), SIZES, st.binary(max_size=20))
def test_a_message_is_found_where_it_is_whole(opcode: Opcode, size: int, more: bytes) -> None:
    sent = Frame(opcode, bytes(size)).serialize(mask=True)
    expected = (len(sent) - size, len(sent)) if size < 65_536 else None
    assert message_in(sent + more) == expected
    assert message_in(sent[:-1]) is None


@given(st.sampled_from((Opcode.CONT, Opcode.PING, Opcode.CLOSE)), st.booleans())
def test_what_is_no_message_in_one_frame_is_for_the_parser(opcode: Opcode, text: bool) -> None:
    begun = Frame(Opcode.TEXT if text else Opcode.BINARY, b"more follows", fin=False)
    assert message_in(Frame(opcode, b"").serialize(mask=True)) is None
    assert message_in(begun.serialize(mask=True)) is None


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)), SIZES)
def test_a_message_is_sent_in_the_frame_that_the_library_makes(
    message: bytes | str, more: int
) -> None:
    message = message + "x" * more if isinstance(message, str) else message + bytes(more)
    text = isinstance(message, str)
    data = message.encode() if isinstance(message, str) else message
    library = Frame(Opcode.TEXT if text else Opcode.BINARY, data).serialize(mask=False)
    assert message_frame(message) == library
