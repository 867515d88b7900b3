"""The unmodified JavaScript SDK, @google/genai, against the simulator."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from node_project import node_project
from simulating import Scripted

TALK = Path(__file__).with_name("talk.mjs")
# The version these tests were written with; a range would test something else every week.
PACKAGE = "@google/genai@2.32.0"
TALK_S = 60


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return node_project(tmp_path_factory.mktemp("javascript"), TALK, PACKAGE, "the JavaScript SDK")


def test_javascript_sdk_holds_a_live_turn_and_asks_over_http(
    node_folder: Path, scripted: Scripted
) -> None:
    simulator = scripted()
    environment = {
        **os.environ,
        "NODE_EXTRA_CA_CERTS": str(simulator.server.ca_file),
        "GOOGLE_GEMINI_BASE_URL": simulator.server.base_url,
    }
    done = subprocess.run(
        ["node", TALK.name],
        cwd=node_folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TALK_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["call"] == "stop"
    assert result["said"] == "One moment.Stopping."
    assert result["bytes"] > 10_000
    assert result["tokens"] > 0
    assert result["http"] == "You said: Hello."
    record = simulator.journal.sessions[0]
    assert record.close is not None
    assert (record.close.by, record.audio_messages) == ("client", 1)
