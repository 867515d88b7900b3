"""The fork server, as the supervisor sees it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from supervised import ACTORS_FILE

from pipeline.bus import ipc_address
from pipeline.launch.fork_client import STALL_S, Nursery
from pipeline.launch.spec import ActorSpec


def spec(folder: Path, name: str, **options: str) -> ActorSpec:
    return ActorSpec(
        name=name,
        use=f"{ACTORS_FILE}:Patient",
        options=options,
        address=ipc_address(folder, name),
        connections=[],
        expected={},
        session="local",
        runtime_dir=folder,
        config_dir=folder,
        state_dir=folder,
        started_ns=time.monotonic_ns(),
        checkpoint={},
        heartbeat_s=0.25,
    )


def wait_unheard(pid: int) -> None:
    """Wait for a death without reaping, and without letting the loop hear of it."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


class Watched:
    """A fork server of its own, and the news of it."""

    def __init__(self) -> None:
        self.born: dict[str, int] = {}
        self.dead: dict[str, int] = {}
        self.lost = 0
        self.nursery = Nursery()
        self.nursery.watch(self.born.__setitem__, self.dead.__setitem__, self._on_lost)

    def _on_lost(self) -> None:
        self.lost += 1

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.001)


def test_a_fork_server_that_hangs_is_killed_and_missed_f18() -> None:
    async def scene() -> None:
        watched = Watched()
        nursery = watched.nursery
        os.kill(nursery.server_pid, signal.SIGSTOP)
        nursery.check(100)
        nursery.check(100 + STALL_S)
        assert psutil.pid_exists(nursery.server_pid)
        nursery.check(100 + STALL_S + 0.1)
        await watched.until(lambda: watched.lost)
        assert watched.lost == 1
        nursery.close()

    asyncio.run(scene())


def test_a_fork_server_that_answers_is_left_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        watched = Watched()
        for now_s in (100, 200, 300):
            watched.nursery.check(now_s)
            # Its answers come in the order of the questions.
            watched.nursery.spawn(spec(tmp_path, f"actor{now_s}"), [])
            await watched.until(lambda now_s=now_s: f"actor{now_s}" in watched.born)
        assert (watched.lost, len(watched.born), watched.dead) == (0, 3, {})
        family = psutil.Process(watched.nursery.server_pid).children()
        assert len(family) == 3
        watched.nursery.close()
        _, alive = psutil.wait_procs(family, timeout=30)
        assert not alive, "actors die with the fork server"

    asyncio.run(scene())


def test_a_signal_for_an_actor_that_is_not_born_yet_reaches_it(tmp_path: Path) -> None:
    async def scene() -> None:
        watched = Watched()
        for number in (signal.SIGTERM, signal.SIGKILL):
            watched.nursery.spawn(spec(tmp_path, number.name), [])
            watched.nursery.signal(number.name, number)
            assert watched.nursery.pid(number.name) is None
        await watched.until(lambda: len(watched.dead) == 2)
        assert watched.dead["SIGTERM"] in (0, -signal.SIGTERM)
        assert watched.dead["SIGKILL"] == -signal.SIGKILL
        watched.nursery.signal("SIGTERM", signal.SIGTERM)
        watched.nursery.close()

    asyncio.run(scene())


def test_actors_write_their_output_where_the_fork_server_was_last_told(tmp_path: Path) -> None:
    async def scene() -> None:
        watched = Watched()
        with (tmp_path / "output.log").open("w+") as log:
            watched.nursery.log_to(log)
            watched.nursery.spawn(spec(tmp_path, "failing", ailment="raises in start"), [])
            await watched.until(lambda: watched.dead)
            watched.nursery.close()
            log.seek(0)
            assert "this start went wrong" in log.read()

    asyncio.run(scene())


def test_what_is_asked_of_a_dead_fork_server_does_no_harm(tmp_path: Path) -> None:
    async def scene() -> None:
        watched = Watched()
        server = psutil.Process(watched.nursery.server_pid)
        server.kill()
        wait_unheard(server.pid)
        watched.nursery.spawn(spec(tmp_path, "actor"), [])
        watched.nursery.signal("actor", signal.SIGTERM)
        watched.nursery.check(100)
        assert not watched.lost
        await watched.until(lambda: watched.lost)
        watched.nursery.close()

    asyncio.run(scene())


PROGRAM = """
import socket, sys, threading
from pipeline.launch.server_process import Forked, fork_server
if "thread" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server = fork_server(theirs, ours, None)
theirs.close()
ours.send(b"ping")
answer = ours.recv(4096)
ours.close()
print(isinstance(server, Forked), server.wait(), b"alive" in answer)
"""


@pytest.mark.parametrize(("arguments", "forked"), [((), True), (("thread",), False)])
def test_the_fork_server_is_a_fork_of_a_process_that_has_no_second_thread(
    arguments: tuple[str, ...], forked: bool
) -> None:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PROGRAM, *arguments]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.split() == [str(forked), "0", "True"]
