"""The end of a turn by more than silence: `end_of_turn: smart`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from recorded_speech import frames, noise, padded, quiet, recording

from actors.hearing.vad import Vad, VadOptions, completeness
from actors.hearing.vad.endpointing import (
    Endpointing,
    EndpointingLimits,
    Moment,
    PauseStage,
    SpeechState,
    TurnEnded,
    TurnStarted,
    decide,
    pause_stage,
    step,
)
from actors.hearing.vad.pauses import PauseLimits
from actors.hearing.vad.recent_sound import KEPT_SAMPLES, RecentSound
from actors.hearing.vad.smart_turn.network import SmartTurn
from actors.lib.audio.pcm import Samples
from pipeline.frames import EndReason, SpeechEnded, SpeechStarted
from pipeline.testing import ActorHarness, stage

LIMITS = EndpointingLimits(
    window=100,
    enter=0.5,
    leave=0.3,
    pre_roll=0,
    min_speech=200,
    silence=600,
    hangover=200,
    max_turn=5000,
    min_interruption=400,
    pauses=PauseLimits(ask=200, complete=400, incomplete=1000, surely=0.9, hardly=0.5),
)
FORWARD_TEN = 23_181
"""Sample of goforward.wav between "go forward ten" and "meters"."""


def hear(sound: str, verdict: float | None, *, over_answer: bool = False) -> list[Moment]:
    """Let `#` be speech and anything else silence; every pause is judged the same."""
    state = Endpointing(SpeechState.SILENCE, 0, earliest=0)
    moments: list[Moment] = []
    for character in sound:
        probability = 0.9 if character == "#" else 0.1
        state, new = step(state, probability, LIMITS, over_answer=over_answer)
        moments += new
        if pause_stage(state, LIMITS) is PauseStage.WAIT:
            state, new = decide(state, verdict, LIMITS)
            moments += new
    return moments


def ended(end: int, voiced_end: int) -> TurnEnded:
    return TurnEnded(0, end, voiced_end, EndReason.SILENCE)


@pytest.mark.parametrize(
    ("sound", "verdict", "expected"),
    [
        ("####....", 0.95, [TurnStarted(0), ended(600, 400)]),
        ("####...", 0.95, [TurnStarted(0)]),
        ("####.........", 0.2, [TurnStarted(0)]),
        ("####..........", 0.2, [TurnStarted(0), ended(600, 400)]),
        ("####......", 0.6, [TurnStarted(0)]),
        ("####.......", 0.6, [TurnStarted(0), ended(600, 400)]),
        ("####.....", None, [TurnStarted(0)]),
        ("####......", None, [TurnStarted(0), ended(600, 400)]),
        ("####.........##....", 0.2, [TurnStarted(0)]),
        # Each pause is judged by itself.
        ("####...####....", 0.95, [TurnStarted(0), ended(1300, 1100)]),
    ],
)
def test_the_wait_is_as_long_as_the_verdict_says(
    sound: str, verdict: float | None, expected: list[Moment]
) -> None:
    assert hear(sound, verdict) == expected


def test_nobody_asks_what_a_cough_means() -> None:
    moments = hear("##......", 0.2, over_answer=True)
    assert len(moments) == 2


def test_sound_that_comes_again_is_kept_once_and_old_sound_goes() -> None:
    sound, heard = np.arange(20_000, dtype=np.int16), RecentSound()
    heard.append(100, sound[:8000])
    heard.append(4100, sound[4000:12_000])
    heard.append(100, sound[:8000])
    assert (heard.between(100, 12_100) == sound[:12_000]).all()
    assert heard.between(12_000, 12_200)[100:].tolist() == [0] * 100
    for at in range(12_100, 12_100 + KEPT_SAMPLES + 8000, 8000):
        heard.append(at, np.ones(8000, np.int16))
    assert not heard.between(100, 12_100).any()


@pytest.fixture(scope="module")
def network() -> SmartTurn:
    return SmartTurn()


@pytest.mark.parametrize("name", ["cards-001.wav", "cards-003.wav", "goforward.wav"])
def test_a_whole_command_sounds_complete(network: SmartTurn, name: str) -> None:
    assert network.probability(recording(name)) > 0.95


@pytest.mark.parametrize(("name", "cut_s"), [("austen-0870", 1.85), ("numbers", 1.9)])
def test_a_sentence_that_is_cut_off_sounds_so(network: SmartTurn, name: str, cut_s: float) -> None:
    cut = recording(f"{name}.wav")[: round(cut_s * 16_000)]
    assert network.probability(cut) < 0.1


def test_only_the_last_eight_seconds_count(network: SmartTurn) -> None:
    sound = np.concatenate([noise(9, level=900), recording("austen-0870.wav"), quiet(2)])
    assert network.probability(sound) == network.probability(sound[-128_000:])


# The actor.


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is busy with other things verdicts are late."""
    monkeypatch.setattr(completeness, "PATIENCE_S", 60.0)


def turns(vad: ActorHarness[VadOptions], count: int) -> list[tuple[int, int]]:
    found = []
    for _ in range(count):
        started = vad.expect("speech", SpeechStarted)
        found.append((started.position, vad.expect("speech", SpeechEnded).position))
    vad.settle()
    vad.expect_nothing("speech")
    return found


def paused(name: str, cut: int, pause_s: float) -> Samples:
    sound = recording(name)
    parts = [noise(0.5), sound[:cut], quiet(pause_s), sound[cut:], noise(2)]
    return np.concatenate(parts)


def test_a_command_with_a_pause_in_it_is_one_turn() -> None:
    command = recording("goforward.wav")
    parts = [command[:FORWARD_TEN], quiet(0.8), command[FORWARD_TEN:], quiet(2)]
    sound = np.concatenate(parts)
    with stage(Vad) as vad:
        vad.send("audio", *frames(sound))
        turns(vad, 2)
    with stage(Vad, end_of_turn="smart") as vad:
        vad.send("audio", *frames(sound))
        [(_, end)] = turns(vad, 1)
    assert end / 16_000 == pytest.approx(2.11 + 0.8 + 0.2, abs=0.3)


@pytest.mark.parametrize("pause_s", [0.7, 1.3])
def test_a_pause_in_a_sentence_is_waited_for(pause_s: float) -> None:
    sound = paused("austen-0870.wav", 29_300, pause_s)
    with stage(Vad, end_of_turn="silence") as vad:
        vad.send("audio", *frames(sound))
        turns(vad, 2)
    with stage(Vad, end_of_turn="smart") as vad:
        vad.send("audio", *frames(sound))
        turns(vad, 1)


def decided_after(vad: ActorHarness[VadOptions], sound: Samples) -> int:
    """Send sound block by block; return the samples that had been sent when the turn ended."""
    for block in frames(sound):
        vad.send("audio", block)
        vad.until(lambda: vad.actor.sessions["local"].held is None, "verdict")
        if any(isinstance(frame, SpeechEnded) for frame in vad.sent["speech"]):
            return block.position + block.samples
    raise AssertionError("the turn did not end")


def test_a_complete_sentence_ends_the_turn_sooner_and_any_by_the_limit() -> None:
    command = np.concatenate([quiet(0.5), recording("cards-003.wav"), quiet(2)])
    cut = np.concatenate([noise(0.5), recording("austen-0870.wav")[:29_300], quiet(2)])
    with stage(Vad, end_of_turn="silence") as vad:
        silence = decided_after(vad, command)
    with stage(Vad, end_of_turn="smart") as vad:
        assert silence - decided_after(vad, command) == pytest.approx(3200, abs=700)
    with stage(Vad, end_of_turn="silence") as vad:
        silence = decided_after(vad, cut)
    with stage(Vad, end_of_turn="smart") as vad:
        assert decided_after(vad, cut) - silence == pytest.approx(14_400, abs=700)


@pytest.fixture
def verdict(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The network says that every sentence is complete, once this is set."""
    given = threading.Event()

    def probability(_network: SmartTurn, _sound: Samples) -> float:
        given.wait()
        return 1.0

    monkeypatch.setattr(SmartTurn, "probability", probability)
    yield given
    given.set()


ONE = padded("cards-001.wav")


def test_sessions_do_not_wait_for_the_verdict_on_another(verdict: threading.Event) -> None:
    with stage(Vad, end_of_turn="smart") as vad:
        for name in ("one", "two"):
            vad.open(name)
        vad.send("audio", *frames(ONE, session="one"))
        vad.until(lambda: vad.actor.sessions["one"].held is not None, "question")
        vad.send("audio", *frames(ONE[:26_000], session="two"))
        assert [vad.expect("speech", SpeechStarted).session for _ in range(2)] == ["one", "two"]
        verdict.set()
        assert vad.expect("speech", SpeechEnded).session == "one"


def test_who_goes_on_before_the_verdict_is_heard_at_once(verdict: threading.Event) -> None:
    word = recording("cards-001.wav")[2500:15_500]
    # Longer than it takes to ask, and shorter than the pause that a verdict can end.
    sound = np.concatenate([quiet(0.5), word, quiet(0.25), word, quiet(0.2)])
    with stage(Vad, end_of_turn="smart", max_turn_s=1.5) as vad:
        vad.send("audio", *frames(sound))
        # Its end is that of the longest turn: in the second word, so that was listened to.
        vad.expect("speech", SpeechStarted)
        assert vad.expect("speech", SpeechEnded).reason is EndReason.MAX_LENGTH


def test_a_session_that_ends_meanwhile_gets_no_verdict(verdict: threading.Event) -> None:
    with stage(Vad, end_of_turn="smart") as vad:
        vad.open("one")
        vad.send("audio", *frames(ONE, session="one"))
        vad.until(lambda: vad.actor.sessions["one"].held is not None, "question")
        vad.end("one")
        verdict.set()
        vad.until(lambda: vad.actor.counters["pauses_judged"] == 1, "verdict")
        vad.expect("speech", SpeechStarted)
        vad.expect_nothing("speech")


def test_a_verdict_that_does_not_come_is_not_waited_for(
    verdict: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completeness, "PATIENCE_S", 0.01)
    with stage(Vad) as vad:
        vad.send("audio", *frames(ONE))
        silence = turns(vad, 1)
    with stage(Vad, end_of_turn="smart") as vad:
        vad.send("audio", *frames(ONE))
        assert turns(vad, 1) == silence
        assert vad.actor.counters["pauses_judged_late"] == 1
        verdict.set()


def test_without_a_network_that_works_silence_ends_the_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def probability(_network: SmartTurn, _sound: Samples) -> float:
        raise MemoryError("no room for a matrix")

    monkeypatch.setattr(SmartTurn, "probability", probability)
    with stage(Vad, end_of_turn="smart") as vad:
        vad.send("audio", *frames(padded("cards-001.wav", 2)), *frames(ONE, start=100_000))
        turns(vad, 2)
        assert vad.actor.counters["pauses_not_judged"] == 2


PAUSED = paused("austen-0870.wav", 29_300, 1.2)


@pytest.mark.parametrize("killed_at_s", [2.3, 2.5, 2.65, 2.8, 3.0, 3.3, 3.6, 9.5, 9.7])
def test_a_vad_killed_in_a_pause_decides_as_if_it_had_not_been(
    killed_at_s: float, tmp_path: Path
) -> None:
    blocks = frames(PAUSED, final=True)
    with stage(Vad, end_of_turn="smart") as vad:
        vad.send("audio", *blocks)
        whole = turns(vad, 1)
    killed = round(killed_at_s * 50)
    with stage(Vad, end_of_turn="smart", folder=tmp_path) as vad:
        vad.send("audio", *blocks[:killed])
        said = [frame.position for frame in vad.sent["speech"]]
    with stage(Vad, end_of_turn="smart", folder=tmp_path) as vad:
        # In pieces of half a second, as a replay comes.
        again = frames(PAUSED, lengths=[8000] * (killed // 25), final=True)
        vad.send("audio", *again)
        vad.until(lambda: vad.actor.sessions["local"].stream.ended, "end of the stream")
        said += [f.position for f in vad.sent["speech"] if f.position not in said]
    assert said == list(whole[0])


@pytest.mark.parametrize(
    "options",
    [{"complete_ms": 300, "hangover_ms": 350}, {"complete_ms": 2000}, {"complete_ms": 50}],
)
def test_waits_that_contradict_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        VadOptions.model_validate({"end_of_turn": "smart"} | options)
