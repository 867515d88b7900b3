"""The way around the canceller, which nobody hears."""

from __future__ import annotations

import numpy as np
from room import NEAR_HZ, Room, as_a_player_sends, cleaned, joined, quiet, robot_talk

from actors.hearing.echo.bypass import DELAY_SAMPLES, Bypass, Way

BLOCK = 320
PERSON = np.random.default_rng(5).normal(0, 2_000, 40 * NEAR_HZ).astype(np.int16)


def test_each_change_has_a_block_that_goes_both_ways() -> None:
    bypass = Bypass()
    block = np.zeros(BLOCK, np.int16)
    around = [False, False, True, True, True, False, False]
    ways = [bypass.way(block, around=each) for each in around]
    assert ways == [
        Way.CANCELLER, Way.CANCELLER, Way.BOTH, Way.AROUND, Way.AROUND, Way.BOTH, Way.CANCELLER
    ]  # fmt: skip


def test_the_fade_ends_in_the_way_that_follows() -> None:
    bypass = Bypass()
    block = np.full(BLOCK, 1_000, np.int16)
    bypass.way(block, around=False)
    bypass.way(block, around=True)
    away = bypass.fade(np.zeros(BLOCK, np.int16))
    assert (away[0], away[-1]) == (3, 1_000)
    bypass.way(block, around=False)
    back = bypass.fade(np.zeros(BLOCK, np.int16))
    assert (back[0], back[-1]) == (996, 0)


def test_what_goes_around_is_as_late_and_has_no_seam() -> None:
    """Somebody talks from the first second of a long silence to its end, and over the answer."""
    talk = np.concatenate([robot_talk(3), quiet(30), robot_talk(7)])
    frames = Room(gain=0.05).frames(talk, PERSON[: len(talk)])
    passed = joined(cleaned(as_a_player_sends(frames))[0]).astype(float)
    known = joined(cleaned(frames)[0]).astype(float)
    raw = joined([frame for port, frame in frames if port == "audio"])
    bypassed = slice(16 * NEAR_HZ, 32 * NEAR_HZ)
    late = np.concatenate([np.zeros(DELAY_SAMPLES), raw])[: len(raw)]
    assert np.array_equal(passed[bypassed], late[bypassed])
    # Both are one sound at one time: what differs is what WebRTC's high-pass filter takes out.
    for second in range(4, 33):
        part = slice(second * NEAR_HZ, (second + 1) * NEAR_HZ)
        assert np.corrcoef(passed[part], known[part])[0, 1] > 0.97, second
