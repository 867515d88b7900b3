from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest
from database_work import done
from room_guests import NoGuests
from typer.testing import CliRunner

from actors.backends.gemini.cool_downs import CoolDown
from actors.backends.gemini.places import ProjectLimit
from actors.cli.app import make_greenroom
from actors.gateway.rooms.room import GatewayRoom
from actors.gateway.rooms.room_keeper import RoomKeeper
from actors.gateway.store.database import Database
from actors.gateway.store.quota_rows import declare, rest, take
from actors.gateway.store.room_rows import RoomClaim
from actors.gateway.store.times import now
from actors.gateway.store.url import database_url
from pipeline.errors import GreenroomError
from pipeline.frames import FaultClass
from pipeline.logs import get_logger

GATEWAY = Path(__file__).parent.parent.parent / "configs" / "gateway.yaml"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A pipeline whose room is called `a`."""
    path = tmp_path / "room.yaml"
    path.write_text(f"extends: {GATEWAY}\nname: a\nstate_dir: {tmp_path}\n")
    return path


def renew(folder: Path, taken: int) -> GatewayRoom:
    """Let the room say once that it is alive; return what it knows then."""
    database = Database(database_url("", folder))
    room = GatewayRoom("a", 4, lambda: taken)
    claim = RoomClaim("a", "here:gateway", "1", "http://a", 4, 0, "1")
    keeper = RoomKeeper(room, database, claim, NoGuests(), Counter(), get_logger("test"))
    asyncio.run(keeper.renew())
    database.close()
    return room


def told(*words: str) -> str:
    result = CliRunner().invoke(make_greenroom(), ["rooms", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_rooms_are_shown_emptied_and_opened_again(config: Path) -> None:
    where = ("--config", str(config))
    assert "options.room" in told("list", *where)
    renew(config.parent, taken=0)
    assert told("list", *where).splitlines()[1].split()[:4] == ["a", "open", "0", "4"]
    assert "a is empty" in told("drain", "a", "--wait", "5", *where)
    assert renew(config.parent, taken=0).draining
    assert told("list", *where).splitlines()[1].split()[1] == "draining"
    assert "a is open" in told("open", "a", *where)
    assert not renew(config.parent, taken=0).draining


def test_a_room_that_is_not_empty_in_time_or_that_nobody_knows_is_an_error(config: Path) -> None:
    renew(config.parent, taken=3)
    with pytest.raises(GreenroomError, match="a still has 3 callers"):
        told("drain", "a", "--wait", "0", "--config", str(config))
    with pytest.raises(GreenroomError, match="no room 'b'; there are: a"):
        told("drain", "b", "--config", str(config))


def test_live_sessions_of_all_rooms_are_shown_and_what_rests(config: Path) -> None:
    renew(config.parent, taken=1)
    database = Database(database_url("", config.parent))
    projects = [ProjectLimit("main", 3), ProjectLimit("open")]
    done(database, lambda c: declare(c, "here", projects))
    done(database, lambda c: declare(c, "gone", [ProjectLimit("of a config of before")]))
    done(database, lambda c: take(c, "anna", "a", projects, now()))
    done(database, lambda c: take(c, "bert", "b", projects, now()))
    rests = CoolDown("open", "1a2b3c", "live-1", FaultClass.QUOTA, time.monotonic() + 60.4)
    done(database, lambda c: rest(c, rests, now()))
    database.close()
    shown = told("list", "--config", str(config)).splitlines()[2:]
    assert shown == [
        "project main: 2 of 3 Live sessions",
        "project open: 0 Live sessions",
        "project open rests (key 1a2b3c for live-1): quota, 60 s",
    ]
