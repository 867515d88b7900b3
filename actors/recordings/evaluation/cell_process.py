"""The process of one cell: a whole pipeline, and what happened in it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from actors.recordings.evaluation.observation import Observer
from pipeline import logs
from pipeline.config import build_graph
from pipeline.config.model import PipelineConfig
from pipeline.errors import GreenroomError
from pipeline.files import write_whole
from pipeline.launch.fork_client import ForkServerClient
from pipeline.launch.fork_server import import_shared, keep_to_one_thread
from pipeline.launch.prctl import die_with_parent


def main() -> int:
    """Run the pipeline that standard input describes; write what happened to its `result`.

    Standard input: JSON with `config`, `path` of the config file, `lead_s`, `duration_s` at most,
    `parent` pid and `result`, the path of the file to be written: `{"observed": ...}` or
    `{"error": ...}`.
    """
    job: dict[str, Any] = json.load(sys.stdin)
    die_with_parent(job["parent"])
    keep_to_one_thread()
    config = PipelineConfig.model_validate(job["config"])
    logs.configure(level=config.log_level)
    try:
        result = _run(config, Path(job["path"]), job["lead_s"], job["duration_s"])
    except GreenroomError as error:
        result = {"error": logs.redact(str(error))}
    write_whole(Path(job["result"]), json.dumps(result), durable=False)
    return 0


def _run(config: PipelineConfig, path: Path, lead_s: float, duration_s: float) -> dict[str, Any]:
    graph = build_graph(config, path)

    from pipeline.supervision.run import run_pipeline
    from pipeline.supervision.supervisor import Supervisor

    import_shared()
    observer = Observer(lead_s)
    supervisor = Supervisor(graph, ForkServerClient(forked=True), observer.on_frame)
    ended = run_pipeline(supervisor, duration_s)
    if ended.exit_status:
        return {"error": logs.redact(ended.reason)}
    if supervisor.ledger.open_turns():
        return {"error": f"turns were open after {duration_s:.0f} s"}
    observed = observer.observed(supervisor.ledger.turns)
    return {"observed": observed.model_dump(mode="json")}


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # As the actors' processes end: threads that libraries leave must not hold the process up.
    os._exit(status)
