"""The actor over the real SDK against the simulator: what breaks in mid-session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from live_server import JPEG, KEY, Talker, ready, simulator, sound, staged, stored_in

from actors.simulator.journal import SessionRecord
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    Fault,
    FaultClass,
    Image,
    ToolCall,
    ToolOffer,
    ToolResult,
    ToolStatus,
)

FAST = {"connect": {"first_s": 0.02, "max_s": 0.1}, "setup_timeout_s": 3.0, "close_timeout_s": 0.2}
SOUND_S = 1.0
"""Of waiting for a first sound in vain; on a busy machine one that comes takes a while."""


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)


def unavailable(status: BackendStatus) -> bool:
    return status.state is BackendState.UNAVAILABLE


def test_f01_quota_in_mid_speech_fails_the_turn_and_rests(tmp_path: Path) -> None:
    rule = {"when": {"audio_ms": 500}, "do": ["quota"]}
    with simulator(tmp_path, rule) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        turn = Talker(live).say()
        fault = live.expect("faults", Fault)
        assert (fault.fault, fault.code) == (FaultClass.QUOTA, 1011)
        status = live.expect("status", BackendStatus, unavailable)
        assert status.retry_after_s is not None
        assert status.retry_after_s >= 60
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.FAILED)


@pytest.mark.parametrize("resumption", [True, False])
def test_f03_cut_in_mid_speech_loses_no_sample(tmp_path: Path, resumption: bool) -> None:
    rule = {"when": {"audio_ms": 1500}, "times": 1, "session": 1, "do": ["cut"]}
    options: dict[str, Any] = {**FAST, "resumption": resumption}
    with (
        simulator(tmp_path, rule) as server,
        staged(tmp_path, **server.address, **options) as live,
    ):
        ready(live)
        talker = Talker(live)
        talker.say(8000)
        live.expect("answer", AnswerEnded)
        at = talker.position
        talker.blocks(at + 4800)
        turn = talker.start()
        talker.blocks(talker.position + 24_000)
        assert live.expect("faults", Fault).fault is FaultClass.NETWORK
        talker.blocks(talker.position + 8000)
        talker.end(turn)
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)
        assert server.stt.heard[1:] == [sound(at, talker.position)]
        assert bool(server.journal.sessions[1].resumed_from) is resumption


def test_f03_network_that_swallows_everything_is_noticed_by_the_watchdog(tmp_path: Path) -> None:
    rule = {"when": {"audio_ms": 500}, "session": 1, "do": ["vanish"]}
    options: dict[str, Any] = {**FAST, "first_sound_timeout_s": SOUND_S}
    with (
        simulator(tmp_path, rule) as server,
        staged(tmp_path, **server.address, **options) as live,
    ):
        ready(live)
        talker = Talker(live)
        turn = talker.say()
        assert live.expect("faults", Fault).fault is FaultClass.FROZEN
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)
        assert server.stt.heard == [sound(0, talker.position)]


FRAMES = [
    ({"garbage": "binary"}, True),
    ({"garbage": "text"}, True),
    ({"garbage": "json"}, True),
    ({"error_frame": {}}, True),
    ({"error_frame": {"flat": True}}, True),
    ("unknown_frame", False),
]


@pytest.mark.parametrize(("action", "breaks"), FRAMES)
def test_f06_odd_frame_in_mid_session_never_costs_the_turn(
    tmp_path: Path, action: object, breaks: bool
) -> None:
    rule = {"when": {"audio_ms": 500}, "session": 1, "do": [action]}
    with simulator(tmp_path, rule) as server, staged(tmp_path, **server.address, **FAST) as live:
        ready(live)
        talker = Talker(live)
        turn = talker.say()
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)
        assert len(live.sent["faults"]) == breaks
        assert live.actor.counters["unknown_frames"] == (not breaks)
        assert server.stt.heard[-1] == sound(0, talker.position)


@pytest.mark.parametrize("then", ["quiet", "close"])
def test_f07_goaway_moves_the_session_between_turns(tmp_path: Path, then: str) -> None:
    rule = {
        "when": {"after_s": 0.3},
        "session": 1,
        "do": [{"goaway": {"time_left_s": 30, "then": then}}],
    }
    with simulator(tmp_path, rule) as server, staged(tmp_path, **server.address, **FAST) as live:
        ready(live)
        talker = Talker(live)
        talker.say()
        live.expect("answer", AnswerEnded)
        ready(live)
        turn = talker.say()
        assert live.expect("answer", AnswerEnded).turn == turn
        # By now the server has read what it was told first.
        second = server.journal.sessions[1]
        # A server that has gone quiet sends no handle for what was just said: it is told anew.
        assert bool(second.resumed_from) is (then == "close")
        assert bool(second.history) is (then == "quiet")
        live.expect_nothing("faults")


def test_session_that_lasted_as_long_as_it_may_is_begun_anew_with_all_that_was_said(
    tmp_path: Path,
) -> None:
    limits = {"audio_session_s": 1.5, "playback_speed": 20}
    with (
        simulator(tmp_path, **limits) as server,
        staged(tmp_path, **server.address, **FAST, compression=None) as live,
    ):
        ready(live)
        talker = Talker(live)
        talker.say()
        live.expect("answer", AnswerEnded)
        # The handle is good until the session is over: with it there is none to be had any more.
        anew: list[SessionRecord] = []
        while not anew:
            ready(live)
            anew = [
                session
                for session in list(server.journal.sessions)[1:]
                if not session.setup["sessionResumption"].get("handle")
            ]
        turn = talker.say()
        assert live.expect("answer", AnswerEnded).turn == turn
        assert anew[0].history
        # Moved once when it was announced, and once when it was over.
        assert len(server.journal.sessions) <= 4


def test_session_with_pictures_goes_on_for_ever_by_default(tmp_path: Path) -> None:
    limits = {"audio_session_s": 1.0, "video_session_s": 0.5, "playback_speed": 20}
    ports = {"audio", "speech", "video"}
    with (
        simulator(tmp_path, **limits) as server,
        staged(tmp_path, ports, **server.address, **FAST) as live,
    ):
        ready(live)
        live.send("video", Image(jpeg=JPEG, width=16, height=8))
        talker = Talker(live)
        while server.journal.now_s() < 3.0:
            talker.say()
            assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        (session,) = server.journal.sessions
        assert session.video.frames == 1
        assert live.actor.counters["goaways"] == 0


def test_f07_goaway_in_mid_speech_is_obeyed_in_time_and_the_turn_sent_again(
    tmp_path: Path,
) -> None:
    rule = {
        "when": {"audio_ms": 500},
        "session": 1,
        "do": [{"goaway": {"time_left_s": 0.4, "then": "quiet"}}],
    }
    with simulator(tmp_path, rule) as server, staged(tmp_path, **server.address, **FAST) as live:
        ready(live)
        talker = Talker(live)
        talker.blocks(4800)
        turn = talker.start()
        talker.blocks(16_000)
        ready(live)
        talker.blocks(24_000)
        talker.end(turn)
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        assert server.stt.heard == [sound(0, talker.position)]
        live.expect_nothing("faults")


def test_f08_rejected_handle_is_dropped_and_the_history_told_anew(tmp_path: Path) -> None:
    rules = [
        {"when": {"turn": 1}, "session": 1, "do": [{"say": "Good morning."}]},
        {"when": {"turn": 2}, "session": 1, "do": ["cut"]},
        {"when": "setup", "session": 2, "do": [{"reject_resume": {}}]},
    ]
    with simulator(tmp_path, *rules) as server, staged(tmp_path, **server.address, **FAST) as live:
        ready(live)
        talker = Talker(live)
        talker.say()
        live.expect("answer", AnswerEnded)
        turn = talker.say()
        faults = [live.expect("faults", Fault).fault for _ in range(2)]
        assert faults == [FaultClass.NETWORK, FaultClass.HANDLE]
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)
        fresh = server.journal.sessions[2]
        assert not fresh.resumed_from
        assert fresh.history == [{"role": "model", "text": "Good morning."}]


def test_f09_silent_freeze_is_met_with_a_new_connection(tmp_path: Path) -> None:
    rule = {"when": {"turn": 1}, "session": 1, "do": ["stall"]}
    options: dict[str, Any] = {**FAST, "first_sound_timeout_s": SOUND_S}
    with (
        simulator(tmp_path, rule) as server,
        staged(tmp_path, **server.address, **options) as live,
    ):
        ready(live)
        turn = Talker(live).say()
        assert live.expect("faults", Fault).fault is FaultClass.FROZEN
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)


ENDINGS = [
    ("empty_turn", AnswerEnd.EMPTY),
    ("early_turn_complete", AnswerEnd.COMPLETE),
    ("generation_complete_only", AnswerEnd.COMPLETE),
    ("no_usage", AnswerEnd.COMPLETE),
]


@pytest.mark.parametrize(("action", "expected"), ENDINGS)
def test_f10_every_way_a_turn_ends_is_an_end(
    tmp_path: Path, action: str, expected: AnswerEnd
) -> None:
    rule = {"when": {"turn": 1}, "do": [action]}
    with simulator(tmp_path, rule) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        Talker(live).say()
        assert live.expect("answer", AnswerEnded).end is expected


def test_f15_call_is_carried_out_once_when_the_connection_breaks_while_it_runs(
    tmp_path: Path,
) -> None:
    call = {"call": {"name": "move", "args": {"distance_m": 10}}}
    rules = [
        {"when": {"turn": 1}, "do": [call, {"say": "Moving."}]},
        {"when": "tool_call", "times": 1, "do": ["cut"]},
    ]
    ports = {"audio", "speech", "offer", "results"}
    with (
        simulator(tmp_path, *rules) as server,
        staged(tmp_path, ports, **server.address, **FAST) as live,
    ):
        live.send("offer", ToolOffer(tools=[{"name": "move", "description": "Drive."}]))
        ready(live)
        turn = Talker(live).say()
        first = live.expect("tool_calls", ToolCall)
        ready(live)
        live.until(lambda: live.actor.counters["calls_repeated"] == 1, "the call asked for again")
        result = ToolResult(
            turn=turn, call_id=first.call_id, name="move", status=ToolStatus.OK, response={"ok": 1}
        )
        live.send("results", result)
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        live.expect_nothing("tool_calls")
        outcomes = [[c.outcome for c in s.tool_calls] for s in server.journal.sessions]
        assert outcomes == [["lost"], ["answered"]]


def test_f18_restarted_actor_resumes_and_answers_no_turn_twice(tmp_path: Path) -> None:
    stored = tmp_path / "live.sqlite3"
    with simulator(tmp_path) as server:
        with staged(tmp_path, **server.address) as live:
            ready(live)
            talker = Talker(live)
            first = talker.say()
            live.expect("answer", AnswerEnded)
            live.until(lambda: stored_in(live, "local", "handle"), "a handle")
        assert stored.stat().st_mode & 0o777 == 0o600
        with staged(tmp_path, **server.address) as live:
            replay = Talker(live)
            assert replay.say() == first
            second = replay.say()
            ended = live.expect("answer", AnswerEnded)
            assert (ended.turn, ended.end) == (second, AnswerEnd.COMPLETE)
            assert server.journal.sessions[1].resumed_from
            assert len(server.stt.heard) == 2


def test_half_answer_before_a_crash_is_closed_as_failed_after_it(tmp_path: Path) -> None:
    rule = {"when": {"turn": 1}, "do": [{"slow": 1.0}, {"say": "word " * 60}]}
    with simulator(tmp_path, rule) as server:
        with staged(tmp_path, **server.address) as live:
            ready(live)
            turn = Talker(live).say()
            live.expect("audio", AnswerAudio)
        with staged(tmp_path, **server.address) as live:
            ended = live.expect("answer", AnswerEnded)
            assert (ended.turn, ended.end) == (turn, AnswerEnd.FAILED)


@pytest.mark.parametrize("action", [None, "no_setup_reply", "stall", "vanish"])
def test_leaving_at_any_moment_leaves_no_socket(tmp_path: Path, action: str | None) -> None:
    when = "setup" if action == "no_setup_reply" else {"audio_ms": 100}
    rules = [{"when": when, "do": [action]}] if action else []
    with simulator(tmp_path, *rules) as server:
        with staged(tmp_path, **server.address, **FAST) as live:
            if action == "no_setup_reply":
                live.until(lambda: bool(server.journal.sessions), "a session")
            else:
                ready(live)
                Talker(live).say(1600)
        # What was lost on the way hides our leaving from the server.
        if action != "vanish":
            server.wait_until_left()
