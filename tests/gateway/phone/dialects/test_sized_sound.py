"""Sound in messages of the sizes that providers take."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.phone.dialect import Encoding
from actors.gateway.phone.dialects.sized_sound import SizedSound

STEPS = st.lists(
    st.binary(max_size=2500) | st.text("abc", min_size=1, max_size=2) | st.none(), max_size=20
)


def test_a_mark_behind_sound_that_waits_comes_behind_its_message() -> None:
    sized = SizedSound(Encoding.PCM16, multiple=4, least=8, most=16)
    assert sized.add(b"abcdef") == []
    assert sized.mark("m1") == []
    assert sized.add(b"gh") == [b"abcdefgh", "m1"]
    assert sized.mark("m2") == ["m2"]


def test_a_mark_in_the_midst_of_a_message_is_never_answered_before_its_sound() -> None:
    sized = SizedSound(Encoding.PCM16, multiple=4, least=4, most=4)
    sized.add(b"ab")
    sized.mark("m1")
    assert sized.add(b"cdefgh") == [b"abcd", "m1", b"efgh"]


def test_the_last_piece_is_filled_with_silence_of_its_encoding() -> None:
    for encoding, silence in (
        (Encoding.PCM16, b"\x00"),
        (Encoding.MULAW, b"\xff"),
        (Encoding.ALAW, b"\xd5"),
    ):
        sized = SizedSound(encoding, multiple=4, least=8, most=16)
        sized.add(b"abcde")
        sized.mark("m1")
        assert sized.finish() == [b"abcde" + 3 * silence, "m1"]
        assert sized.finish() == []


def test_what_was_thrown_away_is_not_said_later() -> None:
    sized = SizedSound(Encoding.PCM16, multiple=4, least=8, most=16)
    sized.add(b"abcde")
    sized.mark("m1")
    sized.clear()
    assert sized.finish() == []
    assert sized.mark("m2") == ["m2"]


@given(
    multiple=st.integers(1, 320),
    least=st.integers(0, 5),
    most=st.integers(0, 20),
    steps=STEPS,
)
def test_nothing_is_lost_and_all_is_in_order(
    multiple: int, least: int, most: int, steps: list[bytes | str | None]
) -> None:
    least *= multiple
    sized = SizedSound(Encoding.PCM16, multiple=multiple, least=least, most=most * multiple)
    sent: list[bytes | str] = []
    pieces: list[bytes | str] = []
    for step in [*steps, None]:
        if step is None:
            pieces += sized.finish()
        elif isinstance(step, str):
            sent.append(step)
            pieces += sized.mark(step)
        else:
            sent.append(step)
            pieces += sized.add(step)
    for piece in pieces:
        if isinstance(piece, bytes):
            assert len(piece) % multiple == 0
            assert max(least, multiple) <= len(piece) <= max(most * multiple, least, multiple)
    assert [each for each in pieces if isinstance(each, str)] == [
        each for each in sent if isinstance(each, str)
    ]
    # Each mark has at least all sound behind it that was sent before it.
    said = b"".join(each for each in pieces if isinstance(each, bytes))
    assert len(said) >= sum(len(each) for each in sent if isinstance(each, bytes))


@given(st.lists(st.binary(max_size=900), max_size=12))
def test_the_bytes_are_those_that_were_sent(payloads: list[bytes]) -> None:
    sized = SizedSound(Encoding.PCM16, multiple=320, least=640, most=960)
    pieces = [piece for payload in payloads for piece in sized.add(payload)] + sized.finish()
    said = b"".join(each for each in pieces if isinstance(each, bytes))
    sent = b"".join(payloads)
    assert said[: len(sent)] == sent
    assert not any(said[len(sent) :])
    assert len(said) - len(sent) < 640
