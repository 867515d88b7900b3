"""A crowd at a gateway with all of its actors: over several lines, cut off and back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from web_gateway import gateway_config

from benchmarks.web_room import url_of
from pipeline.testing import running

LINES = ("website", "gemini", "twilio")
PATIENCE_S = 60.0
"""For an answer: all understand and speak on the same machine."""
ENDS_S = 300.0


def test_a_crowd_that_is_cut_off_comes_back_and_loses_no_turn(tmp_path: Path) -> None:
    config = gateway_config(tmp_path, {"phone": {"waiting_s": None}})
    options = ["-n", "3", "--length", "6", "--over", "0", "--seed", "2", "--json"]
    options += ["--cuts", "1", "--patience", f"{PATIENCE_S:g}"]
    options += [part for name in LINES for part in ("--as", name)]
    with running(config) as pipeline:
        command = [sys.executable, "-m", "actors.cli", "load", url_of(pipeline), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=ENDS_S, check=False)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    turns = found["turns"]
    assert (found["present"], found["refused"]) == (3, {}), found
    assert found["lost_connections"] == {"cut": 3}, found
    assert (found["back_ms"]["n"], found["not_back"]) == (3, 0), found
    assert turns["answered"] + turns["disturbed_answered"] >= 3, found
    assert (turns["lost"], found["answered_twice"], found["failed"]) == (0, 0, 0), found
    assert found["words_right"] >= found["words"] * 0.8 > 0, found
