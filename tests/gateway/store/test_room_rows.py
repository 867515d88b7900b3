from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from database_work import done

from actors.gateway.store.database import Database
from actors.gateway.store.room_rows import (
    LEASE,
    RoomAnswer,
    RoomClaim,
    known_rooms,
    leave,
    renew,
    set_draining,
)
from actors.gateway.store.times import now

CLAIM = RoomClaim("a", "host-1", "1", "http://127.0.0.1:3000", 60, 4, "1.0")
RIVAL = replace(CLAIM, holder="host-2", incarnation="9")
START = now()
LATER = START + LEASE + timedelta(milliseconds=1)


def asked(database: Database, claim: RoomClaim, moment: Any = START) -> RoomAnswer:
    return done(database, lambda c: renew(c, claim, moment))


def row_of(database: Database, moment: Any = START) -> dict[str, Any]:
    (row,) = done(database, lambda c: known_rooms(c, moment))
    return row


def test_a_room_is_known_while_it_renews_its_lease(database: Database) -> None:
    assert asked(database, CLAIM) == RoomAnswer()
    assert asked(database, replace(CLAIM, taken=7)) == RoomAnswer()
    row = row_of(database)
    assert row["state"] == "open"
    assert (row["name"], row["taken"], row["places"]) == ("a", 7, 60)
    assert row["address"] == CLAIM.address
    assert row_of(database, LATER)["state"] == "gone"


def test_a_name_has_one_holder_until_its_lease_is_over(database: Database) -> None:
    asked(database, CLAIM)
    assert asked(database, RIVAL) == RoomAnswer(rival="host-1")
    assert asked(database, RIVAL, LATER) == RoomAnswer()
    assert asked(database, CLAIM, LATER) == RoomAnswer(rival="host-2")


def test_a_room_learns_how_many_others_take_callers(database: Database) -> None:
    full = replace(CLAIM, name="full", holder="f", places=1, taken=1)
    drained = replace(CLAIM, name="drained", holder="d")
    for each in (full, drained, CLAIM):
        assert asked(database, each).others == (1 if each is CLAIM else 0)
    done(database, lambda c: set_draining(c, "drained", draining=True))
    assert asked(database, CLAIM).others == 0
    asked(database, replace(CLAIM, name="b", holder="b"))
    assert asked(database, CLAIM).others == 1
    assert asked(database, CLAIM, LATER).others == 0


def test_a_room_that_leaves_gives_its_name_back(database: Database) -> None:
    asked(database, CLAIM)
    done(database, lambda c: leave(c, RIVAL, START))
    assert row_of(database)["state"] == "open", "it is not the holder who left"
    done(database, lambda c: leave(c, CLAIM, START))
    row = row_of(database)
    assert (row["state"], row["taken"]) == ("gone", 0)


@pytest.mark.parametrize("incarnation", ["1", "2"])
def test_anybody_may_want_a_room_empty_until_it_is_started_anew(
    database: Database, incarnation: str
) -> None:
    assert not done(database, lambda c: set_draining(c, "a", draining=True))
    asked(database, CLAIM)
    assert done(database, lambda c: set_draining(c, "a", draining=True))
    assert row_of(database)["state"] == "draining"
    answer = asked(database, replace(CLAIM, incarnation=incarnation))
    assert answer.draining is (incarnation == CLAIM.incarnation)
