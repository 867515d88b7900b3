"""A name server that never answers: nobody waits for it, neither a question nor the end."""

from __future__ import annotations

import os
import time
from pathlib import Path

from helpers import playing, write_config

from pipeline.testing import running

KEY = "AIza-this-key-is-only-for-tests-0123456789"
SILENT = """
import socket, threading
found = socket.getaddrinfo
def look_up(host, *args, **kwargs):
    if host in (None, "", "localhost", "127.0.0.1", "::1"):
        return found(host, *args, **kwargs)
    print("looks up", host, flush=True)
    threading.Event().wait()
socket.getaddrinfo = look_up
"""
"""What the C library does for a minute and more, in a thread that nobody can stop."""
STOPPED_S = 20.0
"""Each of seven actors may take 3 s to end, a looking-up one no longer than any other."""


def test_the_device_answers_and_the_run_ends_while_names_are_looked_up_f2(tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "sitecustomize.py").write_text(SILENT)
    backend = {"after": [], "options": {"server_file": None}}
    changes = {
        "actors": {
            "simulator": None,
            # The second keeps it from ending by itself.
            "microphone": playing("goforward.wav", {"path": "goforward.wav", "delay_s": 600.0}),
            "live": backend,
            "http": backend,
        }
    }
    env = {
        "GEMINI_API_KEY": KEY,
        "GOOGLE_API_KEY": "",
        "PYTHONPATH": f"{tmp_path / 'modules'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    with running(write_config(tmp_path, changes), cwd=tmp_path, env=env) as pipeline:
        pipeline.until(
            lambda status: (
                status.turns_closed.get("answered", 0) >= 1 and status.route.owner == "device"
            ),
            "an answer from the device",
        )
        assert all(each.restarts == 0 for each in pipeline.status().actors), pipeline.output
        asked_s = time.monotonic()
        pipeline.process.terminate()
        assert pipeline.wait() == 0
        assert time.monotonic() - asked_s < STOPPED_S
    assert "generativelanguage.googleapis.com" in pipeline.output
    assert "ten meters" in pipeline.output.lower()
