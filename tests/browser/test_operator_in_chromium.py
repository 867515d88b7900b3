"""The operator's page in Chromium: sees a caller of another browser, and ends it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from chromium import Chromium
from database_work import done
from pages import TALKS, lines, microphone
from pages import gateway as gateway_of
from sqlalchemy import select

from actors.backends.gemini.cool_downs import CoolDown
from actors.backends.gemini.places import ProjectLimit
from actors.gateway.store.database import Database
from actors.gateway.store.quota_rows import declare, rest, take
from actors.gateway.store.tables import rooms
from actors.gateway.store.times import now
from actors.gateway.store.url import database_url
from pipeline.frames import FaultClass

pytestmark = pytest.mark.browser
PHONE = (375, 812)


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Chromium]:
    folder = tmp_path / "operator"
    folder.mkdir()
    with Chromium(folder) as browser:
        yield browser


def test_the_operator_reads_a_session_and_ends_it(
    gateway: str, operator: Chromium, tmp_path: Path
) -> None:
    asked = microphone(tmp_path / "asked.wav", 1.5, "goforward.wav", 20.0)
    with Chromium(tmp_path, asked) as caller:
        caller.open(gateway)
        caller.click("#talk")
        caller.until(TALKS, "connection")
        name = caller.evaluate("sessionStorage.getItem('greenroom-session')")
        operator.look_like(1280, 800, "light")
        operator.open(f"{gateway}/operator")
        row = f"[data-session='{name}']"
        operator.until(f'document.querySelector("{row}")', "session")
        operator.click(f"{row} button")
        operator.until(
            "/ten meters/i.test(document.querySelector('#transcript').innerText)", "words"
        )
        operator.until(
            "/answered by live/.test(document.querySelector('#turns').innerText)", "turn"
        )
        assert "live: first in the config" in operator.text("#routes")
        assert ("button", f"End {name}") in operator.names()
        for size in ((1280, 800), PHONE):
            operator.look_like(*size, "light" if size != PHONE else "dark")
            assert operator.evaluate("document.documentElement.scrollWidth") <= size[0]
            folder = os.environ.get("PICTURES")
            if folder:
                operator.screenshot(Path(folder, f"operator_{size[0]}.png"))
        operator.look_like(1280, 800, "light")
        operator.evaluate("window.confirm = () => true")
        operator.click(f"{row} td:last-child button")
        caller.until("document.body.dataset.state === 'closed'", "end")
        assert "the operator ended it" in caller.text("#state")
        assert lines(caller, "model")
        operator.until(f'!document.querySelector("{row}")', "end")
        operator.until(
            "/the operator ended it/.test(document.querySelector('#name').innerText)", "why"
        )
        assert operator.problems() == []


def test_the_operator_sees_the_rooms_and_empties_one(operator: Chromium, tmp_path: Path) -> None:
    folder = tmp_path / "room"
    folder.mkdir()
    with gateway_of(folder, room="hall", places=60) as (_pipeline, url):
        operator.look_like(1280, 800, "light")
        operator.open(f"{url}/operator")
        row = "[data-room='hall']"
        state = f'document.querySelector("{row} td:nth-child(2)").textContent'
        operator.until(f'document.querySelector("{row}") && {state} === "open"', "room")
        assert operator.text(f"{row} td:first-child") == "hall (this one)"
        assert operator.text(f"{row} td:nth-child(3)") == "0 of 60"
        operator.evaluate("window.confirm = () => true")
        operator.click(f"{row} button")
        operator.until(f'{state} === "draining"', "emptying")
        assert ("button", "Open hall") in operator.names()
        for size in ((1280, 800), PHONE):
            operator.look_like(*size, "light")
            assert operator.evaluate("document.documentElement.scrollWidth") <= size[0]
            pictures = os.environ.get("PICTURES")
            if pictures:
                operator.screenshot(Path(pictures, f"rooms_{size[0]}.png"))
        operator.look_like(1280, 800, "light")
        operator.click(f"{row} button")
        operator.until(f'{state} === "open"', "opening")
        assert operator.problems() == []


def test_the_operator_sees_live_sessions_of_all_rooms_and_what_rests(
    operator: Chromium, tmp_path: Path
) -> None:
    folder = tmp_path / "room"
    folder.mkdir()
    url = f"sqlite:///{tmp_path}/shared.sqlite3"
    with gateway_of(folder, room="hall", database=url) as (_pipeline, address):
        operator.look_like(1280, 800, "light")
        operator.open(f"{address}/operator")
        operator.until("document.querySelector('[data-room=hall]')", "room")
        database = Database(database_url(url, folder))
        named = done(database, lambda c: c.scalar(select(rooms.c.holder)))
        pipeline = named.rpartition(":")[0]
        main = ProjectLimit("main", 3)
        done(database, lambda c: declare(c, pipeline, [main]))
        done(database, lambda c: take(c, "anna", "elsewhere", [main], now() + timedelta(hours=1)))
        resting = CoolDown("main", "", "live-1", FaultClass.QUOTA, time.monotonic() + 3600)
        done(database, lambda c: rest(c, resting, now()))
        database.close()
        operator.until("document.querySelector('#projects').innerText === 'main: 1 of 3'", "places")
        assert operator.text("#resting").startswith("main, live-1: quota, 3")
        pictures = os.environ.get("PICTURES")
        if pictures:
            operator.screenshot(Path(pictures, "quota_1280.png"))
        assert operator.problems() == []
