"""A room with a gateway in front: every actor of `configs/gateway.yaml` but the simulator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

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


def web_config(folder: Path, gateway: Mapping[str, Any] | None = None) -> Path:
    """Write the config; `folder` has `simulator.json` of the server.

    Args:
        folder: Where to.
        gateway: Options of the gateway.
    """
    config = yaml.safe_load(GATEWAY.read_text())
    actors = config["actors"]
    del actors["simulator"]
    for name in ("live", "http"):
        actors[name]["options"] = {"server_file": str(folder / "simulator.json")}
        del actors[name]["after"]
    actors["gateway"]["options"] = {"port": 0, **(gateway or {})}
    path = folder / "web.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def url_of(pipeline: RunningPipeline) -> str:
    """Wait until all are ready; return where callers connect."""
    pipeline.until(lambda status: status.ready, "readiness")
    url: str = json.loads((pipeline.runtime_dir / "gateway.json").read_text())["url"]
    return url
