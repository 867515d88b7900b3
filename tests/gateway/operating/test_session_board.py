"""What the operator sees of sessions."""

from __future__ import annotations

import json

import pytest

from actors.gateway.operating.caller_metrics import CallerMetrics
from actors.gateway.operating.session_board import (
    MOST_ENDED,
    MOST_LINE_CHARACTERS,
    MOST_LINES,
    SessionBoard,
    details,
    summary,
)
from actors.gateway.operating.traffic import TrafficCounts
from actors.gateway.rooms.room import GatewayRoom
from actors.gateway.store.quota_seen import ProjectSeen, QuotaSeen, RestSeen
from pipeline.frames import (
    Fault,
    FaultClass,
    Outcome,
    Route,
    SessionEnd,
    SessionEnded,
    SessionOpened,
    Side,
    Transcript,
    TurnClosed,
)
from pipeline.frames.sessions import RecordingConsent


@pytest.fixture
def board() -> SessionBoard:
    return SessionBoard("gateway")


def opened(name: str = "anna", **manner: object) -> SessionOpened:
    fields = {"session": name, "brought_by": "gateway", "labels": {"room": "7"}, **manner}
    return SessionOpened.model_validate(fields)


def said(text: str, turn: str = "anna:1", side: Side = Side.USER) -> Transcript:
    return Transcript(
        session="anna", turn=turn, side=side, text=text, backend="live", epoch=1, final=False
    )


def closed(outcome: Outcome = Outcome.ANSWERED, ms: float | None = 700.0) -> TurnClosed:
    return TurnClosed(
        session="anna", turn="anna:1", outcome=outcome, by="live", first_sound_ms=ms, reason="why"
    )


def fault(session: str) -> Fault:
    return Fault(
        session=session, backend="live", fault=FaultClass.QUOTA, reason="none left", retry=False
    )


def test_a_session_is_shown_with_its_words_turns_route_and_faults(board: SessionBoard) -> None:
    route = Route(session="anna", owner="http", epoch=2, reason="live has no quota")
    said_all = [said("Go "), said("on"), said("Yes", side=Side.MODEL)]
    for frame in (opened(), *said_all, route, fault("anna"), closed()):
        board.on_frame(frame)
    watched = board.open["anna"]
    line, whole = summary(watched, "present", "10.0.0.7"), details(watched)
    assert line["turns"] == {"answered": 1}
    assert (line["answered_by"], line["faults"], line["first_sound_ms"]) == ("http", 1, 700)
    assert (line["state"], line["address"], line["labels"]) == (
        "present",
        "10.0.0.7",
        {"room": "7"},
    )
    assert whole["words"] == [{"role": "user", "text": "Go on"}, {"role": "model", "text": "Yes"}]
    assert whole["routes"][0]["reason"] == "live has no quota"
    assert whole["faults"][0]["class"] == "quota"
    assert whole["turns_closed"][0]["answered_by"] == "live"
    json.dumps([line, whole])


def test_what_the_user_said_stands_above_its_answer_also_if_it_is_known_later(
    board: SessionBoard,
) -> None:
    for frame in (opened(), said("Yes", side=Side.MODEL), said("Go on")):
        board.on_frame(frame)
    assert [line.text for line in board.open["anna"].lines] == ["Go on", "Yes"]


def test_one_that_ended_is_still_looked_at_for_a_while(board: SessionBoard) -> None:
    for number in range(MOST_ENDED + 5):
        board.on_frame(opened(f"s{number}"))
        ended = SessionEnded(session=f"s{number}", reason=SessionEnd.HUNG_UP, detail="gone")
        board.on_frame(ended)
    assert board.open == {}
    assert board.find("s0") is None
    last = board.find(f"s{MOST_ENDED + 4}")
    assert last is not None
    assert summary(last, "ended", "")["detail"] == "gone"
    assert board.tally.sessions_ended == {"hung_up": MOST_ENDED + 5}


def test_a_session_that_is_told_of_again_is_the_same(board: SessionBoard) -> None:
    for frame in (opened(), said("Hello"), opened()):
        board.on_frame(frame)
    assert len(board.open["anna"].lines) == 1
    assert board.tally.sessions_opened == 1


def test_sessions_of_others_are_not_shown_and_their_faults_are(board: SessionBoard) -> None:
    for frame in (opened(brought_by="other"), said("Hello"), fault("anna"), fault("local")):
        board.on_frame(frame)
    assert not board.open
    assert len(board.faults) == 2


def test_who_wants_nothing_written_down_is_not_read(board: SessionBoard) -> None:
    for frame in (opened(records=RecordingConsent.NOTHING), said("Hello")):
        board.on_frame(frame)
    assert details(board.open["anna"])["words"] == []
    assert not details(board.open["anna"])["shows_words"]


def test_what_is_kept_does_not_grow(board: SessionBoard) -> None:
    board.on_frame(opened())
    for number in range(MOST_LINES + 50):
        board.on_frame(said("x" * MOST_LINE_CHARACTERS * 2, turn=f"anna:{number}"))
    for _ in range(3):
        board.on_frame(said("x" * MOST_LINE_CHARACTERS, turn=f"anna:{MOST_LINES}"))
    lines = board.open["anna"].lines
    assert len(lines) == MOST_LINES
    assert {len(line.text) for line in lines} == {MOST_LINE_CHARACTERS}


def test_metrics_count_callers_and_hold_nothing_of_them(board: SessionBoard) -> None:
    from prometheus_client.exposition import generate_latest

    for frame in (opened("a-name", labels={"who": "a-label"}), opened(), said("a-word"), closed()):
        board.on_frame(frame)
    board.on_frame(fault("anna"))
    board.on_frame(SessionEnded(session="anna", reason=SessionEnd.OPERATOR, detail="a-reason"))
    traffic = TrafficCounts()
    traffic.open["websocket"] += 1
    traffic.sizes["in", "binary"] += 640
    traffic.requests["http", "429"] += 1
    counters = {
        "refused_quota": 3,
        "underruns": 1,
        "taken_up": 2,
        "sessions_moved": 1,
        "unplaced": 4,
    }
    room = GatewayRoom("", 60, lambda: 7)
    rests = [RestSeen("main", digest, "", "quota", 60.0) for digest in ("a-digest", "another")]
    quota = QuotaSeen([ProjectSeen("main", 3, 2), ProjectSeen("open", None, 9)], rests)
    states = {"present": 1, "away": 0}
    metrics = CallerMetrics(lambda: states, board, traffic, counters, room, lambda: quota)
    text = generate_latest(metrics).decode()  # type: ignore[arg-type]
    for line in (
        'greenroom_gateway_callers{state="present"} 1.0',
        "greenroom_gateway_sessions_opened_total 2.0",
        'greenroom_gateway_sessions_ended_total{reason="operator"} 1.0',
        'greenroom_gateway_refused_total{reason="quota"} 3.0',
        'greenroom_gateway_room{room="",state="open"} 1.0',
        'greenroom_gateway_room{room="",state="draining"} 0.0',
        "greenroom_gateway_places 60.0",
        "greenroom_gateway_places_taken 7.0",
        'greenroom_gateway_moves_total{direction="in"} 2.0',
        'greenroom_gateway_moves_total{direction="out"} 1.0',
        'greenroom_gateway_quota_places{project="main"} 3.0',
        'greenroom_gateway_quota_places_taken{project="main"} 2.0',
        'greenroom_gateway_quota_places_taken{project="open"} 9.0',
        'greenroom_gateway_quota_resting{class="quota",project="main"} 2.0',
        "greenroom_gateway_unplaced_total 4.0",
        'greenroom_gateway_turns_total{backend="live",outcome="answered"} 1.0',
        'greenroom_gateway_faults_total{backend="live",class="quota"} 1.0',
        'greenroom_gateway_connections{kind="websocket"} 1.0',
        'greenroom_gateway_bytes_total{direction="in",kind="binary"} 640.0',
        'greenroom_gateway_requests_total{kind="http",status="429"} 1.0',
        'greenroom_gateway_first_sound_seconds_bucket{backend="live",le="0.75"} 1.0',
        'greenroom_gateway_first_sound_seconds_count{backend="live"} 1.0',
    ):
        assert line in text.splitlines(), text
    assert "underruns" not in text
    for secret in ("a-name", "a-label", "a-word", "a-reason", "anna", "digest"):
        assert secret not in text
