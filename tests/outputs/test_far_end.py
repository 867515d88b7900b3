"""What was played, and what is left out of a long silence."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np

from actors.lib.audio.pcm import to_samples
from actors.outputs.far_end import FAR_END_SAMPLES, HUSHED_PIECES, HUSHED_SAMPLES, FarEnd
from actors.outputs.metronome import Metronome
from actors.outputs.paced_output import PacedOutput, Quiet
from actors.outputs.playout.chime import listening_chime
from actors.outputs.session_playback import SessionPlayback
from pipeline.frames import Audio

PIECE_NS = 20_000_000
HUSHED = HUSHED_SAMPLES // FAR_END_SAMPLES


def play(far_end: FarEnd, first: int, count: int, level: int = 0) -> list[Audio]:
    """Play so many pieces, and return what is sent, asked for as soon as it is due."""
    sent = []
    for index in range(first, first + count):
        samples = np.full(FAR_END_SAMPLES, level, np.int16)
        far_end.add(samples, index * PIECE_NS, sounds=level != 0)
        if far_end.is_due:
            sent += far_end.drain()
    return sent


def numbers(frames: list[Audio]) -> list[int]:
    return [frame.position // FAR_END_SAMPLES for frame in frames]


def test_of_a_long_silence_one_piece_in_half_a_second_is_sent() -> None:
    far_end = FarEnd("local", FAR_END_SAMPLES, 0)
    assert numbers(play(far_end, 0, HUSHED)) == list(range(HUSHED))
    rare = play(far_end, HUSHED, 200)
    assert numbers(rare) == list(range(HUSHED + HUSHED_PIECES - 1, HUSHED + 200, HUSHED_PIECES))
    assert all(each.origin_ns == (numbers([each])[0] + 1) * PIECE_NS for each in rare)


def test_a_sound_ends_the_hush_at_once_and_nothing_of_it_is_missing() -> None:
    far_end = FarEnd("local", FAR_END_SAMPLES, 0)
    play(far_end, 0, HUSHED + 40)
    assert far_end.is_hushed
    sent = play(far_end, HUSHED + 40, 3, level=500)
    assert not far_end.is_hushed
    last = HUSHED + HUSHED_PIECES - 1
    assert numbers(sent) == list(range(last + 1, HUSHED + 43))
    assert [int(to_samples(each.pcm).max()) for each in sent[-4:]] == [0, 500, 500, 500]
    assert numbers(play(far_end, HUSHED + 43, 5)) == list(range(HUSHED + 43, HUSHED + 48))


def test_a_device_that_breaks_off_does_not_end_the_hush() -> None:
    far_end = FarEnd("local", FAR_END_SAMPLES, 0)
    play(far_end, 0, HUSHED + 10)
    far_end.break_off()
    assert far_end.is_hushed
    assert numbers(play(far_end, HUSHED + 100, HUSHED_PIECES)) == [HUSHED + 124]


def test_a_chime_ends_the_hush_and_nothing_of_it_is_missing() -> None:
    sent: list[Audio] = []
    playback = SessionPlayback(
        "local",
        PacedOutput(Metronome(1.0, lambda _session: nullcontext()), Quiet.TICKS, lambda: None),
        prebuffer_ms=40,
        far_end=FarEnd("local", FAR_END_SAMPLES, 0),
        prompt=None,
        resume=None,
        on_due=lambda due: sent.extend(due.report().far_end),
    )
    for index in range(HUSHED + 40):
        playback.render(FAR_END_SAMPLES, index * PIECE_NS)
    assert playback.is_hushed
    sent.clear()
    playback.chime()
    for index in range(HUSHED + 40, HUSHED + 60):
        playback.render(FAR_END_SAMPLES, index * PIECE_NS)
    heard = np.concatenate([to_samples(piece.pcm) for piece in sent])
    assert np.array_equal(np.trim_zeros(heard), np.trim_zeros(listening_chime()))
