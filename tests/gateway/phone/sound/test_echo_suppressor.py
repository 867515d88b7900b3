"""Echo of answers is silence, people are heard, on a clock of the test."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from actors.gateway.phone.sound.echo_suppressor import EchoSuppressor
from actors.lib.audio.pcm import samples_to_ns

MS = 1_000_000
LOUD = 8000.0


def tone(milliseconds: float, amplitude: float, rate: int = 16_000) -> NDArray[np.int16]:
    at = np.arange(round(rate * milliseconds / 1000)) / rate
    return np.round(amplitude * np.sin(2 * np.pi * 400 * at)).astype(np.int16)


def db(decibels: float) -> float:
    return LOUD * 10 ** (decibels / 20)


class OnCall:
    """A call in which an answer is played from 0 ms on."""

    def __init__(self, answer_ms: int, amplitude: float = LOUD) -> None:
        self.suppressor = EchoSuppressor()
        for at in range(0, answer_ms, 20):
            self.suppressor.play(tone(20, amplitude, 24_000), at * MS)

    def hear(self, amplitude: float, from_ms: int, until_ms: int) -> list[bool]:
        """Return which blocks of 20 ms are heard."""
        heard = []
        for end in range(from_ms + 20, until_ms + 1, 20):
            block = self.suppressor.hear(tone(20, amplitude), end * MS)
            assert len(block) == 320
            heard.append(bool(block.any()))
        return heard


@pytest.mark.parametrize("below_db", [-17, -20, -30, -40, -60])
@pytest.mark.parametrize("late_ms", [0, 150, 400, 580])
def test_an_answer_that_comes_back_is_not_heard(below_db: float, late_ms: int) -> None:
    call = OnCall(2000)
    assert not any(call.hear(db(below_db), late_ms, 2000 + late_ms))
    assert call.suppressor.muted == 2000 * 16


def test_a_person_is_heard_at_once_and_with_the_softer_sounds_after() -> None:
    call = OnCall(4000)
    assert not any(call.hear(db(-25), 0, 1000))
    assert all(call.hear(db(-10), 1000, 1020))
    assert all(call.hear(db(-25), 1020, 1300))
    assert not any(call.hear(db(-25), 1340, 2000))


def test_without_an_answer_everything_is_heard() -> None:
    call = OnCall(0)
    assert all(call.hear(db(-70), 0, 1000))
    call = OnCall(1000)
    assert not any(call.hear(db(-30), 0, 1000))
    assert all(call.hear(db(-70), 1620, 3000))


def test_the_pauses_of_an_answer_let_no_echo_through_behind_them() -> None:
    call = OnCall(1000)
    for at in range(2000, 3000, 20):
        call.suppressor.play(tone(20, LOUD, 24_000), at * MS)
    call.hear(db(-20), 0, 1600)
    call.hear(db(-60), 1600, 2100)
    assert not any(call.hear(db(-20), 2100, 3100))


def test_what_was_not_played_yet_silences_nobody() -> None:
    call = OnCall(0)
    for at in range(300, 600, 20):
        call.suppressor.play(tone(20, LOUD, 24_000), at * MS)
    assert all(call.hear(db(-30), 0, 260))
    call.suppressor.cut(280 * MS)
    assert all(call.hear(db(-30), 280, 1000)), "and what was thrown away is not played at all"


@pytest.mark.parametrize("length", [1, 159, 318, 322, 1600, 16_000])
def test_messages_of_any_length_are_judged_in_short_pieces(length: int) -> None:
    call = OnCall(2000)
    assert len(call.suppressor.hear(np.zeros(0, np.int16), 0)) == 0
    sound = tone(1000, db(-30))[:length]
    heard = call.suppressor.hear(sound, samples_to_ns(length) + 100 * MS)
    assert len(heard) == length
    assert not heard.any()


def test_a_person_in_a_long_message_does_not_open_what_was_before() -> None:
    call = OnCall(2000)
    sound = np.concatenate([tone(200, db(-30)), tone(200, LOUD)])
    heard = call.suppressor.hear(sound, 1000 * MS)
    assert not heard[:3200].any()
    assert np.array_equal(heard[3200:], sound[3200:])


@pytest.mark.parametrize("noise_db", [-50, -70])
def test_on_a_line_without_echo_a_soft_voice_is_heard(noise_db: float) -> None:
    call = OnCall(8000)
    assert not any(call.hear(db(noise_db), 0, 1000))
    assert not any(call.hear(db(-30), 1000, 1020)), "nobody knows yet"
    call.hear(db(noise_db), 1020, 7000)
    assert all(call.hear(db(-30), 7000, 7440)), "long enough to interrupt the answer"


def test_echo_that_begins_in_mid_call_is_taken_for_a_voice_once() -> None:
    """A telephone is switched to its loudspeaker."""
    call = OnCall(10_000)
    call.hear(db(-70), 0, 7000)
    heard = call.hear(db(-20), 7000, 9000)
    assert heard[0]
    assert not any(heard[60:]), "after 1.2 s"


def test_a_loud_person_does_not_make_the_line_one_with_echo() -> None:
    call = OnCall(10_000)
    call.hear(db(-60), 0, 7000)
    call.hear(db(0), 7000, 8000)
    call.hear(db(-60), 8000, 8500)
    assert all(call.hear(db(-30), 8500, 8940))


def test_what_was_heard_before_an_answer_was_cut_may_still_come_back() -> None:
    call = OnCall(200)
    for at in range(200, 600, 20):
        call.suppressor.play(tone(20, 2 * LOUD, 24_000), at * MS)
    assert not any(call.hear(db(-20), 100, 180)), "with what is louder about to be heard"
    call.suppressor.cut(185 * MS)
    assert not any(call.hear(db(-20), 180, 760)), "the tail of what was softer, and was heard"
