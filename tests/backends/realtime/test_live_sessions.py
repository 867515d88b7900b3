"""Many sessions in one actor: each has its own connection, turns, memory and end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from live_server import KEY, Talker, ready, simulator, sound, staged, stored_in

import actors.backends.realtime.actor as live_actor
from actors.backends.gemini.live.actor import Live
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.service import ADMITTED_EVERY_S, LiveService
from pipeline.actor import Surroundings
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Audio,
    BackendState,
    BackendStatus,
    Route,
    UserText,
)

HELD_UP = {"when": {"turn": 1}, "do": [{"slow": 1.0}, {"say": "word " * 60}]}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)


def test_each_session_is_answered_in_its_own_name_over_its_own_connection(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        talkers = {name: Talker(live, name) for name in ("anna", "bert", "local")}
        turns = {}
        for name, talker in talkers.items():
            talker.blocks(4800)
            turns[name] = talker.start()
        for _ in range(50):
            for talker in talkers.values():
                talker.blocks(talker.position + 320)
        for name, talker in talkers.items():
            talker.blocks(talker.position + 320 * len(name))
            talker.end(turns[name])
        ended = [live.expect("answer", AnswerEnded) for _ in talkers]
        assert {(e.session, e.turn, e.end) for e in ended} == {
            (name, turn, AnswerEnd.COMPLETE) for name, turn in turns.items()
        }
        assert all(f.turn == turns[f.session] for f in live.sent["audio"])  # type: ignore[attr-defined]
        assert sorted(server.ears.heard) == sorted(sound(0, t.position) for t in talkers.values())
        assert len(server.journal.sessions) == 3
        assert live.actor.gauges["connected"] == 3


def test_a_session_may_begin_with_a_typed_line(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        live.open("web/1")
        live.send("text", UserText(session="web/1", turn="web/1:t1", text="hello"))
        ended = live.expect("answer", AnswerEnded)
        assert (ended.session, ended.turn, ended.end) == ("web/1", "web/1:t1", AnswerEnd.COMPLETE)
        assert stored_in(live, "web/1", "history")


def test_the_break_of_one_connection_leaves_the_others_alone(tmp_path: Path) -> None:
    broken = {"when": {"heard": "break"}, "do": [{"close": {"code": 1011, "reason": "internal"}}]}
    with simulator(tmp_path, broken) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        for name in ("anna", "bert"):
            live.open(name)
            live.send("text", UserText(session=name, turn=f"{name}:t1", text="hello"))
            live.expect("answer", AnswerEnded)
        live.send("text", UserText(session="anna", turn="anna:t2", text="break"))
        left = live.expect("status", BackendStatus, lambda f: f.state is BackendState.DEGRADED)
        assert left.session == "anna"
        assert live.actor.state.value == "ready", "the others can be answered"
        live.send("text", UserText(session="bert", turn="bert:t2", text="hello"))
        assert live.expect("answer", AnswerEnded, lambda f: f.turn == "bert:t2").samples


def test_a_session_that_ended_is_hung_up_and_then_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_actor, "SWEEP_S", 0.01)
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        caller = Talker(live, "caller")
        caller.say()
        live.send("audio", Audio(session="caller", position=caller.position, pcm=b"", final=True))
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE, "answered before"
        live.until(lambda: live.actor.gauges["connected"] == 1, "the end of the connection")
        # What is heard again after a restart of others opens nothing.
        Talker(live, "caller").say()
        live.until(lambda: live.actor.counters["turns_repeated"] == 1, "the turn of before")
        assert live.actor.counters["connects"] == 2
        assert live.actor.checkpoint["sessions"] == ["caller"]
        assert stored_in(live, "caller", "turns")
        monkeypatch.setattr(live_actor, "REMEMBER_ENDED_S", 0.0)
        live.until(lambda: live.actor.checkpoint["sessions"] == [], "oblivion")
        assert not stored_in(live, "caller", "turns")


def test_a_session_that_fell_silent_is_dropped_and_goes_on_where_it_was_if_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_actor, "SWEEP_S", 0.01)
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        live.open("web")
        live.send("text", UserText(session="web", turn="web:t1", text="hello"))
        live.expect("answer", AnswerEnded)
        live.until(lambda: stored_in(live, "web", "handle"), "a handle")
        with monkeypatch.context() as patch:
            patch.setattr(live_actor, "REMEMBER_SILENT_S", 0.0)
            live.until(lambda: live.actor.gauges["connected"] == 1, "the end of the connection")
        live.send("text", UserText(session="web", turn="web:t1", text="hello"))
        live.send("text", UserText(session="web", turn="web:t2", text="hello again"))
        assert live.expect("answer", AnswerEnded).turn == "web:t2", "the first is not answered anew"
        assert server.journal.sessions[-1].resumed_from


def test_a_restarted_process_takes_up_every_session_it_had(tmp_path: Path) -> None:
    with simulator(tmp_path, HELD_UP) as server:
        with staged(tmp_path, **server.address) as live:
            ready(live)
            turn = Talker(live, "anna").say()
            live.expect("audio", AnswerAudio)
            checkpoint = dict(live.actor.checkpoint)
        with staged(tmp_path, checkpoint=checkpoint, **server.address) as live:
            live.open("anna")
            cut_off = live.expect("answer", AnswerEnded)
            assert (cut_off.session, cut_off.turn, cut_off.end) == ("anna", turn, AnswerEnd.FAILED)
            connected = {ready(live).session, ready(live).session}
            assert connected == {"anna", "local"}


def test_a_route_that_came_before_the_session_holds_for_it(tmp_path: Path) -> None:
    ports = {"audio", "speech", "text", "route"}
    with simulator(tmp_path) as server, staged(tmp_path, ports, **server.address) as live:
        ready(live)
        live.open("a")
        live.open("b")
        live.send("route", Route(session="a", owner="http", epoch=2, reason="quota"))
        live.send("route", Route(session="b", owner="live", epoch=3, reason="quota"))
        for name in "ab":
            live.send("text", UserText(session=name, turn=f"{name}:t1", text="hello"))
        ended = live.expect("answer", AnswerEnded)
        assert (ended.session, ended.epoch) == ("b", 3)
        live.expect_nothing("answer")


def test_many_connect_one_after_the_other_and_one_alone_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    surroundings = Surroundings(
        name="live", runtime_dir=tmp_path, config_dir=tmp_path, state_dir=tmp_path, started_ns=1
    )
    waits_s: list[float] = []

    async def sleep(delay_s: float) -> None:
        waits_s.append(delay_s)

    async def admit() -> None:
        service = LiveService(LiveOptions(), Live(LiveOptions(), surroundings))
        await service.admission()
        assert not waits_s
        for _ in range(4):
            await service.admission()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(asyncio.BaseEventLoop, "time", lambda _loop: 7.0)
    asyncio.run(admit())
    assert waits_s == pytest.approx([number * ADMITTED_EVERY_S for number in (1, 2, 3, 4)])
