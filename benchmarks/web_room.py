"""Rooms with a gateway in front, as `configs/gateway.yaml` has them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import yaml

from benchmarks.live_server.process import ADDRESS_NAME
from benchmarks.sound import ROOT
from pipeline.testing import RunningPipeline

GATEWAY = ROOT / "configs" / "gateway.yaml"
OPEN_S = 20.0
"""For a room to have its lease: the database may be busy with the others' tables."""
LOOK_S = 0.05
STREAMS = {
    "supervisor": ["turns"],
    "vad": ["speech"],
    "gateway": ["playback"],
    "live": ["faults", "status"],
    "http": ["status"],
}
"""What an account is made of."""


def web_config(folder: Path, *, priority: str = "normal", **options: Any) -> Path:
    """Write the config of every actor but the simulator.

    Args:
        folder: Gets it, and has the address of the Live server.
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


def simulated_tree(folder: Path, description: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the config of all, for more to be said in it; the scenario goes to `folder`.

    A key of whoever measures is not spent on it.
    """
    scenario = folder / "scenario.yaml"
    scenario.write_text(yaml.safe_dump({"description": description, "rules": rules}))
    tree: dict[str, Any] = yaml.safe_load(GATEWAY.read_text())
    actors = tree["actors"]
    actors["simulator"]["options"] = {"scenario": str(scenario)}
    for name in ("live", "http"):
        actors[name]["options"] = {"server_file": "simulator.json", "server_file_when": "always"}
    return tree


def url_of(pipeline: RunningPipeline) -> str:
    """Wait until all are ready; return where callers connect."""
    pipeline.until(lambda status: status.ready, "readiness")
    url: str = json.loads((pipeline.runtime_dir / "gateway.json").read_text())["url"]
    return url


def until_open(pipeline: RunningPipeline) -> str:
    """Wait until a room takes callers, for which it needs its lease; return where they connect."""
    url = url_of(pipeline)
    late_s = time.monotonic() + OPEN_S
    while True:
        try:
            urlopen(f"{url}/readyz").close()
        except HTTPError as error:
            error.close()
            assert time.monotonic() < late_s, "it takes no callers"
            time.sleep(LOOK_S)
        else:
            return url
