"""The screen of `top`, driven by Textual's pilot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
import zmq
from textual.pilot import Pilot
from watched import STREAMS, actor, busy, described, heard, publisher, routed, status

from actors.cli.top import top_command
from actors.cli.top.app import Panel, TopApp
from actors.cli.watch.board import Board
from actors.cli.watch.listen import listening
from pipeline.bus import ipc_address
from pipeline.config.description import Endpoint
from pipeline.errors import GreenroomError

SIZE = (150, 50)


def lines(app: TopApp) -> list[str]:
    """What is on the screen."""
    width, height = app.size
    rows = app.screen._compositor.render_strips()
    return [strip.text[:width].rstrip() for strip in rows[:height]]


def test_everything_is_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    # A reading on the way would find that no frames come any more.
    monkeypatch.setattr("actors.cli.top.app.REFRESH_S", 3600)

    async def watch() -> str:
        app = TopApp(busy(), lambda _board, _consumer: nullcontext())
        async with app.run_test(size=SIZE):
            return "\n".join(lines(app))

    shown = " ".join(asyncio.run(watch()).split())
    for expected in (
        "robot: ready, up 61 s, live answers turns: 2 answered, 0 open",
        "device contained: killed by SIGKILL 6 -",
        "vad ready 0 40",
        "microphone.audio 50.0 30.0 30.0 3",
        "you: go [bold]forward[/bold]",
        "gemini: Going forward.",
        "device live gave no sound",
        "answered live 30 570 300 200 1100 1500",
    ):
        assert expected in shown


def test_levels_are_bars_above_the_quiet_of_a_room() -> None:
    async def watch() -> None:
        board = busy()
        app = TopApp(board, lambda _board, _consumer: nullcontext())

        def shown() -> bool:
            board.on_frame("microphone", "audio", heard(0, 1), 0)
            return "microphone.audio ████████████████········ -20" in " ".join(
                "\n".join(lines(app)).split()
            )

        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, shown)

    asyncio.run(watch())


def test_it_is_drawn_anew_by_itself() -> None:
    async def watch() -> None:
        board = Board(described(), time.monotonic_ns())
        app = TopApp(board, lambda _board, _consumer: nullcontext())
        async with app.run_test(size=SIZE) as pilot:
            assert "waiting for the supervisor" in lines(app)[0]
            board.on_frame("supervisor", "status", status(actor("live")), time.monotonic_ns())
            await until(pilot, lambda: "live answers" in lines(app)[0])

    asyncio.run(watch())


@pytest.mark.parametrize("size", [(80, 24), (20, 6)], ids=["terminal", "tiny"])
def test_a_small_terminal_is_no_error(size: tuple[int, int]) -> None:
    async def watch() -> None:
        app = TopApp(busy(), lambda _board, _consumer: nullcontext())
        async with app.run_test(size=size) as pilot:
            app.read()
            await pilot.pause()
            assert "robot" in lines(app)[0]

    asyncio.run(watch())


def test_the_conversation_follows_its_end_unless_scrolled_back() -> None:
    async def watch() -> None:
        board = busy()
        app = TopApp(board, lambda _board, _consumer: nullcontext())
        async with app.run_test(size=(80, 24)) as pilot:
            words = app.query_one("#words", Panel)

            async def say(count: int) -> None:
                board.lines.extend(("you", f"line {index}") for index in range(count))
                app.show()
                await pilot.pause()
                await pilot.pause()

            await say(40)
            assert words.is_vertical_scroll_end
            words.focus()
            await pilot.press("home")
            await until(pilot, lambda: words.scroll_y == 0)
            await say(40)
            assert words.scroll_y == 0

    asyncio.run(watch())


def test_a_refresh_finds_the_screen_taken_down_and_goes_on() -> None:
    async def watch() -> None:
        app = TopApp(busy(), lambda _board, _consumer: nullcontext())
        async with app.run_test(size=SIZE):
            await app.query("#headline, #main, #turns").remove()
            app.read()
            app.show_levels()

    asyncio.run(watch())


def test_q_ends_it_and_it_listens_no_more() -> None:
    listened: list[str] = []

    @contextmanager
    def listen(_board: Board, _consumer: str) -> Iterator[None]:
        listened.append("begun")
        yield
        listened.append("ended")

    async def watch() -> None:
        app = TopApp(busy(), listen)
        async with app.run_test(size=SIZE) as pilot:
            assert listened == ["begun"]
            await pilot.press("q")
        assert app.return_code == 0

    asyncio.run(watch())
    assert listened == ["begun", "ended"]


def test_it_hears_what_actors_publish_and_what_the_supervisor_retained(tmp_path: Path) -> None:
    """One actor publishes nothing, as the simulator."""

    async def watch() -> None:
        names = {stream.actor for stream in STREAMS}
        endpoints = {name: Endpoint(ipc_address(tmp_path, name), None) for name in names}
        endpoints["simulator"] = Endpoint(ipc_address(tmp_path, "simulator"), None)
        board = Board(described(endpoints), time.monotonic_ns())
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        actors = {name: publisher(context, endpoints[name].address, name) for name in names}
        actors["supervisor"].publish("route", routed("live", 0, "first"))
        try:
            app = TopApp(board, listening)
            async with app.run_test(size=SIZE) as pilot:
                await actors["microphone"].wait_for({"audio": {"top"}})
                actors["microphone"].publish("audio", heard(0, 1))
                await until(pilot, lambda: bool(board.levels and board.routes))
        finally:
            for each in actors.values():
                each.close()
            context.destroy(linger=0)

    asyncio.run(watch())


def test_without_a_pipeline_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(GreenroomError, match="no pipeline 'nothing' runs"):
        top_command("nothing")


async def until(pilot: Pilot[None], condition: object) -> None:
    """Wait until `condition()`; only a broken test waits long."""
    assert callable(condition)
    deadline_s = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline_s, "did not come about"
        await pilot.pause(0.01)
