"""Two rooms on one database, of which one is killed whole while people talk in it."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import psutil

from actors.cli.load.recordings import recordings
from benchmarks.live_server.crowd import crowd_server
from benchmarks.live_server.process import ADDRESS_NAME
from benchmarks.moving_callers import CrowdOfMovers
from benchmarks.web_room import until_open, web_config
from pipeline.testing import RunningPipeline, running

CALLERS = 3
BEFORE_S, AFTER_S = 5.0, 9.0


def kill_whole(room: RunningPipeline) -> None:
    first = psutil.Process(room.process.pid)
    for each in [first, *first.children(recursive=True)]:
        each.send_signal(signal.SIGKILL)


async def talk(rooms: list[RunningPipeline]) -> CrowdOfMovers:
    here, there = (f"ws{until_open(each).removeprefix('http')}/ws/live-audio" for each in rooms)
    crowd = CrowdOfMovers(here, recordings(), CALLERS)
    talking = asyncio.create_task(crowd.run(BEFORE_S + AFTER_S))
    await asyncio.sleep(BEFORE_S)
    assert all(each.entered_ns for each in crowd.fates), "they were in the first room"
    for caller in crowd.callers:
        # As a balancer would have it.
        caller.url = caller.url.replace(here, there)
    kill_whole(rooms[0])
    await talking
    return crowd


def test_a_room_is_killed_and_its_callers_go_on_in_another(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/shared.sqlite3"
    with crowd_server(tmp_path):
        configs = []
        for name in ("a", "b"):
            folder = tmp_path / name
            folder.mkdir()
            (folder / ADDRESS_NAME).symlink_to(tmp_path / ADDRESS_NAME)
            configs.append(web_config(folder, room=name, database=database))
        with running(configs[0]) as first, running(configs[1]) as second:
            fates = asyncio.run(talk([first, second])).fates
    assert all(len(each.entered_ns) >= 2 for each in fates), "each is in the other room"
    assert sum(each.said for each in fates) >= CALLERS
    assert sum(each.lost for each in fates) == 0
    assert sum(each.twice for each in fates) == 0
