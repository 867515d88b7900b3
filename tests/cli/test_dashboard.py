"""The web server of `dashboard`: what it shows, and to whom."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import zmq
from watched import STREAMS, actor, busy, described, heard, publisher, routed, said, status
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from actors.cli.dashboard import dashboard_command
from actors.cli.dashboard.admission import is_meant_for_here, name_within
from actors.cli.dashboard.server import Dashboard
from actors.cli.watch.board import Board
from actors.cli.watch.listen import listening
from pipeline.bus import ipc_address
from pipeline.config.description import Endpoint
from pipeline.errors import GreenroomError
from pipeline.frames import Side

PATIENCE_S = 20
"""Only a broken test waits so long."""


@asynccontextmanager
async def shown(board: Board) -> AsyncIterator[Dashboard]:
    """A dashboard that is being refreshed."""
    async with Dashboard(board, 0) as dashboard:
        refreshing = asyncio.create_task(dashboard.refresh())
        try:
            yield dashboard
        finally:
            refreshing.cancel()
            await asyncio.gather(refreshing, return_exceptions=True)


def watch(board: Board, look: Callable[[Dashboard], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(PATIENCE_S), shown(board) as dashboard:
            await look(dashboard)

    asyncio.run(whole())


async def get(url: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, str]:
    """Ask as any HTTP client would; the headers with `_` for `-`."""

    def ask() -> tuple[HTTPResponse, str]:
        parts = urlsplit(url)
        client = HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
        try:
            client.request(method, parts.path, headers=headers)
            response = client.getresponse()
            return response, response.read().decode()
        finally:
            client.close()

    return await asyncio.to_thread(ask)


def live(dashboard: Dashboard) -> str:
    return f"{dashboard.url.replace('http', 'ws')}live"


async def panels(browser: ClientConnection, wanted: set[str]) -> dict[str, Any]:
    """What came until all that is wanted has come."""
    found: dict[str, Any] = {}
    while not wanted <= found.keys():
        found |= json.loads(await browser.recv())
    return found


def test_the_page_needs_nothing_from_elsewhere_and_may_run_nothing_else() -> None:
    async def look(dashboard: Dashboard) -> None:
        response, page = await get(dashboard.url)
        assert (response.status, response.headers["Content-Type"]) == (
            200,
            "text/html; charset=utf-8",
        )
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert f"connect-src ws://{urlsplit(dashboard.url).netloc};" in policy
        assert "://" not in page
        for name, kind in (("page.css", "text/css"), ("page.mjs", "text/javascript")):
            assert name in page
            response, text = await get(dashboard.url + name)
            assert (response.status, len(text) > 1000) == (200, True)
            assert response.headers["Content-Type"].startswith(kind)
            assert "://" not in text

    watch(busy(), look)


def test_a_browser_gets_every_panel_and_then_what_changes() -> None:
    board = busy()

    async def look(dashboard: Dashboard) -> None:
        async with connect(live(dashboard)) as browser:
            names = {
                "headline",
                "actors",
                "streams",
                "levels",
                "routes",
                "turns",
                "words",
                "sessions",
            }
            first = await panels(browser, {*names, "pipeline"})
            assert first["pipeline"] == "robot"
            assert "live answers" in first["headline"]
            assert first["actors"][2] == {
                "actor": "device",
                "state": "contained: killed by SIGKILL",
                "mood": "bad",
                "restarts": 6,
                "memory_mib": None,
            }
            assert {"microphone.audio", "live.audio"} <= {row["stream"] for row in first["streams"]}
            assert [row["backend"] for row in first["routes"]] == ["device", "live"]
            (turn,) = first["turns"]
            stages = {"capture": 30, "VAD": 570, "network+model": 300, "playout": 200}
            assert turn["stages_ms"] == stages
            assert (turn["first_sound_ms"], turn["playback_ms"]) == (1100, 1500)
            assert first["words"][0] == ["you", "go [bold]forward[/bold]"]
            stop = said(Side.USER, "stop").model_copy(update={"turn": "local:9"})
            board.on_frame("live", "transcript", stop, time.monotonic_ns())
            later = await panels(browser, {"words"})
            assert later["words"][-1] == ["you", "stop"]
            assert "turns" not in later

    watch(board, look)


def test_every_browser_sees_the_levels() -> None:
    board = busy()

    async def look(dashboard: Dashboard) -> None:
        async with connect(live(dashboard)) as one, connect(live(dashboard)) as other:
            for browser in (one, other):
                await panels(browser, {"levels", "words"})
            board.on_frame("microphone", "audio", heard(50, 1, peak=9000), 0)
            for browser in (one, other):
                loud = await panels(browser, {"levels"})
                (row,) = (row for row in loud["levels"] if row["stream"] == "microphone.audio")
                assert row["level_dbfs"] == pytest.approx(-11.2, abs=0.1)
                assert row["share"] == pytest.approx(0.81, abs=0.01)

    watch(board, look)


FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "evil.example:80@127.0.0.1"},
    {"Host": "0.0.0.0"},
    {"Host": ""},
    {"Origin": "http://evil.example"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "null"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda each: "=".join(*each.items()))
def test_a_foreign_host_or_origin_is_refused(headers: dict[str, str]) -> None:
    async def look(dashboard: Dashboard) -> None:
        response, text = await get(dashboard.url, **headers)
        assert (response.status, text) == (403, "only for pages of 127.0.0.1\n")

    watch(busy(), look)


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null"])
def test_a_page_of_somebody_else_may_not_listen(origin: str) -> None:
    async def look(dashboard: Dashboard) -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(live(dashboard), origin=origin):  # type: ignore[arg-type]
                pass
        assert refused.value.response.status_code == 403
        here = f"http://{urlsplit(dashboard.url).netloc}"
        async with connect(live(dashboard), origin=here) as browser:  # type: ignore[arg-type]
            assert await panels(browser, {"words"})

    watch(busy(), look)


def test_who_was_not_told_the_key_sees_nothing() -> None:
    async def look(dashboard: Dashboard) -> None:
        base = f"http://{urlsplit(dashboard.url).netloc}"
        for path in ("/", "/live", "/page.css", "/x/", "//", dashboard.url[len(base) : -1]):
            response, text = await get(base + path)
            assert (response.status, "that `greenroom dashboard` wrote" in text) == (404, True)
        with pytest.raises(InvalidStatus):
            async with connect(f"{base.replace('http', 'ws')}/x/live"):
                pass
        response, _ = await get(f"{dashboard.url}../server.py")
        assert response.status == 404
        response, _ = await get(dashboard.url, method="DELETE")
        assert response.status in (404, 405)

    watch(busy(), look)


def test_what_is_no_request_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def look(dashboard: Dashboard) -> None:
        parts = urlsplit(dashboard.url)
        for noise in (
            b"",
            b"\x16\x03\x01\x02\x00",
            b"GET\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        ):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(noise)
            writer.write_eof()
            await reader.read()
            writer.close()
            await writer.wait_closed()
        response, _ = await get(dashboard.url)
        assert response.status == 200

    with caplog.at_level(logging.WARNING):
        watch(busy(), look)
    assert caplog.text == ""


def test_a_port_that_is_taken_is_one_clear_error() -> None:
    async def look(dashboard: Dashboard) -> None:
        port = urlsplit(dashboard.url).port
        assert port is not None
        with pytest.raises(
            GreenroomError, match=rf"port {port} \(Address already in use\).*--port"
        ):
            async with Dashboard(busy(), port):
                pass

    watch(busy(), look)


def test_it_hears_what_actors_publish_and_what_the_supervisor_retained(tmp_path: Path) -> None:
    """One actor publishes nothing, as the simulator."""

    async def talk() -> None:
        names = {stream.actor for stream in STREAMS}
        endpoints = {name: Endpoint(ipc_address(tmp_path, name), None) for name in names}
        endpoints["simulator"] = Endpoint(ipc_address(tmp_path, "simulator"), None)
        board = Board(described(endpoints), time.monotonic_ns())
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        actors = {name: publisher(context, endpoints[name].address, name) for name in names}
        actors["supervisor"].publish("route", routed("live", 0, "first"))
        actors["supervisor"].publish("status", status(actor("live")))
        try:
            with listening(board, "dashboard"):
                async with shown(board) as dashboard, connect(live(dashboard)) as browser:
                    await actors["microphone"].wait_for({"audio": {"dashboard"}})
                    actors["microphone"].publish("audio", heard(0, 1))
                    routes: list[Any] = []
                    while not routes:
                        routes = (await panels(browser, {"routes"}))["routes"]
                    assert [row["backend"] for row in routes] == ["live"]
        finally:
            for each in actors.values():
                each.close()
            context.destroy(linger=0)

    async def whole() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await talk()

    asyncio.run(whole())


def test_without_a_pipeline_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(GreenroomError, match="no pipeline 'nothing' runs"):
        dashboard_command("nothing", 0)


def test_hosts_and_keys_are_compared_as_a_whole() -> None:
    assert is_meant_for_here(["localhost:9465"], [])
    assert is_meant_for_here(["127.0.0.1"], ["http://127.0.0.1"])
    assert not is_meant_for_here([], [])
    assert not is_meant_for_here(["localhost", "localhost"], [])
    assert not is_meant_for_here(["localhost:80"], ["http://localhost:80", "http://evil.example"])
    assert not is_meant_for_here(["localhost:80"], ["https://localhost:80"])
    assert name_within("/abc/page.css?x=1", "abc") == "page.css"
    assert name_within("/abc/", "abc") == ""
    assert name_within("/abc", "abc") is None
    assert name_within("/abcd/", "abc") is None
