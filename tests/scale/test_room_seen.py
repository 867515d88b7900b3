"""The rooms that are there, as Serve tells of them and as they are shown."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from actors.cli.app import make_greenroom
from actors.cli.scale import calls_of, show_rooms, targets
from actors.scale.plan import plan_of
from actors.scale.room_seen import RoomSeen, rooms_in
from pipeline.cli.run import load_graph
from pipeline.errors import ConfigError

GATEWAY = Path(__file__).parents[2] / "configs" / "gateway.yaml"
SETS = ("actors.gateway.options.host=0.0.0.0", "actors.gateway.options.anybody=true")
REPLICAS = [
    {"replica_id": "abc", "state": "RUNNING", "node_ip": "10.0.0.1", "pid": 7},
    {"replica_id": "def", "state": "STOPPING", "node_ip": "10.0.0.2", "pid": 8},
    {"replica_id": "ghi", "state": "STARTING", "node_ip": None, "pid": None},
]
DETAILS: dict[str, Any] = {
    "applications": {"gateway": {"deployments": {"Room": {"replicas": REPLICAS}}}},
}
TARGETS = {"SERVE_REPLICA::gateway#Room#abc": 30_000, "SERVE_PROXY_ACTOR-fallback": 8500}
SEEN = [
    RoomSeen("gateway-abc", "running", "10.0.0.1", 30_000),
    RoomSeen("gateway-def", "stopping", "10.0.0.2", None),
    RoomSeen("gateway-ghi", "starting", "", None),
]


def test_rooms_are_found_with_their_ports() -> None:
    assert rooms_in(DETAILS, TARGETS, "gateway") == SEEN


def test_an_application_that_is_being_built_has_no_rooms_yet() -> None:
    assert rooms_in({"applications": {"gateway": {"deployments": {}}}}, {}, "gateway") == []


def test_rooms_are_shown_a_line_each() -> None:
    plan = plan_of(load_graph(GATEWAY, SETS, look_outside=False))
    text = io.StringIO()
    show_rooms(plan, SEEN, {"gateway-abc": 12}, Console(file=text, width=100))
    lines = [line.split() for line in text.getvalue().splitlines() if line.strip()]
    assert ["gateway-abc", "running", "10.0.0.1:30000", "12", "60"] in lines
    assert ["gateway-def", "stopping", "10.0.0.2", "-", "60"] in lines
    assert ["gateway-ghi", "starting", "-", "-", "60"] in lines
    assert "3 rooms, 1 of them take callers; 12 of 60 places are taken" in text.getvalue()


def test_each_room_that_takes_callers_is_a_target_of_prometheus() -> None:
    labels = {"room": "gateway-abc"}
    assert targets(SEEN) == [{"targets": ["10.0.0.1:30000"], "labels": labels}]


def test_a_room_is_asked_how_many_talk() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps({"status": "ok", "callers": 5})
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        writer.close()

    async def main() -> dict[str, int]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            rooms = [RoomSeen("x-1", "running", "127.0.0.1", port), SEEN[1]]
            return await calls_of(rooms)

    assert asyncio.run(main()) == {"x-1": 5}


def test_only_one_thing_is_done_at_a_time() -> None:
    done = CliRunner().invoke(make_greenroom(), ["scale", str(GATEWAY), "--status", "--down"])
    assert isinstance(done.exception, ConfigError)
    assert str(done.exception) == "--status and --down: one of them at a time"


def test_a_room_without_a_database_cannot_be_told_to_go() -> None:
    words = [word for each in SETS for word in ("--set", each)]
    done = CliRunner().invoke(make_greenroom(), ["scale", str(GATEWAY), *words, "--drain", "x-1"])
    assert isinstance(done.exception, ConfigError)
    assert "over the database that all share" in str(done.exception)


@pytest.mark.parametrize("shown", ["RAY_AUTH_MODE=token", "RAY_SERVE_ENABLE_HA_PROXY=1"])
def test_what_a_node_needs_is_printed_for_a_shell(
    shown: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "greenroom-haproxy").touch()
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    words = [word for each in SETS for word in ("--set", each)]
    done = CliRunner().invoke(make_greenroom(), ["scale", str(GATEWAY), *words, "--environment"])
    assert f"export {shown}" in done.stdout.splitlines()
    assert f"export RAY_SERVE_HAPROXY_BINARY_PATH={tmp_path}/greenroom-haproxy" in done.stdout


def test_what_would_be_deployed_is_printed() -> None:
    words = [word for each in SETS for word in ("--set", each)]
    done = CliRunner().invoke(make_greenroom(), ["scale", str(GATEWAY), *words, "--dry-run"])
    assert "import_path: actors.scale.room:application" in done.stdout
    assert "max_surge_percent: 100" in done.stdout
