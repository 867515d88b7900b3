"""A room with a gateway in front: every actor of `configs/gateway.yaml` but the simulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from benchmarks.live_server.process import ADDRESS_NAME
from benchmarks.sound import ROOT
from pipeline.testing import RunningPipeline

GATEWAY = ROOT / "configs" / "gateway.yaml"
STREAMS = {
    "supervisor": ["turns"],
    "vad": ["speech"],
    "gateway": ["playback"],
    "live": ["faults", "status"],
    "http": ["status"],
}
"""What an account is made of."""


def web_config(folder: Path, *, priority: str = "normal", **options: Any) -> Path:
    """Write the config into `folder`, which has the address of the Live server.

    Args:
        folder: Where.
        priority: Of the gateway.
        options: Of the gateway.
    """
    config = yaml.safe_load(GATEWAY.read_text())
    actors = config["actors"]
    del actors["simulator"]
    for name in ("live", "http"):
        actors[name]["options"] = {"server_file": str(folder / ADDRESS_NAME)}
        del actors[name]["after"]
    actors["gateway"]["options"] = {"port": 0, **options}
    actors["gateway"]["priority"] = priority
    path = folder / "web.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def url_of(pipeline: RunningPipeline) -> str:
    """Wait until all are ready; return where callers connect."""
    pipeline.until(lambda status: status.ready, "readiness")
    url: str = json.loads((pipeline.runtime_dir / "gateway.json").read_text())["url"]
    return url
