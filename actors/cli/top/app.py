"""The screen of `greenroom top`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import ClassVar

from rich.console import RenderableType
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Footer, Static

from actors.cli.top import panels
from actors.cli.watch.board import LEVELS_S, REFRESH_S, Board
from actors.cli.watch.rows import has_several, headline

CONSUMER = "top"
Listen = Callable[[Board, str], AbstractContextManager[None]]


class Panel(VerticalScroll):
    """A part of the screen with a title, which scrolls when it is too small."""

    def __init__(self, title: str, name: str) -> None:
        super().__init__(id=name)
        self.border_title = title
        self._content = Static(id=f"{name}-content")

    def compose(self) -> ComposeResult:
        """The one thing in it."""
        yield self._content

    def show(self, content: RenderableType) -> None:
        """Replace what it holds."""
        self._content.update(content)


class TopApp(App[None]):
    """Shows a board, and lets it listen while it does."""

    CSS = """
    #headline { height: 1; padding: 0 1; background: $primary; color: $text; }
    Panel { border: round $primary; padding: 0 1; height: 1fr; scrollbar-size-vertical: 1; }
    #actors { height: auto; max-height: 50%; }
    #left, #right { width: 1fr; }
    #words { height: 2fr; }
    #levels { height: auto; max-height: 9; }
    #sessions { display: none; }
    #sessions.several { display: block; }
    #main { height: 3fr; }
    #turns { height: 1fr; }
    Screen { overflow: hidden; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit", "Quit")]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, board: Board, listen: Listen) -> None:
        super().__init__()
        self.board = board
        self._listen = listen
        self._open = ExitStack()

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Static(id="headline", markup=False)
        with Horizontal(id="main"):
            with Vertical(id="left"):
                yield Panel("actors", "actors")
                yield Panel("streams: age in ms", "streams")
            with Vertical(id="right"):
                yield Panel("conversation", "words")
                yield Panel("levels", "levels")
                yield Panel("route", "routes")
                yield Panel("sessions", "sessions")
        yield Panel("turns, in ms", "turns")
        yield Footer()

    def on_mount(self) -> None:
        """Begin to listen and to refresh."""
        self._open.enter_context(self._listen(self.board, CONSUMER))
        self.set_interval(REFRESH_S, self.read)
        self.set_interval(LEVELS_S, self.show_levels)
        self.query_one("#words", Panel).anchor()
        self.show()

    def on_unmount(self) -> None:
        """Listen no more."""
        self._open.close()

    def read(self) -> None:
        """Take readings and show them."""
        self.board.read(time.monotonic_ns())
        self.show()

    def show(self) -> None:
        """Draw the board as it is."""
        board = self.board
        title = f"{board.description.pipeline}: {headline(board)}"
        for line in self.query("#headline").results(Static):
            line.update(panels.plain(title))
        for panel in self.query("#sessions").results(Panel):
            panel.set_class(has_several(board), "several")
        for name, content in (
            ("actors", panels.actors_table(board)),
            ("streams", panels.streams_table(board)),
            ("routes", panels.routes_table(board)),
            ("turns", panels.turns_table(board)),
            ("words", panels.words(board)),
            ("sessions", panels.sessions_table(board)),
        ):
            self._draw(name, content)

    def show_levels(self) -> None:
        """Draw the levels, and begin to look for the loudest block anew."""
        self._draw("levels", panels.levels_table(self.board))
        self.board.quieten()

    def _draw(self, name: str, content: RenderableType) -> None:
        # When the screen is taken down, the panels go before the timers do.
        for panel in self.query(f"#{name}").results(Panel):
            panel.show(content)
