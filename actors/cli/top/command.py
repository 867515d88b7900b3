"""`greenroom top`: what it needs before it can begin."""

from __future__ import annotations

import time
from importlib.util import find_spec

from pipeline.cli.running import find_runtime_dir
from pipeline.errors import GreenroomError


def top_command(pipeline: str | None, session: str | None = None) -> None:
    """Show a running pipeline until `q`, or of its conversations only one.

    Raises:
        GreenroomError: none runs, or Textual is not installed.
    """
    if find_spec("textual") is None:
        raise GreenroomError("top needs a package: pip install 'greenroom[top]'")
    from actors.cli.top.app import TopApp
    from actors.cli.watch.board import Board
    from actors.cli.watch.listen import listening
    from pipeline.config.description import read_description

    description = read_description(find_runtime_dir(pipeline))
    TopApp(Board(description, time.monotonic_ns(), session), listening).run()
