"""The pipeline of a room: its config, its environment, the socket it is given."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from actors.scale.handover import take_listener
from actors.scale.probe import ask
from actors.scale.room_process import RoomProcess, room_config, room_environment
from pipeline.errors import ConfigError, GreenroomError
from pipeline.launch.listening import GIVEN, listen

TREE: dict[str, Any] = {
    "name": "x",
    "sessions": {"callers_only": True},
    "actors": {"front": {"use": "gateway", "options": {"host": "0.0.0.0"}}, "vad": {"use": "vad"}},
}
ARGUMENTS = {"gateway": "front", "places": 7, "config": TREE, "root": "/there", "patience_s": 1.0}


def test_a_room_has_its_own_port_folders_and_places(tmp_path: Path) -> None:
    config = room_config(TREE, ARGUMENTS, tmp_path, 30_001, "x-1", ["10.0.0.2", "10.0.0.1"])
    options = {"host": "0.0.0.0", "port": 30_001, "places": 7}
    trusted = {"trusted_proxies": ["10.0.0.1", "10.0.0.2"]}
    assert config["actors"]["front"]["options"] == {**options, **trusted}
    assert config["actors"]["vad"] == {"use": "vad"}
    assert config["sessions"] == {"callers_only": True}
    assert Path(config["runtime_dir"]).parent == Path(config["state_dir"]).parent == tmp_path
    assert TREE["actors"]["front"]["options"] == {"host": "0.0.0.0"}


@pytest.mark.parametrize(
    ("named", "trusted"),
    [({}, ["10.0.0.1"]), ({"trusted_proxies": ["10.0.0.0/8"]}, ["10.0.0.0/8"])],
)
def test_a_room_believes_the_nodes_unless_the_config_names_others(
    tmp_path: Path, named: dict[str, Any], trusted: list[str]
) -> None:
    tree = {"actors": {"front": {"use": "gateway", "options": named}}}
    config = room_config(tree, ARGUMENTS, tmp_path, 30_001, "x-1", ["10.0.0.1"])
    assert config["actors"]["front"]["options"]["trusted_proxies"] == trusted


@pytest.mark.parametrize(
    ("node", "address"), [("10.0.0.2", "http://10.0.0.2:30001"), ("fd::2", "http://[fd::2]:30001")]
)
def test_rooms_that_share_a_database_know_each_other(
    tmp_path: Path, node: str, address: str
) -> None:
    tree = {"actors": {"front": {"use": "gateway", "options": {"database": "$DATABASE_URL"}}}}
    config = room_config(tree, ARGUMENTS, tmp_path, 30_001, "x-1", [node])
    options = config["actors"]["front"]["options"]
    assert (options["room"], options["address"]) == ("x-1", address)


def test_a_room_knows_nothing_of_the_engine() -> None:
    given = {"RAY_AUTH_TOKEN": "secret", "RAY_JOB_ID": "1", "GEMINI_API_KEY": "key", "PATH": "/"}
    assert room_environment(given) == {"GEMINI_API_KEY": "key", "PATH": "/"}


def test_a_socket_that_was_handed_over_is_listened_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        monkeypatch.setenv(GIVEN, str(os.dup(bound.fileno())))
        with listen("127.0.0.1", port) as listening, socket.create_connection(("127.0.0.1", port)):
            assert listening.getsockname()[1] == port
            assert not listening.get_inheritable()
        assert GIVEN not in os.environ


def test_one_of_another_port_is_left_for_whoever_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        monkeypatch.setenv(GIVEN, str(bound.fileno()))
        with listen("127.0.0.1", 0) as listening:
            assert listening.getsockname() != bound.getsockname()
        assert os.environ[GIVEN] == str(bound.fileno())


@pytest.mark.parametrize("given", ["word", "99999"])
def test_what_is_no_socket_is_said(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(GIVEN, given)
    with pytest.raises(ConfigError, match=f"{GIVEN}={given} is no socket"):
        listen("127.0.0.1", 0)


def test_a_server_whose_listener_is_taken_serves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn.Server, "startup", uvicorn.Server.startup)
    taken: list[socket.socket] = []
    take_listener(lambda each: taken.append(each.dup()))

    async def application(_scope: object, _receive: object, _send: object) -> None:
        raise AssertionError("never called")

    async def serve(bound: socket.socket) -> None:
        server = uvicorn.Server(uvicorn.Config(application, lifespan="off", log_config=None))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started:
            await asyncio.sleep(0.01)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(bound.getsockname()).close()
        server.should_exit = True
        await serving

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        asyncio.run(serve(bound))
        assert bound.fileno() == -1
    with taken[0] as listener:
        listener.listen()
        socket.create_connection(listener.getsockname()).close()


def test_a_room_that_does_not_start_is_said(tmp_path: Path) -> None:
    async def start(listener: socket.socket) -> None:
        process = RoomProcess(ARGUMENTS, tmp_path, listener, "x-1", ["127.0.0.1"])
        with pytest.raises(GreenroomError, match="the room ended with status 2"):
            await process.start()
        assert not process.is_running
        await process.stop()

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        asyncio.run(start(listener))


def test_where_nobody_answers_nothing_is_known() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert asyncio.run(ask(bound.getsockname()[1], "/healthz")) == (0, {})


def test_who_talks_is_not_forgotten_while_a_room_is_too_busy_to_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[tuple[int, dict[str, Any]]] = [(200, {"callers": 3}), (0, {}), (503, {})]

    async def answer(*_: object) -> tuple[int, dict[str, Any]]:
        return answers.pop(0)

    monkeypatch.setattr("actors.scale.room_process.ask", answer)
    monkeypatch.setattr(RoomProcess, "is_running", True)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        process = RoomProcess(ARGUMENTS, tmp_path, listener, "x-1", ["127.0.0.1"])
        assert [asyncio.run(process.calls()) for _ in range(3)] == [3, 3, 3]
        monkeypatch.setattr(RoomProcess, "is_running", False)
        assert asyncio.run(process.calls()) == 0


def test_a_room_serves_on_the_socket_it_was_given_and_ends(tmp_path: Path) -> None:
    gateway = Path(__file__).parents[2] / "configs" / "gateway.yaml"
    done = subprocess.run(
        [sys.executable, "-c", ROOM, str(gateway), str(tmp_path)],
        env={**os.environ, "GEMINI_API_KEY": "", "GOOGLE_API_KEY": ""},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ready 200, calls 0, ended True" in done.stdout


ROOM = """
import asyncio, socket, sys
from pathlib import Path
import yaml
from actors.scale.probe import ask
from actors.scale.room_process import RoomProcess

async def main(listener):
    config = yaml.safe_load(Path(sys.argv[1]).read_text())
    arguments = {"gateway": "gateway", "places": 2, "config": config, "root": "/nowhere"}
    process = RoomProcess(arguments, Path(sys.argv[2]), listener, "x-1", ["127.0.0.1"])
    await process.start()
    status, _ = await ask(process.port, "/-/healthz")
    calls = await process.calls()
    await process.stop()
    print(f"ready {status}, calls {calls}, ended {not process.is_running}")

with socket.socket() as listener:
    listener.bind(("127.0.0.1", 0))
    asyncio.run(main(listener))
"""
