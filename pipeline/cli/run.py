"""`greenroom run`: choose or load a config, run it, and say how it went."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import logs
from pipeline.config import Graph, build_graph, load_config
from pipeline.config.build import default_state_dir
from pipeline.config.model import PipelineConfig
from pipeline.config.pace import at_pace
from pipeline.errors import ConfigError
from pipeline.launch.file_limit import raise_file_limit
from pipeline.launch.fork_client import ForkServerClient
from pipeline.launch.fork_server import import_shared, keep_to_one_thread
from pipeline.launch.slowness import model_slowness, processor_slowness, slowness
from pipeline.launch.thread_limit import require_threads
from pipeline.outlets import Outputs
from pipeline.supervision.notify import ServiceManager
from pipeline.supervision.reload import Reload

if TYPE_CHECKING:
    from pipeline.cli.view import View
    from pipeline.supervision.supervisor import Supervisor

Chooser = Callable[[Sequence[str], bool], tuple[Path, dict[str, object], list[str]]]
"""Finds out what is there, unless the demo is asked for; it gets the overrides. Returns a config,
what to lay over it, and why, in a few lines."""
Fitter = Callable[[PipelineConfig, Path], PipelineConfig]
"""Leaves out of a config that was given, at its path, what is not needed here."""


def load_graph(config: Path, overrides: Sequence[str], *, look_outside: bool = True) -> Graph:
    """Load and check a config.

    Raises:
        ConfigError: what is wrong, with file, path and the nearest valid name.
    """
    return build_graph(load_config(config, overrides), config, look_outside=look_outside)


def run_command(
    config: Path | None,
    choose: Chooser,
    fit: Fitter,
    overrides: Sequence[str],
    external: Sequence[str],
    duration_s: float | None,
    plain: bool,
    demo: bool,
) -> int:
    """Run a pipeline; return the exit status. Turns garbage collection on.

    Args:
        config: What to run; None: what `choose` says.
        choose: Finds out what is there.
        fit: Leaves out what is not needed where that is there.
        overrides: Of fields of the config, as `a.b=c`.
        external: Actors that somebody else publishes.
        duration_s: When to end; None: when the sources do.
        plain: Print lines, also on a terminal.
        demo: Run the demo, whatever is there.

    Raises:
        ConfigError: what is asked for cannot work.
    """
    if demo and config is not None:
        raise ConfigError(f"--demo runs a config of its own: leave out --demo, or {config}")
    keep_to_one_thread()
    service = ServiceManager.taken_from()
    live = sys.stdout.isatty() and not plain
    raise_file_limit()
    log = default_state_dir("log") / "greenroom.log" if live else None
    with Outputs(log) as outputs:
        overlay: Mapping[str, Any] = {}
        if config is None:
            config, overlay, reasons = choose(overrides, demo)
            for reason in reasons:
                print(reason)  # noqa: T201
        path, laid_over = config, overlay
        begun_s = time.monotonic()
        tree = load_config(path, overrides, laid_over)
        logs.configure(stream=outputs.log, level=tree.log_level)

        def load() -> Graph:
            return build_graph(fit(load_config(path, overrides, laid_over), path), path, external)

        computing = slowness(0, processor_slowness(), model_slowness())
        graph = build_graph(at_pace(fit(tree, path), computing.models), path, external)
        import_shared()
        loading_s = time.monotonic() - begun_s
        measured = slowness(loading_s, computing.processor, computing.models)
        reload = Reload(load, service, measured)
        status = _run(graph, duration_s, outputs, log, reload)
    if reload.is_due:
        reload.begin_anew()
    return status


def _run(
    graph: Graph, duration_s: float | None, outputs: Outputs, log: Path | None, reload: Reload
) -> int:
    from pipeline.supervision.run import run_pipeline
    from pipeline.supervision.supervisor import Supervisor

    fork_server = ForkServerClient(outputs.descriptors, forked=True)
    outputs.start()
    require_threads()
    gc.enable()
    view = _view(graph, log)
    supervisor = Supervisor(
        graph, fork_server, view.on_frame, outputs.unwritten, reload.service, reload.slowness
    )
    with view:
        ended = run_pipeline(supervisor, duration_s, reload.of(supervisor))
    outputs.settle()
    _print_summary(supervisor, view)
    outputs.settle()
    if ended.exit_status:
        print(f"error: {logs.redact(ended.reason)}", file=sys.stderr)  # noqa: T201
    else:
        print(f"ended: {ended.reason}")  # noqa: T201
    return ended.exit_status


def _print_summary(supervisor: Supervisor, view: View) -> None:
    callers, left_out = supervisor.callers()
    if callers:
        from pipeline.cli.summary import print_callers

        print_callers(callers, left_out)
    # What it cost stands below; with callers alone the table has no rows.
    if supervisor.ledger.turns or (callers and view.spending is not None):
        from pipeline.cli.summary import print_turns

        print_turns(supervisor.ledger, view.spending)


def _view(graph: Graph, log: Path | None) -> View:
    # Rich takes 40 ms to import: nobody waits for it who does not see it.
    if log is not None:
        from pipeline.cli.live_view import LiveView

        return LiveView(graph, log)
    from pipeline.cli.view import LinesView

    return LinesView(graph.config.session)
