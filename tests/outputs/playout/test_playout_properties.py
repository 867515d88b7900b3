"""Whatever comes, in whatever pieces, whenever: what must hold of playback."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from playing import Device, audio, ended, ramp, route, speech, voice

from actors.outputs.playout.playout import FADE_SAMPLES, Playout
from pipeline.frames import AnswerEnd, PlaybackState

CLOSING = (PlaybackState.FINISHED, PlaybackState.INTERRUPTED)
SIZES = st.lists(st.integers(1, 2_000), min_size=1, max_size=20)


@given(pushes=SIZES, renders=SIZES, resend=st.integers(0, 500), prebuffer_ms=st.integers(0, 100))
def test_samples_heard_are_those_pushed_in_order_and_once(
    pushes: list[int], renders: list[int], resend: int, prebuffer_ms: int
) -> None:
    whole = ramp(sum(pushes))
    device = Device(Playout(prebuffer_ms=prebuffer_ms))
    position = 0
    for index, count in enumerate(pushes):
        first = max(0, position - resend)
        device.playout.push(audio(whole[first : position + count], first))
        position += count
        device.play(renders[index % len(renders)], block=renders[-1])
    device.playout.end(ended(len(whole)))
    device.play(len(whole) + 1, block=renders[0])
    heard = np.concatenate(device.heard)
    assert np.array_equal(heard[heard != 0], whole)
    assert device.states()[-1] == (PlaybackState.FINISHED, len(whole))
    assert device.playout.buffered_ms == 0


@given(st.integers(1, 5_000), st.lists(st.integers(1, 700), min_size=1), st.integers(0, 5_000))
def test_stop_is_final_and_within_the_fade(length: int, renders: list[int], more: int) -> None:
    device = Device(Playout(prebuffer_ms=0))
    device.playout.push(audio(ramp(length)))
    for count in renders:
        device.play(count, block=count)
    device.playout.stop(speech(200))
    device.playout.push(audio(ramp(more), length))
    device.playout.end(ended(length + more))
    after = device.play(FADE_SAMPLES + 1_000)
    assert not after[FADE_SAMPLES:].any()
    heard_before = min(sum(renders), length)
    state, played = device.states()[-1]
    assert state is PlaybackState.INTERRUPTED
    assert played == min(heard_before + FADE_SAMPLES, length)


TURNS = st.sampled_from(["local:100", "local:200", "local:300"])
EPOCHS = st.integers(1, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), TURNS, EPOCHS, st.integers(0, 1_500)),
        st.tuples(st.just("end"), TURNS, EPOCHS, st.sampled_from(AnswerEnd)),
        st.tuples(st.just("play"), st.integers(1, 2_000), st.none(), st.none()),
        st.tuples(st.just("stop"), st.sampled_from([100, 150, 250, 350]), st.none(), st.none()),
        st.tuples(st.just("pause"), st.sampled_from([150, 250, 350]), st.none(), st.none()),
        st.tuples(st.just("resume"), st.none(), st.none(), st.none()),
        st.tuples(st.just("route"), EPOCHS, st.none(), st.none()),
    ),
    max_size=60,
)


@given(STEPS)
def test_every_answer_closes_once_and_is_never_heard_beyond_what_came(steps: list[tuple]) -> None:
    device = Device(Playout(prebuffer_ms=20))
    pushed: dict[tuple[str, int], int] = defaultdict(int)
    for what, a, b, c in steps:
        if what == "push":
            device.playout.push(audio(ramp(c), pushed[a, b], turn=a, epoch=b, backend=f"b{b}"))
            pushed[a, b] += c
        elif what == "end":
            device.playout.end(ended(pushed[a, b], c, turn=a, epoch=b, backend=f"b{b}"))
        elif what == "play":
            device.play(a, block=240)
        elif what == "stop":
            device.playout.stop(speech(a))
        elif what == "pause":
            device.playout.pause(voice(a))
        elif what == "resume":
            device.playout.resume()
        else:
            device.playout.route(route(a))
    device.playout.resume()
    for turn, epoch in list(pushed):
        device.playout.end(ended(pushed[turn, epoch], turn=turn, epoch=epoch))
    device.play(sum(pushed.values()) + FADE_SAMPLES + 1, block=480)

    closed = Counter((e.turn, e.epoch) for e in device.events if e.state in CLOSING)
    started = Counter((e.turn, e.epoch) for e in device.events if e.state is PlaybackState.STARTED)
    assert all(count == 1 for count in (closed | started).values())
    assert started.keys() <= closed.keys()
    played: dict[tuple[str, int], int] = {}
    for event in device.events:
        key = (event.turn, event.epoch)
        assert played.get(key, 0) <= event.played_samples <= pushed[key]
        played[key] = event.played_samples
    assert device.playout.buffered_ms == 0
