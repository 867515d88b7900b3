"""Clients that nobody here wrote, the newest of each, at the gateway by base URL alone.

Live's quota is used up in the middle of the first answer of each: the client hears an answer and
never learns of it. They install what they test: `pytest -m slow -s tests/clients`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from environments import node_command, python_command
from test_clients import CLIENTS, PROGRAM_S, SPEECH

from pipeline.testing import RunningPipeline, running

pytestmark = pytest.mark.slow
CONFIG = Path(__file__).parent.parent.parent / "configs" / "gateway.yaml"
CHECKS = (
    # By itself: once Live is out, the simulator's other models say nothing of what they heard.
    ("google_genai.py", ("live_speech",)),
    (
        "google_genai.py",
        (
            "live_question",
            "live_function",
            "live_interruption",
            "question",
            "streamed",
            "function_called_by_the_sdk",
            "tokens",
        ),
    ),
    (
        "genai_js.mjs",
        (
            "live_question",
            "live_by_token",
            "live_function",
            "live_interruption",
            "question",
            "streamed",
            "function",
        ),
    ),
    (
        "pipecat_pipeline.py",
        (
            "live_question",
            "live_speech",
            "live_function",
            "live_interruption",
            "llm_question",
            "llm_function",
            "llm_out_of_band",
        ),
    ),
    (
        "livekit_agent.py",
        (
            "realtime_question",
            "realtime_speech",
            "realtime_function",
            "realtime_interruption",
            "llm_question",
            "llm_function",
        ),
    ),
    ("livekit_js.mjs", ("realtime_speech", "realtime_function_default", "realtime_interruption")),
    # No stream: `http` says whole sentences, and the simulator's answer is one.
    ("pydantic_ai_agent.py", ("question", "function", "memory")),
    ("langchain_chat.py", ("question", "streamed", "function")),
)
"""What is not here is refused: structured output, and models that do nothing but speak."""


def config(folder: Path) -> Path:
    """A gateway with a certificate, before a Live service whose quota ends in its first answer."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "certificate.pem").write_bytes(issued.cert_chain_pems[0].bytes())
    simulated = {"options": {"server_file_when": "always"}}
    options = {"port": 0, "certificate": "certificate.pem", "private_key": "key.pem"}
    changes: dict[str, Any] = {
        "extends": str(CONFIG),
        "actors": {
            "gateway": {"options": options},
            "simulator": {"options": {"scenario": "f01_quota_mid_answer"}},
            "live": simulated,
            "http": simulated,
        },
    }
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump(changes), encoding="utf-8")
    return path


def environment(pipeline: RunningPipeline, authority: Path) -> dict[str, str]:
    """What a shell has whose programs are to talk to the gateway."""
    pipeline.until(lambda status: status.ready, "readiness")
    url = json.loads((pipeline.runtime_dir / "gateway.json").read_text())["url"]
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    trusted = dict.fromkeys(
        ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), str(authority)
    )
    own = {"GOOGLE_API_KEY": "of-the-gateway", "SPEECH_FOLDER": str(SPEECH)}
    return {**inherited, **trusted, **own, "GOOGLE_GEMINI_BASE_URL": url}


@pytest.mark.parametrize(("program", "checks"), CHECKS)
def test_client_is_answered_through_a_quota_fault_and_never_learns_of_it(
    tmp_path: Path, program: str, checks: Sequence[str]
) -> None:
    make = node_command if program.endswith(".mjs") else python_command
    command = make(CLIENTS[program], program)
    with running(config(tmp_path)) as pipeline:
        done = subprocess.run(
            [*command, *checks],
            env=environment(pipeline, tmp_path / "ca.pem"),
            capture_output=True,
            text=True,
            timeout=PROGRAM_S,
            check=False,
        )
        print(done.stdout)
        assert done.returncode == 0, done.stderr[-8000:]
        assert done.stdout.count("\nok ") + done.stdout.startswith("ok ") == len(checks)
    assert "quota" in pipeline.output
