"""streamdouble, an independent reading of Twilio's protocol, talks with the gateway.

It installs what it tests: `pytest -m slow -s tests/clients/test_streamdouble.py`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from environments import client_command, run_client
from recognition import recognise
from web_gateway import gateway_config

from benchmarks.sound import SPEECH
from benchmarks.web_room import url_of
from pipeline.testing import running

pytestmark = pytest.mark.slow
PATIENCE_S = 60
"""All understand and speak on the same machine."""
ANSWERED_S = 15.0
ASKED, INTERRUPTING = "austen-0870.wav", "cards-001.wav"
SAYS, REPEATED = "said", "ten"
"""Of every answer, and of what interrupts: heard whatever 8 kHz makes of the rest."""
NETWORKS = {"good": (0.0, 0.0), "jitter": (60.0, 0.0), "loss": (0.0, 0.02)}
"""Jitter in ms, and part of the sound that is lost."""


def wait_for(event: str) -> dict[str, Any]:
    """A step."""
    return {"wait_for": {"event": event, "timeout": PATIENCE_S}}


def scenario(folder: Path) -> Path:
    """A question, an answer that is interrupted by another question, and its answer."""
    steps = [
        {"wait": 0.5},
        {"say": str(SPEECH / ASKED)},
        wait_for("audio"),
        {"wait": 1.0},
        {"say": str(SPEECH / INTERRUPTING)},
        {"expect": "clear"},
        # It can wait for the first sound of a call only: this is for the second answer.
        {"wait": ANSWERED_S},
        wait_for("quiet"),
        {"expect": "mark"},
        {"expect": "no_violations"},
    ]
    path = folder / "talk.yaml"
    path.write_text(yaml.safe_dump({"name": "talk", "steps": steps}))
    return path


def test_streamdouble_asks_is_answered_and_interrupts(tmp_path: Path) -> None:
    command = client_command(("streamdouble[resample]==0.3.0",), "streamdouble_calls.py")
    phone = {"businesses": {"b42": {"instruction": "You serve b42."}}, "default_business": "b42"}
    with running(gateway_config(tmp_path, {"phone": phone})) as pipeline:
        url = f"{url_of(pipeline).replace('http', 'ws', 1)}/phone/twilio"
        calls = [
            {
                "url": url,
                "scenario": str(scenario(tmp_path)),
                "parameters": {"business": "b42", "direction": "inbound"},
                "jitter_ms": jitter_ms,
                "loss": loss,
                "heard": str(tmp_path / f"{name}.wav"),
            }
            for name, (jitter_ms, loss) in NETWORKS.items()
        ]
        printed = run_client(command, {**os.environ, "CALLS": json.dumps(calls)})
        closed = pipeline.status().turns_closed
    # In each call the question was being answered, and what interrupted that was answered.
    assert closed == {"interrupted": len(NETWORKS), "answered": len(NETWORKS)}
    for name, seen in zip(NETWORKS, json.loads(printed), strict=True):
        assert (seen["violations"], seen["failed"], seen["unknown"]) == ([], [], []), name
        assert seen["exit_code"] == 0, name
        assert seen["clears"] >= 1, name
        assert seen["marks_back"], name
        assert bool(seen["lost"]) == (name == "loss"), name
        heard = recognise(tmp_path / f"{name}.wav")
        print(name, heard, seen["metrics"])
        assert heard.count(SAYS) > 1, "the beginning of an answer, and the other"
        assert REPEATED in heard or name == "loss", heard
        assert "do for them" not in heard, "the end of the answer that was interrupted"
