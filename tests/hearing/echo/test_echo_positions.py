"""The stream that comes out counts the same samples as the one that goes in."""

from __future__ import annotations

import json

import numpy as np
import pytest
from room import BEGAN_NS, Room, cleaned, joined, level_db, quiet, robot_talk

from actors.hearing.echo import Echo
from actors.lib.audio.pcm import Samples, samples_to_ns, to_pcm
from pipeline.frames import ActorState, Audio, SessionEnded
from pipeline.testing import stage

MODES = ["aec", "half_duplex", "off"]
TONE = (np.sin(np.arange(16_000) * 0.3) * 5_000).astype(np.int16)


def blocks(samples: Samples, size: int, start: int = 0, *, final: bool = False) -> list[Audio]:
    return [
        Audio(
            position=start + at,
            pcm=to_pcm(samples[at : at + size]),
            origin_ns=BEGAN_NS + samples_to_ns(start + at + len(samples[at : at + size])),
            final=final and at + size >= len(samples),
        )
        for at in range(0, len(samples), size)
    ]


@pytest.mark.parametrize("mode", MODES)
def test_each_block_comes_out_at_once_with_its_position_and_capture_time(mode: str) -> None:
    with stage(Echo, mode=mode) as echo:
        for block in blocks(TONE, 320):
            echo.send("audio", block)
            out = echo.expect("audio", Audio)
            assert (out.position, out.samples, out.origin_ns) == (
                block.position,
                320,
                block.origin_ns,
            )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [1, 100, 317, 480, 5_000])
def test_blocks_of_any_length_lose_and_double_nothing(mode: str, size: int) -> None:
    with stage(Echo, mode=mode) as echo:
        echo.send("audio", *blocks(TONE[:6_000], size, final=True))
        out = list(echo.sent["audio"])
    ends = [block.position + block.samples for block in out]
    assert [block.position for block in out] == [0, *ends[:-1]]
    assert ends[-1] == 6_000
    assert [block.final for block in out] == [False] * (len(out) - 1) + [True]
    assert all(b.origin_ns == BEGAN_NS + samples_to_ns(b.position + b.samples) for b in out)


@pytest.mark.parametrize("mode", MODES)
def test_a_gap_in_the_microphone_stays_where_it_is(mode: str) -> None:
    sent = blocks(TONE[:1_000], 300) + blocks(TONE[:1_000], 300, start=5_000)
    with stage(Echo, mode=mode) as echo:
        echo.send("audio", *sent)
        heard = [at for b in echo.sent["audio"] for at in range(b.position, b.position + b.samples)]
    assert heard[:1_000] == list(range(1_000))
    assert heard[1_000:] == list(range(5_000, 5_000 + len(heard) - 1_000))


def test_a_successor_sends_nothing_twice() -> None:
    sent = blocks(np.tile(TONE, 2), 320)
    with stage(Echo) as first:
        first.send("audio", *sent[:60])
        first.actor.measure()
        checkpoint = json.loads(json.dumps(first.actor.checkpoint))
    with stage(Echo, checkpoint=checkpoint) as second:
        second.send("audio", *sent)
        positions = [block.position for block in second.sent["audio"]]
        assert second.actor.counters["repeated_samples"] == 60 * 320
    assert positions == [320 * index for index in range(60, 100)]


def test_the_checkpoint_changes_once_a_second() -> None:
    with stage(Echo) as echo:
        changes = []
        for block in blocks(np.tile(TONE, 4), 320):
            echo.send("audio", block)
            echo.actor.measure()
            changes.append(echo.actor.checkpoint["next"]["local"][1])
    assert len(set(changes)) == 5


def test_what_was_retained_in_long_blocks_is_sent_on_in_short_ones_from_where_it_stopped() -> None:
    with stage(Echo) as first:
        first.send("audio", *blocks(np.tile(TONE, 2)[:19_200], 320))
        first.actor.measure()
        checkpoint = json.loads(json.dumps(first.actor.checkpoint))
    with stage(Echo, checkpoint=checkpoint) as second:
        second.send("audio", *blocks(np.tile(TONE, 2), 8_000))
        out = list(second.sent["audio"])
        assert second.actor.counters["repeated_samples"] == 19_200
    assert [(b.position, b.samples) for b in out] == [
        (at, 320) for at in range(19_200, 32_000, 320)
    ]
    assert all(b.origin_ns == BEGAN_NS + samples_to_ns(b.position + b.samples) for b in out)


def test_sessions_have_an_echo_of_their_own() -> None:
    frames = Room().frames(robot_talk(4), quiet(4))
    blocks = [frame for port, frame in frames if port == "audio"]
    caller = [("audio", b.model_copy(update={"session": "caller-7"})) for b in blocks]
    out, _ = cleaned(frames + caller)
    ours = joined([b for b in out if b.session == "local"])
    theirs = joined([b for b in out if b.session == "caller-7"])
    assert level_db(theirs) - level_db(ours) > 20
    assert level_db(theirs) == pytest.approx(level_db(joined(blocks)), abs=2)


def test_a_wrong_rate_is_refused_with_advice() -> None:
    with stage(Echo) as echo:
        echo.send("audio", Audio(position=0, rate_hz=48_000, pcm=bytes(1_920)))
        assert echo.actor.state is ActorState.DEGRADED
        assert "48000 Hz and takes 16000: set the rate" in echo.actor.detail
        assert not echo.sent["audio"]
        echo.send("audio", Audio(position=0, pcm=bytes(640), final=True))
        assert echo.expect("audio", Audio).pcm == bytes(640)


def test_a_session_that_has_ended_leaves_nothing_behind() -> None:
    with stage(Echo) as echo:
        for number in range(20):
            name = f"caller-{number}"
            echo.open(name)
            block = Audio(session=name, position=0, pcm=bytes(640))
            echo.send("audio", block, block.model_copy(update={"position": 320, "final": True}))
            echo.end(name)
        assert list(echo.actor.checkpoint["next"]) == ["local"]
        assert list(echo.actor.sessions) == ["local"]


def test_a_caller_at_another_rate_ends_only_its_own_session() -> None:
    with stage(Echo) as echo:
        echo.open("slow")
        echo.send("audio", Audio(session="slow", position=0, rate_hz=8_000, pcm=bytes(320)))
        assert "8000 Hz" in echo.expect("sessions", SessionEnded).detail
        echo.send("audio", Audio(position=0, pcm=bytes(640)))
        assert echo.expect("audio", Audio).session == "local"
