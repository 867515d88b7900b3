"""Tools of real MCP servers, over stdio and HTTP, also while the servers die."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest
from pydantic import ValidationError

from actors.services.tools import Tools, ToolsOptions
from actors.services.tools.catalogue import MAX_TOOLS, ToolCatalogue
from actors.services.tools.mcp_server import RECONNECT, McpTool, _wrong_schema
from actors.services.tools.names import ToolNames, fitting
from pipeline.errors import ConfigError
from pipeline.frames import ToolCall, ToolOffer, ToolResult, ToolStatus
from pipeline.sessions.refusal import FUNCTION_NAME
from pipeline.testing import ActorHarness, stage

SERVER = """
import os, pathlib, sys, time
from mcp.server.mcpserver import MCPServer

server = MCPServer("arm")

@server.tool()
def pid() -> int:
    "Which process this is."
    return os.getpid()

@server.tool(name="grip.now")
def grip(force_n: float) -> str:
    "Close the hand."
    return f"holding with {force_n:g} N"

@server.tool()
def drop() -> str:
    "Open the hand."
    raise ValueError("the hand is empty")

@server.tool()
def hang(note: str) -> str:
    "Never return."
    pathlib.Path(note).write_text(str(os.getpid()))
    while True:
        time.sleep(60)

@server.tool()
def token() -> str:
    "What the environment holds."
    return os.environ.get("ARM_TOKEN", "") + "|" + os.environ.get("GEMINI_API_KEY", "no key")

if len(sys.argv) > 1:
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
else:
    server.run("stdio")
"""


@contextmanager
def arm(folder: Path, **options: Any) -> Iterator[ActorHarness[ToolsOptions]]:
    (folder / "arm.py").write_text(SERVER)
    server = {"name": "arm", "command": sys.executable, "args": ["arm.py"]} | options
    with stage(Tools, config_dir=folder, mcp=[server]) as staged:
        staged.until(lambda: staged.actor.counters["mcp_connects"] == 1, "the server is connected")
        yield staged


def ask(staged: ActorHarness[ToolsOptions], name: str, **args: object) -> ToolResult:
    call_id = f"{name}-{staged.actor.counters['calls']}"
    staged.send("calls", ToolCall(turn="local:0", call_id=call_id, name=name, args=args))
    return staged.expect("results", ToolResult, lambda result: result.call_id == call_id)


def hang(staged: ActorHarness[ToolsOptions], folder: Path) -> int:
    """Start the call that hangs; returns the server's pid once the call is in it."""
    note = folder / "note"
    args = {"note": str(note)}
    staged.send("calls", ToolCall(turn="local:0", call_id="hang", name="hang", args=args))
    staged.until(lambda: note.exists() and note.read_text() != "", "the call is in the server")
    return int(note.read_text())


def test_the_tools_of_a_stdio_server_are_offered_and_called(tmp_path: Path) -> None:
    with arm(tmp_path) as staged:
        offer = staged.expect("offer", ToolOffer, lambda offer: bool(offer.tools))
        grip = next(tool for tool in offer.tools if tool["name"] == "grip_now")
        assert grip["description"] == "Close the hand."
        assert grip["parameters"]["properties"]["force_n"]["type"] == "number"
        result = ask(staged, "grip_now", force_n=3)
        assert result.status is ToolStatus.OK
        assert result.response == {"result": "holding with 3 N"}


def test_what_the_server_refuses_is_an_error_with_its_words(tmp_path: Path) -> None:
    with arm(tmp_path) as staged:
        failed = ask(staged, "drop")
        refused = ask(staged, "grip_now", force_n="hard")
    assert (failed.status, refused.status) == (ToolStatus.ERROR, ToolStatus.ERROR)
    assert "drop" in failed.response["error"]
    assert "force_n" in refused.response["error"]


def test_a_server_gets_the_variables_it_is_given_and_not_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_SECRET", "open sesame")
    monkeypatch.setenv("GEMINI_API_KEY", "not for others")
    with arm(tmp_path, env={"ARM_TOKEN": "$ARM_SECRET"}) as staged:
        assert ask(staged, "token").response == {"result": "open sesame|no key"}


def test_a_server_killed_in_mid_call_is_an_error_once_and_comes_back(tmp_path: Path) -> None:
    with arm(tmp_path) as staged:
        before = hang(staged, tmp_path)
        program = (tmp_path / "arm.py").rename(tmp_path / "arm.kept")
        os.kill(before, signal.SIGKILL)
        result = staged.expect("results", ToolResult)
        assert result.status is ToolStatus.ERROR
        assert "may or may not have happened" in result.response["error"]
        staged.until(lambda: staged.actor.counters["mcp_losses"] == 1, "the loss is noticed")
        away = ask(staged, "pid")
        assert away.status is ToolStatus.ERROR
        assert "'arm' is away" in away.response["error"]
        program.rename(tmp_path / "arm.py")
        staged.until(lambda: staged.actor.counters["mcp_connects"] == 2, "it is connected again")
        after = ask(staged, "pid")
        assert after.status is ToolStatus.OK
        assert after.response["result"] != before
        staged.expect_nothing("results")


def test_an_idle_server_that_dies_is_missed_and_connected_again(tmp_path: Path) -> None:
    with arm(tmp_path) as staged:
        os.kill(ask(staged, "pid").response["result"], signal.SIGKILL)
        staged.until(lambda: staged.actor.counters["mcp_connects"] == 2, "it is connected again")
        assert ask(staged, "pid").status is ToolStatus.OK


def test_a_server_ends_with_the_actor(tmp_path: Path) -> None:
    with arm(tmp_path) as staged:
        server = psutil.Process(ask(staged, "pid").response["result"])
    assert not server.is_running()


def test_a_hung_server_dies_with_an_actor_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "arm.py").write_text(SERVER)
    program = """
        import sys
        from pathlib import Path
        sys.path.insert(0, "tests/services/tools")
        from test_tools_mcp import arm, hang

        with arm(Path(sys.argv[1])) as staged:
            print(hang(staged, Path(sys.argv[1])), flush=True)
            staged.until(lambda: False)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as actor:
        assert actor.stdout is not None
        lines = iter(actor.stdout.readline, "")
        server = psutil.Process(next(int(line) for line in lines if line.strip().isdigit()))
        os.kill(actor.pid, signal.SIGKILL)
    psutil.wait_procs([server], timeout=20)
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


def test_a_missing_program_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="mcp server 'arm': no program 'no-such-program'"),
        stage(Tools, config_dir=tmp_path, mcp=[{"name": "arm", "command": "no-such-program"}]),
    ):
        pass


def test_a_server_that_cannot_start_leaves_the_functions_working(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def f() -> int:\n    return 1\n")
    server = {"name": "arm", "command": sys.executable, "args": ["-c", "raise SystemExit(1)"]}
    with stage(Tools, config_dir=tmp_path, functions=["mine.py:f"], mcp=[server]) as staged:
        assert ask(staged, "f").response == {"result": 1}
        unknown = ask(staged, "grip_now")
        assert unknown.status is ToolStatus.UNKNOWN
        assert "MCP servers that are away: arm" in unknown.response["error"]


@contextmanager
def http_server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    (folder / "arm.py").write_text(SERVER)
    with subprocess.Popen([sys.executable, "arm.py", str(port)], cwd=folder) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_server_over_http_is_called_and_connected_again_after_it_was_killed(
    tmp_path: Path,
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = {"name": "arm", "url": f"http://127.0.0.1:{port}/mcp"}
    with stage(Tools, mcp=[server]) as staged:
        counters = staged.actor.counters
        with http_server(tmp_path, port) as process:
            staged.until(lambda: counters["mcp_connects"] == 1, "it is connected")
            assert ask(staged, "pid").response == {"result": process.pid}
        gone = ask(staged, "pid")
        assert gone.status is ToolStatus.ERROR
        with http_server(tmp_path, port) as process:
            staged.until(lambda: counters["mcp_connects"] == 2, "it is connected again")
            assert ask(staged, "pid").response == {"result": process.pid}


def test_the_back_off_grows_to_a_limit() -> None:
    waits = [RECONNECT.wait_s(failures) for failures in range(1, 2000)]
    assert waits[0] == 0.5
    assert waits == sorted(waits)
    assert waits[-1] == 30.0


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("grip", "grip"),
        ("grip.now/hard", "grip_now_hard"),
        ("2nd", "_2nd"),
        ("", "_"),
        ("Hände", "H_nde"),
        ("x" * 64, "x" * 64),
        ("x" * 99, "x" * 55 + "_d0621fdd"),
    ],
)
def test_a_name_that_gemini_does_not_take_is_made_to_fit(name: str, offered: str) -> None:
    assert fitting(name) == offered


def test_tools_of_the_same_name_are_told_apart_and_keep_their_names() -> None:
    names = ToolNames()

    def name(server: str, tool: str) -> str:
        return names.name(server, tool, {"stop"}.__contains__)

    long = "x" * 99
    given = [
        name(server, tool)
        for server in ("arm", "leg", "a.rm")
        for tool in ("move", "stop", "grip.now", "grip_now", f"{long}1", f"{long}2")
    ]
    assert given[:3] == ["move", "arm_stop", "grip_now"]
    assert given[6] == "leg_move"
    assert len(set(given)) == len(given)
    assert all(FUNCTION_NAME.fullmatch(each) and len(each) <= 64 for each in given)
    assert name("leg", "move") == "leg_move"


def test_as_many_tools_are_offered_as_gemini_takes() -> None:
    left_out: list[int] = []

    class Crowd:
        name, connected = "crowd", True
        tools: ClassVar = [McpTool(None, f"t{n}", "", {}) for n in range(500)]  # type: ignore[arg-type]

    catalogue = ToolCatalogue({}, [Crowd()], left_out.append)  # type: ignore[list-item]
    assert len(catalogue.refresh()) == MAX_TOOLS
    assert left_out == [500 - MAX_TOOLS]


def test_a_schema_that_cannot_be_sent_is_said() -> None:
    assert _wrong_schema({"type": "object"}) == ""
    assert "more than 64 bits" in _wrong_schema({"properties": {"x": {"maximum": 2**64}}})
    assert "bytes" in _wrong_schema({"description": "x" * 100_000})


@pytest.mark.parametrize(
    "server",
    [
        {"name": "arm"},
        {"name": "arm", "command": "x", "url": "http://localhost"},
        {"name": "arm", "url": "http://localhost", "args": ["x"]},
    ],
)
def test_a_server_is_reached_in_one_way(server: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="MCP server 'arm'"):
        ToolsOptions.model_validate({"mcp": [server]})
