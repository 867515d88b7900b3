"""`greenroom load` as it is typed, at small servers."""

from __future__ import annotations

import asyncio
import http
import json
import signal
import sys
from typing import Any

import pytest
import websockets
from bots import TwilioBot, serving

from actors.cli.load.command import EXIT_WRONG

COMMAND = [sys.executable, "-m", "actors.cli", "load"]


async def loaded(*arguments: str, stop: asyncio.Event | None = None) -> tuple[int, str, str]:
    """Run it; return its status, and what it says and complains of."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*COMMAND, *arguments, stdout=pipe, stderr=pipe)
    talking = asyncio.create_task(process.communicate())
    if stop is not None:
        await stop.wait()
        process.send_signal(signal.SIGINT)
    said, complained = await talking
    assert process.returncode is not None
    return process.returncode, said.decode(), complained.decode()


class EveryCall:
    """A bot for each call."""

    def __init__(self) -> None:
        self.bots: list[TwilioBot] = []
        self.called = asyncio.Event()

    async def serve(self, websocket: websockets.ServerConnection) -> None:
        bot = TwilioBot()
        self.bots.append(bot)
        self.called.set()
        await bot.serve(websocket)


async def _figures(server: EveryCall, *arguments: str, **how: Any) -> tuple[int, Any]:
    async with serving(server.serve) as url, asyncio.timeout(120):
        status, said, complained = await loaded(url, "--as", "twilio", "--json", *arguments, **how)
    assert said, complained
    return status, json.loads(said)


def test_everybody_is_answered_and_the_figures_say_so() -> None:
    server = EveryCall()
    options = ("-n", "3", "--arrivals", "together", "--length", "1", "--pause", "0.5")
    status, found = asyncio.run(_figures(server, *options, "--processes", "2"))
    assert status == 0, found
    assert (found["callers"], found["present"], found["holds"]) == (3, 3, True)
    assert found["turns"]["answered"] == 3
    # Within a sentence the bot may take a breath for its end.
    assert found["latency_ms"]["n"] >= 3
    assert found["bytes_up"] > found["bytes_down"] > 0
    assert [each.events[-1] for each in server.bots] == ["stop"] * 3


def test_who_is_cut_off_calls_again() -> None:
    server = EveryCall()
    options = ("-n", "1", "--length", "3", "--cuts", "1", "--pause", "0.5", "--patience", "3")
    _, found = asyncio.run(_figures(server, *options))
    assert found["lost_connections"] == {"cut": 1}
    assert found["back_ms"]["n"] == 1
    assert len(server.bots) == 2
    assert server.bots[0].events[-1] == "lost"


def test_control_c_stops_and_tells_what_was() -> None:
    server = EveryCall()
    options = ("-n", "2", "--arrivals", "together", "--length", "600")
    _, found = asyncio.run(_figures(server, *options, stop=server.called))
    assert found["stopped"]
    assert found["callers"] >= 1
    assert found["turns"]["lost"] == 0


@pytest.mark.parametrize("status", [http.HTTPStatus.NOT_FOUND, http.HTTPStatus.TOO_MANY_REQUESTS])
def test_who_is_refused_is_told_once_for_all(status: http.HTTPStatus) -> None:
    body = json.dumps({"error": "no", "code": "too_many"})

    def refuse(connection: websockets.ServerConnection, _: object) -> object:
        return connection.respond(status, body)

    async def run() -> tuple[int, str, str]:
        async with serving(EveryCall().serve, process_request=refuse) as url, asyncio.timeout(60):
            return await loaded(url, "-n", "3", "--over", "0")

    exit_status, said, complained = asyncio.run(run())
    assert exit_status == EXIT_WRONG
    assert f"3: 3 x {status.value} too_many" in said
    assert "nobody was let in" in complained


def test_another_machine_is_not_called_without_a_key() -> None:
    status, said, complained = asyncio.run(loaded("http://192.0.2.1:3000"))
    assert status != 0
    assert not said
    assert "is not this machine" in complained
    assert "Traceback" not in complained
