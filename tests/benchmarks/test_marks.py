"""Blocks of sound that say whose they are, however they are cut."""

from __future__ import annotations

import base64
import io
import wave

import numpy as np

from benchmarks.crowd import Account
from benchmarks.live_server.crowd import Seen, SpokenBlock
from benchmarks.live_server.pages import read_turn
from benchmarks.marks import BLOCK_BYTES, blocks_in, mark, unmark
from benchmarks.sessions_killed import missing
from benchmarks.tap import Heard
from pipeline.frames import EndReason, Outcome, SpeechEnded, TurnClosed


def sound(caller: int, blocks: range) -> bytes:
    noise = np.random.default_rng(1).integers(-9_000, 9_000, BLOCK_BYTES // 2).astype("<i2")
    return b"".join(mark(noise.tobytes(), caller, block) for block in blocks)


def test_a_block_says_whose_it_is_and_sounds_the_same() -> None:
    pcm = sound(7, range(300, 301))
    assert unmark(pcm) == (7, 300)
    plain = np.frombuffer(sound(0, range(1)), "<i2").astype(int)
    assert np.abs(np.frombuffer(pcm, "<i2") - plain).max() <= 1


def test_whole_blocks_are_found_wherever_the_sound_is_cut() -> None:
    pcm = sound(7, range(300, 310))
    assert blocks_in(pcm[100:-60]) == (7, list(range(301, 309)))
    assert blocks_in(bytes(4 * BLOCK_BYTES)) is None
    assert blocks_in(b"") is None


def test_a_block_that_is_cut_short_by_the_next_turn_hides_none_of_its_blocks() -> None:
    pcm = sound(7, range(300, 304))[:-60] + sound(7, range(320, 323))
    assert blocks_in(pcm) == (7, [300, 301, 302, 320, 321, 322])


def test_a_request_tells_whose_turn_it_is_for() -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16_000)
        writer.writeframes(sound(3, range(5, 9)))
    data = base64.urlsafe_b64encode(file.getvalue())
    request = read_turn(b'{"parts": [{"inlineData": {"data": "' + data + b'"}}]}', 1)
    assert (request.caller, request.blocks) == (3, [5, 6, 7, 8])


def test_blocks_of_answered_turns_that_never_came_are_counted() -> None:
    account = Account()
    asked = SpeechEnded(
        session="caller3",
        turn="caller3:100",
        start_position=100,
        position=320 * 6,
        at_ns=0,
        reason=EndReason.SILENCE,
    )
    closed = TurnClosed(
        session="caller3", turn="caller3:100", outcome=Outcome.ANSWERED, by="live", seq=4
    )
    for frame in (asked, closed, closed):
        account.record(Heard("vad", frame, 0))
    assert not account.lost()
    assert not account.twice()
    came = [SpokenBlock(0, 3, block, 0) for block in (1, 2, 4, 5)]
    assert missing(account, Seen(spoken=came)) == ({"caller3:100": 1}, 5)
    account.record(Heard("supervisor", closed.model_copy(update={"seq": 9}), 0))
    assert account.twice() == {"caller3:100"}
