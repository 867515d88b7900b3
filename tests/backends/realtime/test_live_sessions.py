"""Many sessions in one actor: each has its own connection, turns, memory and end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from live_server import KEY, Talker, ready, simulator, sound, staged, stored_in

from actors.backends.gemini.live.actor import Live
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.service import ADMITTED_EVERY_S, LiveService
from actors.backends.realtime.events import HandleIssued, Said
from pipeline.frames import (
    ActorState,
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    Route,
    Side,
    UserText,
)
from pipeline.surroundings import Surroundings

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
        assert sorted(server.stt.heard) == sorted(sound(0, t.position) for t in talkers.values())
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


def test_a_session_is_connected_when_it_is_opened_and_nobody_else_is(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        live.send("text", UserText(session="nobody", turn="nobody:t1", text="hello"))
        live.open("caller")
        assert ready(live).session == "caller", "before the first word"
        assert live.actor.counters["connects"] == 2
        assert len(server.journal.sessions) == 2
        live.expect_nothing("answer")


def test_a_session_that_ended_is_let_go_of_and_one_of_its_name_is_new(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        caller = Talker(live, "caller")
        turn = caller.say()
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        live.until(lambda: stored_in(live, "caller", "handle"), "a handle")
        live.end("caller")
        assert live.actor.gauges["connected"] == 1
        kept = [stored_in(live, "caller", key) for key in ("turns", "history", "handle")]
        assert kept == [None, None, None]
        live.until(lambda: server.journal.sessions[1].close is not None, "the end of the socket")
        assert Talker(live, "caller").say() == turn, "of the same name"
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)
        fresh = server.journal.sessions[2]
        assert (fresh.resumed_from, fresh.history) == ("", [])


def test_what_the_service_says_to_a_session_that_has_ended_leaves_nothing(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        live.open("anna")
        anna = live.actor.sessions["anna"]
        live.until(lambda: anna._connection.link is not None, "a connection")
        heard = anna._on_event
        live.end("anna")
        # It comes with the same look at the sockets that brought the end.
        heard(HandleIssued("late"))
        heard(Said(Side.USER, "who is there"))
        assert stored_in(live, "anna", "handle") is None
        assert stored_in(live, "anna", "turns") is None
        assert anna._deadline._timer is None
        live.expect_nothing("transcript")


def test_a_session_that_ends_in_mid_answer_says_no_more(tmp_path: Path) -> None:
    with simulator(tmp_path, HELD_UP) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        Talker(live, "caller").say()
        live.expect("audio", AnswerAudio)
        live.end("caller")
        live.sent["audio"].clear()
        live.until(lambda: server.journal.sessions[1].close is not None, "the end of the socket")
        live.expect_nothing("audio")
        live.expect_nothing("answer")


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


def test_where_only_callers_are_expected_the_own_session_is_connected_once_something_is_asked(
    tmp_path: Path,
) -> None:
    with (
        simulator(tmp_path) as server,
        staged(tmp_path, callers_only=True, **server.address) as live,
    ):
        assert (ready(live).session, live.actor.state) == ("local", ActorState.READY)
        live.open("anna")
        assert ready(live).session == "anna"
        assert len(server.journal.sessions) == 1
        # Nobody is left, and the next caller is welcome all the same.
        live.end("anna")
        assert (live.actor.state, live.actor.gauges["connected"]) == (ActorState.READY, 0)
        live.send("text", UserText(session="local", turn="local:t1", text="hello"))
        assert live.expect("answer", AnswerEnded).session == "local"
        assert len(server.journal.sessions) == 2


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
        live = Live(LiveOptions(), surroundings)
        service = LiveService(LiveOptions(), live)
        await service.admission()
        assert not waits_s
        for _ in range(4):
            await service.admission()
        await live.stop()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(asyncio.BaseEventLoop, "time", lambda _loop: 7.0)
    asyncio.run(admit())
    assert waits_s == pytest.approx([number * ADMITTED_EVERY_S for number in (1, 2, 3, 4)])
