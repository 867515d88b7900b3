"""What other backends answered meanwhile reaches the session of Live when the route returns."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_server import KEY, Talker, ready, simulator, sound, staged, stored_in

from actors.backends.gemini.live.options import LiveOptions
from pipeline.frames import (
    AnswerEnd,
    AnswerEnded,
    Outcome,
    Playback,
    PlaybackState,
    Route,
    Side,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.testing import ActorHarness

PORTS = {"audio", "speech", "text", "transcript", "playback", "route", "turns"}
FIRST = [{"role": "user", "text": "one"}, {"role": "model", "text": "You said: one"}]
SECOND = [{"role": "user", "text": "two"}, {"role": "model", "text": "Two it is."}]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)


def route(live: ActorHarness[LiveOptions], owner: str, epoch: int) -> None:
    live.send("route", Route(owner=owner, epoch=epoch, reason="a test"))


def typed(live: ActorHarness[LiveOptions], text: str, epoch: int) -> None:
    """A typed turn that Live answers and the player plays."""
    turn = f"local:{text}"
    live.send("text", UserText(turn=turn, text=text))
    ended = live.expect("answer", AnswerEnded)
    assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)
    heard(live, turn, "live", epoch, PlaybackState.FINISHED, ended.samples)
    live.send("turns", TurnClosed(turn=turn, outcome=Outcome.ANSWERED, by="live", said=text))


def heard(
    live: ActorHarness[LiveOptions],
    turn: str,
    by: str,
    epoch: int,
    state: PlaybackState,
    samples: int,
) -> None:
    frame = Playback(
        turn=turn, backend=by, epoch=epoch, state=state, played_samples=samples, at_ns=1
    )
    live.send("playback", frame)


def answered_by_http(
    live: ActorHarness[LiveOptions], state: PlaybackState = PlaybackState.FINISHED
) -> TurnClosed:
    """Another backend answers "two" in two pieces of 24,000 samples each."""
    turn = "local:two"
    live.send("text", UserText(turn=turn, text="two"))
    for side, text, at in (
        (Side.USER, "two", 0),
        (Side.MODEL, "Two ", 0),
        (Side.MODEL, "it is.", 24_000),
    ):
        piece = Transcript(
            turn=turn, epoch=2, backend="http", side=side, text=text, audio_position=at
        )
        live.send("transcript", piece)
    finished = state is PlaybackState.FINISHED
    heard(live, turn, "http", 2, state, 48_000 if finished else 12_000)
    outcome = Outcome.ANSWERED if finished else Outcome.INTERRUPTED
    closed = TurnClosed(turn=turn, outcome=outcome, by="http", said="two", answer="Two it is.")
    live.send("turns", closed)
    return closed


def handle_kept(live: ActorHarness[LiveOptions]) -> None:
    """Wait until Live has the handle of after its turn, which may still be on its way."""
    live.until(lambda: stored_in(live, "local", "handle"), "a handle")


def test_session_is_renewed_and_told_what_another_backend_answered(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, PORTS, **server.address) as live:
        route(live, "live", 1)
        ready(live)
        typed(live, "one", 1)
        route(live, "http", 2)
        answered_by_http(live)
        route(live, "live", 3)
        ready(live)
        typed(live, "three", 3)
        before, after = server.journal.sessions
        assert (before.texts, after.texts) == (["one"], ["three"])
        assert (before.history, after.history) == ([], FIRST + SECOND)
        assert not after.resumed_from
        assert live.actor.counters["renewals"] == 1
        live.expect_nothing("faults")


def test_a_session_opened_with_a_history_is_told_it(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, PORTS, **server.address) as live:
        route(live, "live", 1)
        ready(live)
        said = [(Side(each["role"]), each["text"]) for each in FIRST + SECOND]
        live.open("caller", history=said)
        live.send("route", Route(session="caller", owner="live", epoch=1, reason="a test"))
        live.send("text", UserText(session="caller", turn="caller:t1", text="three"))
        ended = live.expect("answer", AnswerEnded, where=lambda frame: frame.session == "caller")
        assert ended.end is AnswerEnd.COMPLETE
        told = [(each.history, each.texts) for each in server.journal.sessions]
        assert (FIRST + SECOND, ["three"]) in told


def test_only_what_was_heard_of_the_other_answer_is_told(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, PORTS, **server.address) as live:
        route(live, "http", 2)
        ready(live)
        answered_by_http(live, PlaybackState.INTERRUPTED)
        route(live, "live", 3)
        typed(live, "three", 3)
        assert server.journal.sessions[1].history == [SECOND[0], {"role": "model", "text": "Two"}]


def test_speech_that_began_before_the_return_is_answered_by_the_renewed_session(
    tmp_path: Path,
) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, PORTS, **server.address) as live:
        route(live, "http", 2)
        ready(live)
        answered_by_http(live)
        talker = Talker(live)
        talker.blocks(9_600)
        turn = talker.start()
        route(live, "live", 3)
        talker.blocks(25_600)
        talker.end(turn)
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)
        assert server.stt.heard == [sound(int(turn.partition(":")[2]), 25_600)]
        before, after = server.journal.sessions
        assert (before.audio_messages, before.turns) == (0, [])
        assert after.history == SECOND


def test_session_that_missed_nothing_is_kept(tmp_path: Path) -> None:
    with simulator(tmp_path) as server, staged(tmp_path, PORTS, **server.address) as live:
        route(live, "live", 1)
        ready(live)
        typed(live, "one", 1)
        route(live, "http", 2)
        route(live, "live", 3)
        typed(live, "three", 3)
        (session,) = server.journal.sessions
        assert session.texts == ["one", "three"]
        assert not live.actor.counters["renewals"]


def test_process_restarted_after_it_missed_a_turn_does_not_resume(tmp_path: Path) -> None:
    with simulator(tmp_path) as server:
        with staged(tmp_path, PORTS, **server.address) as live:
            route(live, "live", 1)
            ready(live)
            typed(live, "one", 1)
            handle_kept(live)
            route(live, "http", 2)
            closed = answered_by_http(live)
        with staged(tmp_path, PORTS, **server.address) as live:
            live.send("turns", closed)
            route(live, "live", 3)
            ready(live)
            typed(live, "three", 3)
            # Word of the turn was kept: hearing it again is no reason to begin anew.
            assert not live.actor.counters["renewals"]
        _, after = server.journal.sessions
        assert not after.resumed_from
        assert after.history == FIRST + SECOND


def test_turn_missed_while_the_process_was_dead_is_told_after_all(tmp_path: Path) -> None:
    with simulator(tmp_path) as server:
        with staged(tmp_path, PORTS, **server.address) as live:
            route(live, "live", 1)
            ready(live)
            typed(live, "one", 1)
            handle_kept(live)
        # Until then its handle is in use.
        server.wait_until_left()
        with staged(tmp_path, PORTS, **server.address) as live:
            route(live, "live", 3)
            ready(live)
            closed = TurnClosed(
                turn="local:two",
                outcome=Outcome.ANSWERED,
                by="http",
                said="two",
                answer="Two it is.",
            )
            live.send("turns", closed)
            ready(live)
            typed(live, "three", 3)
        _, resumed, fresh = server.journal.sessions
        assert resumed.resumed_from
        assert not fresh.resumed_from
        assert fresh.history == FIRST + SECOND
