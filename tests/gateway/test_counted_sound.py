from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.counted_sound import CountedSound
from actors.gateway.ear import CallerEar
from actors.gateway.events import SoundDone, Speaking
from actors.gateway.rooms.taken_up import TakenUp
from actors.gateway.sound_marks import LEAD_SAMPLES, OpenTurns, SoundMark, SoundMarks
from pipeline.frames import Audio, Outcome, SessionOpened, TurnClosed

S = 16_000
"""A second."""
FRESH = TakenUp(SessionOpened(session="anna"), 500 * S, done_position=4 * S, done_sound=3 * S)


class Ear:
    """What a caller of one session says."""

    def __init__(self, position: int = 0, taken: TakenUp | None = None) -> None:
        self.blocks: list[Audio] = []
        self.ear = CallerEar("anna", self.blocks.append, lambda w: w(), print, position)
        self.sound = CountedSound(self.ear)
        self.sound.taken_up = taken

    def says(self, seconds: float) -> None:
        self.ear.hear_pcm(bytes(round(seconds * S) * 2))

    def turn(self, begin_s: float, end_s: float | None = None, *, over: bool = False) -> None:
        name = f"anna:{begin_s}"
        self.sound.on_event(Speaking(name, True, round(begin_s * S)))
        if end_s is not None:
            self.sound.on_event(Speaking(name, False, round(end_s * S)))
        if over:
            closed = TurnClosed(session="anna", turn=name, outcome=Outcome.ANSWERED)
            self.sound.on_event(closed)


@given(st.lists(st.tuples(st.integers(1, 9_000), st.integers(0, 50_000))), st.integers(0, 10**6))
def test_every_sample_is_found_again_at_its_position(
    pieces: list[tuple[int, int]], begun: int
) -> None:
    marks, position, sound, places = SoundMarks(begun, 7), 7, begun, []
    for samples, silence in pieces:
        marks.heard(samples, position)
        places += [(position, sound), (position + samples - 1, sound + samples - 1)]
        position += samples + silence
        sound += samples
    assert marks.sound == sound
    for where, which in places:
        assert marks.at(where) == SoundMark(which, where)
    # In silence that was filled in it is the next sound that comes.
    for (samples, silence), (where, which) in zip(pieces, places[::2], strict=True):
        if silence:
            assert marks.at(where + samples).sound == which + samples


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(1, 10), st.booleans()), max_size=8))
def test_no_turn_that_is_open_is_done_with_and_all_that_are_over_are(
    turns: list[tuple[int, int, bool]],
) -> None:
    open_turns, at, over_until, begins = OpenTurns(), 0, 0, []
    for gap, length, is_over in turns:
        begin, end = at + gap * S, at + (gap + length) * S
        open_turns.began(str(begin), begin)
        open_turns.ended(str(begin), end)
        if is_over and not begins:
            open_turns.closed(str(begin))
            over_until = end
        else:
            begins.append(begin)
        at = end
    done = open_turns.done(at)
    assert done >= over_until
    assert all(done <= begin for begin in begins)
    assert done == max(over_until, min([at, *begins]) - LEAD_SAMPLES)


class TestFromWhereAClientSendsItsSound:
    @pytest.mark.parametrize(
        ("begin", "following", "position", "sound", "at"),
        [
            (
                2 * S,
                9 * S,
                3 * S,
                3 * S,
                4 * S,
            ),  # It had not heard that a turn is over.
            (5 * S, 9 * S, 6 * S, 5 * S, 6 * S),
            (5 * S, 5 * S, 6 * S, 5 * S, 500 * S),  # It has nothing: turns need new names.
            (0, 0, 0, 0, 500 * S),  # A page that was loaded anew.
            (9 * S, 5 * S, 0, 5 * S, 500 * S),  # Nonsense.
            (0, 9 * S, 0, 3 * S, 4 * S),
        ],
    )
    def test_in_another_room(
        self, begin: int, following: int, position: int, sound: int, at: int
    ) -> None:
        caller = Ear(500 * S, FRESH)
        assert caller.sound.count(begin, following, position) == sound
        caller.says(1)
        assert caller.blocks[0].position == at

    def test_in_the_same_room_where_it_was_broken_off(self) -> None:
        caller = Ear()
        assert caller.sound.count(0, 0, 0) == 0
        caller.says(3)
        assert caller.sound.count(1 * S, 5 * S, 1 * S) == 3 * S
        assert caller.sound.count(4 * S, 5 * S, 4 * S) == 5 * S, "what is between was dropped"
        assert caller.sound.count(0, 0, 0) == 0, "a page that was loaded anew"
        caller.says(1)
        assert caller.ear.marks is not None
        assert caller.ear.marks.sound == S

    def test_not_again_where_this_room_has_heard_it(self) -> None:
        caller = Ear(500 * S, FRESH)
        caller.says(1)
        assert caller.sound.count(2 * S, 9 * S, 3 * S) == 9 * S


def test_a_client_is_told_what_it_need_not_send_again() -> None:
    caller = Ear(100 * S)
    assert caller.sound.done is None
    caller.sound.count(7 * S, 7 * S, 0)
    caller.says(4)
    assert caller.sound.done == SoundDone(10 * S, 103 * S)
    caller.turn(101, 102, over=True)
    caller.turn(103)
    assert caller.sound.done == SoundDone(9 * S, 102 * S)
    caller.turn(103, 103.5, over=True)
    caller.says(4)
    assert caller.sound.done == SoundDone(14 * S, 107 * S)
