"""A gateway that is a room: what balancers, callers and operators are told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from gateway_client import GatewayOnStage, exchanged, gateway_on_stage, received
from room_guests import NoGuests
from websockets.exceptions import ConnectionClosed, InvalidStatus

from actors.gateway.rooms.lease import Lease
from actors.gateway.rooms.room import GatewayRoom
from actors.gateway.rooms.room_keeper import RoomKeeper
from actors.gateway.store.database import Database
from actors.gateway.store.room_rows import RoomClaim, set_draining
from pipeline.frames import (
    Audio,
    EndReason,
    Outcome,
    SessionEnd,
    SessionEnded,
    SpeechEnded,
    SpeechStarted,
    TurnClosed,
)
from pipeline.logs import get_logger

START = "/api/v1/live-audio/session/start"
OPERATOR = "/api/v1/operator"


@pytest.fixture
def room() -> Iterator[GatewayOnStage]:
    with gateway_on_stage(room="a", places=1, address="http://a.example") as served:
        actor = served.harness.actor
        served.harness.until(lambda: not actor.room.refusal(), "its lease")
        yield served


def handshake(room: GatewayOnStage, path: str = "/ws/live-audio") -> tuple[int, str]:
    """Connect in vain; return the status, and when to try again."""
    with pytest.raises(InvalidStatus) as refused:
        room.connect(path)
    response = refused.value.response
    return response.status_code, response.headers["Retry-After"]


def drain(room: GatewayOnStage, *, draining: bool) -> Any:
    return room.request("POST", f"{OPERATOR}/room/drain", {"draining": draining})[1]["room"]


def test_a_full_room_refuses_before_the_upgrade_and_takes_back_its_own(
    room: GatewayOnStage,
) -> None:
    client = room.connect()
    session = room.start(client)
    code, answer = room.request("GET", "/readyz")
    assert (code, answer) == (503, {"error": "all 1 places of this room are taken"})
    assert handshake(room) == (503, "1")
    gemini = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    assert handshake(room, gemini) == (503, "1")
    status, _, headers = room.meanwhile(lambda: exchanged(f"http://{room.url}{START}", "POST", {}))
    assert (status, headers["Retry-After"]) == (503, "1")
    room.meanwhile(client.close)
    again = room.connect()
    assert room.say(again, type="start_session", session_id=session)["type"] == "session_started"
    room.meanwhile(again.close)


def test_who_is_refused_after_the_upgrade_is_told_1013(room: GatewayOnStage) -> None:
    client = room.connect()
    room.start(client)
    room.meanwhile(client.close)
    # Somebody is waited for, who might be this one.
    stranger = room.connect()
    told = room.say(stranger, type="start_session", session_id="another")
    assert (told["type"], told["code"], told["retry_after_s"]) == ("error", "room_full", 1)
    with pytest.raises(ConnectionClosed) as closed:
        room.meanwhile(lambda: received(stranger))
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013


def test_an_operator_empties_a_room_and_opens_it_again(room: GatewayOnStage) -> None:
    assert drain(room, draining=True)["state"] == "draining"
    assert handshake(room) == (503, "1")
    assert room.request("GET", "/readyz")[1] == {"error": "this room is being emptied"}
    (row,) = room.request("GET", f"{OPERATOR}/rooms")[1]["rooms"]
    assert (row["name"], row["state"], row["address"]) == ("a", "draining", "http://a.example")
    assert drain(room, draining=False)["state"] == "open"
    told = room.request("GET", f"{OPERATOR}/sessions")[1]["room"]
    assert told == {
        "name": "a",
        "state": "open",
        "refusal": "",
        "lease": "held",
        "taken": 0,
        "places": 1,
    }
    client = room.connect()
    room.start(client)
    room.meanwhile(client.close)


def test_an_operator_empties_another_room_and_is_told_if_there_is_none(
    room: GatewayOnStage,
) -> None:
    shared = room.harness.actor.shared
    assert shared is not None
    other, database = GatewayRoom("b", 1, lambda: 0), Database(shared.database.url)
    claim = RoomClaim("b", "elsewhere", "1", "", 1, 0, "1")
    keeper = RoomKeeper(other, database, claim, NoGuests(), Counter(), get_logger("test"))
    room.meanwhile(lambda: asyncio.run(keeper.renew()))
    path = f"{OPERATOR}/room/drain"
    assert room.request("POST", path, {"room": "b"})[0] == 200
    room.meanwhile(lambda: asyncio.run(keeper.renew()))
    database.close()
    assert other.draining
    assert not room.harness.actor.room.draining
    code, told = room.request("POST", path, {"room": "c"})
    assert (code, told["error"]) == (404, "there is no room 'c'")


def test_what_another_process_wants_is_done(room: GatewayOnStage) -> None:
    actor = room.harness.actor
    shared = actor.shared
    assert shared is not None
    other = Database(shared.database.url)

    async def want() -> bool:
        return await other.run(lambda c: set_draining(c, "a", draining=True))

    assert room.meanwhile(lambda: asyncio.run(want()))
    other.close()
    room.harness.until(lambda: actor.room.draining, "the flag")
    assert handshake(room)[0] == 503


def test_a_second_pipeline_of_the_same_name_serves_nobody(room: GatewayOnStage) -> None:
    shared = room.harness.actor.shared
    assert shared is not None
    twin, database = GatewayRoom("a", 1, lambda: 0), Database(shared.database.url)
    claim = RoomClaim("a", "elsewhere", "1", "", 1, 0, "1")
    keeper = RoomKeeper(twin, database, claim, NoGuests(), Counter(), get_logger("test"))
    room.meanwhile(lambda: asyncio.run(keeper.renew()))
    database.close()
    assert twin.lease == Lease()
    assert "another pipeline is the room 'a'" in twin.refusal()


@contextmanager
def two_rooms(folder: Path) -> Iterator[tuple[GatewayOnStage, GatewayOnStage]]:
    shared = {"database": f"sqlite:///{folder}/shared.sqlite3"}
    for name in "ab":
        (folder / name).mkdir()
    with (
        gateway_on_stage(folder=folder / "a", room="a", **shared) as first,
        gateway_on_stage(folder=folder / "b", room="b", **shared) as second,
    ):
        for each in (first, second):
            each.harness.until(lambda each=each: not each.harness.actor.room.refusal(), "a lease")
        yield first, second


def test_a_conversation_goes_where_its_caller_connects(tmp_path: Path) -> None:
    with two_rooms(tmp_path) as (first, second):
        client = first.connect()
        session = first.start(client, voice="Kore")
        counters = first.harness.actor.counters
        first.harness.until(lambda: counters["rows_written"] >= 2, "its rows")
        status = f"/api/v1/live-audio/session/{session}/status"
        code, told = second.request("GET", status)
        assert (code, "room 'a'" in told["error"]) == (409, True)
        other = second.connect()
        started = second.say(other, opens=True, type="start_session", session_id=session)
        assert started["resumed"]
        assert second.harness.actor._callers.get(session).manner.voice == "Kore"
        with pytest.raises(ConnectionClosed) as closed:
            first.next(client)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4409
        over = first.harness.expect("sessions", SessionEnded)
        assert (over.session, over.reason) == (session, SessionEnd.MOVED)
        first.harness.end(session, over.reason, over.detail)
        seen = second.request("GET", f"{OPERATOR}/rooms")[1]
        assert [(row["name"], row["state"]) for row in seen["rooms"]] == [
            ("a", "open"),
            ("b", "open"),
        ]
        (caller,) = seen["callers"]
        where = (caller["session_id"], caller["room"], caller["state"], caller["moves"])
        assert where == (session, "b", "here", 1)
        # It may come back.
        again = first.connect()
        assert first.say(again, opens=True, type="start_session", session_id=session)["resumed"]
        for each, socket in ((first, again), (second, other)):
            each.meanwhile(socket.close)


def test_who_counts_its_sound_is_sent_away_between_two_turns_and_loses_none(tmp_path: Path) -> None:
    with two_rooms(tmp_path) as (first, second):
        patient, client = first.connect(), first.connect()
        first.start(patient)
        offer = {"from": 0, "next": 0, "position": 0}
        started = first.say(client, opens=True, type="start_session", sound=offer)
        session = started["session_id"]
        assert started["sound"] == 0
        first.meanwhile(lambda: client.send(bytes(2 * 48_000)))
        turn = {"session": session, "turn": f"{session}:32000"}
        speech = SpeechStarted(position=32_000, at_ns=1, **turn)
        first.harness.send("speech", speech)
        assert first.next(client)["type"] == "speech_started"
        assert drain(first, draining=True)["state"] == "draining"
        # Not before the turn is over.
        counters = first.harness.actor.counters
        renewed = first.harness.actor._callers.get(session)
        first.harness.until(lambda: renewed.is_leaving, "the second room is seen")
        assert first.say(client, type="ping") == {"type": "pong"}
        assert first.next(client) == {"type": "sound_done", "sound": 16_000, "position": 16_000}
        spoken = {"start_position": 32_000, "position": 40_000, "at_ns": 1}
        first.harness.send("speech", SpeechEnded(reason=EndReason.SILENCE, **spoken, **turn))
        first.harness.send("turns", TurnClosed(outcome=Outcome.ANSWERED, by="live", **turn))
        told = [first.next(client) for _ in range(4)]
        assert [each["type"] for each in told] == [
            "speech_ended",
            "turn_complete",
            "sound_done",
            "going_away",
        ]
        # Silence is heard where nothing comes, and is done with as well.
        done = told[2]["sound"]
        assert told[2]["position"] == done >= 40_000
        assert told[3]["moves"]
        rows = counters["rows_written"]
        first.harness.until(lambda: counters["rows_written"] > rows, "what is done with")
        # It had not heard the last of it.
        other = second.connect()
        offer = {"from": 16_000, "next": done + 16_000, "position": 16_000}
        again = {"type": "start_session", "session_id": session, "sound": offer}
        assert second.say(other, opens=True, **again)["sound"] == done
        second.meanwhile(lambda: other.send(bytes(2 * 16_000)))
        heard = second.harness.expect("audio", Audio)
        assert heard.position == done, "turns have the names that they have in the first room"
        assert first.say(patient, type="ping") == {"type": "pong"}, "who cannot move is left alone"
        for each, socket in ((first, patient), (first, client), (second, other)):
            each.meanwhile(socket.close)
