"""The fork server, as the supervisor sees it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from supervised import ACTORS_FILE, spec

from pipeline.errors import ConfigError
from pipeline.hosting.spec import ActorSpec
from pipeline.launch.fork_client import ForkServerClient
from pipeline.launch.process_work import cpu_ticks
from pipeline.launch.stall import STALL_S


def patient(folder: Path, name: str, **options: str) -> ActorSpec:
    return spec(folder, name, f"{ACTORS_FILE}:Patient", options=options)


def wait_unheard(pid: int) -> None:
    """Wait for a death without reaping, and without letting the loop hear of it."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


class Watched:
    """A fork server of its own, and the news of it."""

    def __init__(self, client: ForkServerClient | None = None) -> None:
        self.dead: dict[str, int] = {}
        self.lost = 0
        self.client = client or ForkServerClient()
        self.client.watch(self.dead.__setitem__, self._on_lost)

    def _on_lost(self) -> None:
        self.lost += 1

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.001)

    async def born(self, *names: str) -> None:
        await self.until(lambda: all(self.client.pid(name) for name in names))

    async def until_killed(self) -> None:
        """Let time pass for `check` until the fork server has been killed."""
        now_s = 100.0
        while not self.lost:
            self.client.check(now_s)
            now_s += STALL_S + 0.1
            await asyncio.sleep(0.001)


def module(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> str:
    """A module for fork servers that are started from now on."""
    (folder / f"{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    return name


def test_an_actor_that_is_told_to_end_does_not_wait_for_its_threads(tmp_path: Path) -> None:
    async def scene() -> None:
        watched = Watched()
        looking_up = patient(tmp_path, "slow").model_copy(
            update={"use": f"{ACTORS_FILE}:LookingUp"}
        )
        watched.client.spawn(looking_up, [])
        await watched.born("slow")
        await watched.until((tmp_path / "looking up").exists)
        os.kill(watched.client.pid("slow") or 0, signal.SIGTERM)
        await watched.until(lambda: watched.dead)
        assert watched.dead == {"slow": 0}
        watched.client.close()

    asyncio.run(scene())


def test_a_fork_server_that_is_stopped_is_killed_and_missed_f18() -> None:
    async def scene() -> None:
        watched = Watched()
        server = psutil.Process(watched.client.server_pid)
        server.suspend()
        await watched.until(lambda: server.status() == psutil.STATUS_STOPPED)
        watched.client.check(100)
        watched.client.check(100 + STALL_S)
        assert server.status() == psutil.STATUS_STOPPED
        watched.client.check(100 + STALL_S + 0.1)
        await watched.until(lambda: watched.lost)
        assert watched.lost == 1
        watched.client.close()

    asyncio.run(scene())


def test_a_fork_server_that_answers_is_left_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        watched = Watched()
        for now_s in (100, 200, 300):
            watched.client.check(now_s)
            # Its answers come in the order of the questions.
            watched.client.spawn(patient(tmp_path, f"actor{now_s}"), [])
            await watched.born(f"actor{now_s}")
        assert (watched.lost, watched.dead) == (0, {})
        family = psutil.Process(watched.client.server_pid).children()
        assert len(family) == 3
        watched.client.close()
        _, alive = psutil.wait_procs(family, timeout=30)
        assert not alive, "actors die with the fork server"

    asyncio.run(scene())


def test_a_fork_server_that_imports_for_long_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enough = tmp_path / "enough"
    text = f"import os\nwhile not os.path.exists({str(enough)!r}):\n    sum(range(1000))\n"
    slow = module(tmp_path, monkeypatch, "slow", text)

    async def scene() -> None:
        watched = Watched()
        watched.client.spawn(patient(tmp_path, "actor"), [slow])
        watched.client.check(100)
        for hours in (1, 2, 3):
            used = cpu_ticks(watched.client.server_pid)
            await watched.until(lambda used=used: cpu_ticks(watched.client.server_pid) > used)
            watched.client.check(100 + 3600 * hours)
        assert watched.client.pid("actor") is None
        enough.touch()
        await watched.born("actor")
        assert not watched.lost
        watched.client.close()

    asyncio.run(scene())


ENDS = {
    "hangs": "import threading\nthreading.Event().wait()",
    "exits": "import os\nos._exit(3)",
    "is_killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
}


@pytest.mark.parametrize("how", ENDS)
def test_a_module_that_ends_the_fork_server_ends_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], how: str
) -> None:
    begun = tmp_path / "begun"
    text = f"from pathlib import Path\nPath({str(begun)!r}).touch()\n{ENDS[how]}\n"
    bad = module(tmp_path, monkeypatch, how, text)

    async def scene() -> None:
        watched = Watched()
        watched.client.spawn(patient(tmp_path, "well"), [])
        await watched.born("well")
        watched.client.spawn(patient(tmp_path, "ill"), [bad])
        await watched.until(begun.exists)
        if how == "hangs":
            await watched.until_killed()
        await watched.until(lambda: watched.lost)
        watched.client.close()
        again = Watched(watched.client.successor())
        for name in ("ill", "well"):
            again.client.spawn(patient(tmp_path, name), [bad])
        await again.born("ill", "well")
        assert not again.lost
        again.client.close()

    asyncio.run(scene())
    assert f"it ended while it imported {how}, which ill preloads" in "".join(capfd.readouterr())


@pytest.mark.parametrize("error", ["ValueError('broken')", "SystemExit(1)", "KeyboardInterrupt"])
def test_a_module_that_raises_is_named_with_its_actor_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], error: str
) -> None:
    bad = module(tmp_path, monkeypatch, "bad", f"raise {error}")

    async def scene() -> None:
        watched = Watched()
        watched.client.spawn(patient(tmp_path, "ill"), [bad])
        watched.client.spawn(patient(tmp_path, "well"), [])
        await watched.born("ill", "well")
        assert not watched.lost
        watched.client.close()

    asyncio.run(scene())
    # Where the log goes depends on whether a test before has configured it.
    output = "".join(capfd.readouterr())
    assert "ill preloads bad, which cannot be imported" in output
    assert error.removesuffix("'broken')") in output


def test_more_sockets_than_a_message_carries_are_refused_in_words(tmp_path: Path) -> None:
    async def scene() -> None:
        watched = Watched()
        with pytest.raises(ConfigError, match=r"many listens on 16 sockets; no more than 15"):
            watched.client.spawn(patient(tmp_path, "many"), [], [0] * 16)
        watched.client.close()

    asyncio.run(scene())


def test_a_signal_for_an_actor_that_is_not_born_yet_reaches_it(tmp_path: Path) -> None:
    async def scene() -> None:
        watched = Watched()
        for number in (signal.SIGTERM, signal.SIGKILL):
            watched.client.spawn(patient(tmp_path, number.name), [])
            watched.client.signal(number.name, number)
            assert watched.client.pid(number.name) is None
        await watched.until(lambda: len(watched.dead) == 2)
        assert watched.dead["SIGTERM"] in (0, -signal.SIGTERM)
        assert watched.dead["SIGKILL"] == -signal.SIGKILL
        watched.client.signal("SIGTERM", signal.SIGTERM)
        watched.client.close()

    asyncio.run(scene())


def test_actors_write_their_output_where_the_fork_server_was_told(tmp_path: Path) -> None:
    async def scene() -> None:
        with (tmp_path / "output.log").open("w+") as log:
            watched = Watched(ForkServerClient((log.fileno(), log.fileno())))
            watched.client.spawn(patient(tmp_path, "failing", ailment="raises in start"), [])
            await watched.until(lambda: watched.dead)
            watched.client.close()
            log.seek(0)
            assert "this start went wrong" in log.read()

    asyncio.run(scene())


def test_what_is_asked_of_a_dead_fork_server_does_no_harm(tmp_path: Path) -> None:
    async def scene() -> None:
        watched = Watched()
        server = psutil.Process(watched.client.server_pid)
        server.kill()
        wait_unheard(server.pid)
        watched.client.spawn(patient(tmp_path, "actor"), [])
        watched.client.signal("actor", signal.SIGTERM)
        watched.client.check(100)
        assert not watched.lost
        await watched.until(lambda: watched.lost)
        watched.client.close()

    asyncio.run(scene())


PROGRAM = """
import socket, sys, threading
from pipeline.launch.server_process import ServerProcess
if "thread" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server = ServerProcess(theirs, ours, None, forked=True)
theirs.close()
ours.send(b"ping")
answer = ours.recv(4096)
ours.close()
server.wait()
print(server.is_fork, b"alive" in answer)
"""


@pytest.mark.parametrize(("arguments", "forked"), [((), True), (("thread",), False)])
def test_the_fork_server_is_a_fork_of_a_process_that_has_no_second_thread(
    arguments: tuple[str, ...], forked: bool
) -> None:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PROGRAM, *arguments]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.split() == [str(forked), "True"]
