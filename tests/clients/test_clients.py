"""Clients that nobody here wrote, the newest of each, against the simulator as it is started.

They install what they test: `pytest -m slow -s tests/clients`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from environments import checkouts, client_command, run_client

pytestmark = pytest.mark.slow
GREENROOM = Path(sys.executable).parent / "greenroom"
SPEECH = Path(__file__).parent.parent / "speech"
CLIENTS = {
    "google_genai.py": ("google-genai",),
    "genai_js.mjs": ("@google/genai",),
    "pydantic_ai_agent.py": ("pydantic-ai-slim[google]",),
    "langchain_chat.py": ("langchain-google-genai",),
    "litellm_completion.py": ("litellm",),
    "generativeai_legacy.py": ("google-generativeai",),
    "ai_sdk.mjs": ("ai", "@ai-sdk/google", "zod"),
    "adk_agent.py": ("google-adk",),
    "pipecat_pipeline.py": ("pipecat-ai[google]",),
    "livekit_agent.py": ("livekit-agents", "livekit-plugins-google"),
    "livekit_js.mjs": ("@livekit/agents", "@livekit/agents-plugin-google"),
    "google_scripts.py": ("google-genai", "websockets", "numpy", "pillow"),
    "google_notebooks.py": ("google-genai", "websockets"),
    "google_servers.py": (
        "google-genai",
        "websockets",
        "aiohttp",
        "fastapi",
        "uvicorn",
        "python-dotenv",
        "audioop-lts",
    ),
    "google_node.mjs": ("@google/genai", "tsx"),
}
# Programs that Google shows, of which the newest are run.
EXAMPLES = {
    "google-gemini/cookbook": (
        "quickstarts/Get_started_LiveAPI.py",
        "quickstarts/Get_started_LiveAPI_NativeAudio.py",
        "quickstarts/Get_started_LiveTranslate.py",
        "quickstarts/Get_started_LiveAPI.ipynb",
        "quickstarts/Get_started_LiveAPI_tools.ipynb",
        "quickstarts/websockets/Get_started_LiveAPI.py",
        "quickstarts/websockets/Get_started_LiveAPI.ipynb",
    ),
    "google-gemini/gemini-live-api-examples": (".",),
}


@pytest.fixture(scope="session")
def environment() -> Iterator[dict[str, str]]:
    """What a shell has that evaluated the lines of `greenroom simulate`."""
    with subprocess.Popen([GREENROOM, "simulate"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(5)]
            exports = (line.removeprefix("export ").strip().split("=", 1) for line in lines)
            inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            own = {"GOOGLE_API_KEY": "any-key", "SPEECH_FOLDER": str(SPEECH)}
            yield {**inherited, **dict(exports), **own}
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def examples() -> Path:
    return checkouts(EXAMPLES)


@pytest.mark.parametrize("program", CLIENTS)
def test_client_does_with_the_simulator_what_it_does_with_the_service(
    environment: dict[str, str], program: str, request: pytest.FixtureRequest
) -> None:
    if program.startswith("google_") and program != "google_genai.py":
        environment = {**environment, "EXAMPLES": str(request.getfixturevalue("examples"))}
    run_client(client_command(CLIENTS[program], program), environment)
