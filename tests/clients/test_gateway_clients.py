"""Clients that nobody here wrote, the newest of each, at the gateway by base URL alone.

Live's quota is used up in the middle of the first answer of each: the client hears an answer and
never learns of it. They install what they test: `pytest -m slow -s tests/clients`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from environments import client_command, run_client
from test_clients import CLIENTS, SPEECH
from web_gateway import gateway_config, with_certificate

from benchmarks.web_room import url_of
from pipeline.testing import RunningPipeline, running

pytestmark = pytest.mark.slow
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


def environment(pipeline: RunningPipeline, authority: Path) -> dict[str, str]:
    """What a shell has whose programs are to talk to the gateway."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    trusted = dict.fromkeys(
        ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), str(authority)
    )
    own = {"GOOGLE_API_KEY": "of-the-gateway", "SPEECH_FOLDER": str(SPEECH)}
    return {**inherited, **trusted, **own, "GOOGLE_GEMINI_BASE_URL": url_of(pipeline)}


@pytest.mark.parametrize(("program", "checks"), CHECKS)
def test_client_is_answered_through_a_quota_fault_and_never_learns_of_it(
    tmp_path: Path, program: str, checks: Sequence[str]
) -> None:
    command = client_command(CLIENTS[program], program)
    config = gateway_config(tmp_path, with_certificate(tmp_path), scenario="f01_quota_mid_answer")
    with running(config) as pipeline:
        printed = run_client([*command, *checks], environment(pipeline, tmp_path / "ca.pem"))
        assert printed.count("\nok ") + printed.startswith("ok ") == len(checks)
    assert "quota" in pipeline.output
