"""`greenroom run`: choose or load a config, run it, and say how it went."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import logs
from pipeline.config import Graph, build_graph, load_config
from pipeline.errors import GreenroomError
from pipeline.supervision.nursery import Nursery

if TYPE_CHECKING:
    from pipeline.cli.app import Chooser


def load_graph(
    config: Path,
    overrides: Sequence[str],
    external: Sequence[str] = (),
    overlay: Mapping[str, Any] | None = None,
    *,
    look_outside: bool = True,
) -> Graph:
    """Load and check a config.

    Raises:
        ConfigError: what is wrong, with file, path and the nearest valid name.
    """
    tree = load_config(config, overrides, overlay)
    return build_graph(tree, config, external, look_outside=look_outside)


def run_command(
    config: Path | None,
    choose: Chooser,
    overrides: Sequence[str],
    external: Sequence[str],
    duration_s: float | None,
    plain: bool,
) -> int:
    """Run a pipeline; return the exit status."""
    live = sys.stdout.isatty() and not plain
    log = _open_log() if live else None
    nursery = Nursery(log)
    try:
        overlay: Mapping[str, Any] = {}
        if config is None:
            config, overlay, reasons = choose()
            for reason in reasons:
                print(reason)  # noqa: T201
        graph = load_graph(config, overrides, external, overlay)
    except GreenroomError:
        nursery.abandon()
        raise
    logs.configure(stream=log, level=graph.config.log_level)

    from pipeline.cli.summary import print_turns
    from pipeline.cli.view import LinesView, LiveView
    from pipeline.supervision.supervisor import Supervisor, run_pipeline

    view = LiveView(graph, log.name) if log is not None else LinesView()
    supervisor = Supervisor(graph, nursery, view.on_frame)
    with view:
        ended = run_pipeline(supervisor, duration_s)
    if supervisor.ledger.turns:
        print_turns(supervisor.ledger)
    if ended.exit_status:
        print(f"error: {logs.redact(ended.reason)}", file=sys.stderr)  # noqa: T201
    else:
        print(f"ended: {ended.reason}")  # noqa: T201
    return ended.exit_status


def _open_log() -> Any:
    """While the live view has the terminal, log lines go to a file."""
    from pipeline.config.graph import default_state_dir

    folder = default_state_dir("log")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return (folder / "greenroom.log").open("a", encoding="utf-8", buffering=1)
