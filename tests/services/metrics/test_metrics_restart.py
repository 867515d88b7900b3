"""Real processes: the endpoint outlives the actor that serves it."""

from __future__ import annotations

import json
import signal
import socket
import urllib.request
import wave
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from pipeline.frames import Frame, Health
from pipeline.testing import RunningPipeline, running


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def config(folder: Path, port: int) -> Path:
    """A pipeline in which one typed line fails, since nobody answers it."""
    with wave.open(str(folder / "quiet.wav"), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes(bytes(32_000))
    (folder / "lines.txt").write_text("hello\n")
    inputs = {name: f"supervisor.{name}" for name in ("status", "turns", "route")}
    tree = {
        "name": "counted",
        "ledger": {"answer_deadline_s": 0.5},
        "actors": {
            "microphone": {"use": "recording", "options": {"files": ["quiet.wav"], "loop": True}},
            "console": {"use": "console", "options": {"path": "lines.txt"}},
            "metrics": {"use": "metrics", "inputs": inputs, "options": {"port": port}},
        },
    }
    path = folder / "counted.yaml"
    path.write_text(json.dumps(tree))
    return path


def totals(port: int) -> dict[str, float]:
    """Turns, and restarts of the actor `metrics`."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as response:
        text = response.read().decode()
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "greenroom_turns_total" or sample.labels.get("actor") == "metrics"
    }


def saved(pipeline: RunningPipeline) -> None:
    """Return when the supervisor knows of a turn counted: it got the heartbeat before this one."""

    def tells(frame: Frame) -> bool:
        return isinstance(frame, Health) and bool(frame.checkpoint.get("tally", {}).get("turns"))

    first = pipeline.frame("metrics", "health", tells)
    pipeline.frame("metrics", "health", lambda frame: frame.seq > first.seq)


def test_killed_it_serves_the_same_counts_on_the_same_port(tmp_path: Path) -> None:
    port = free_port()
    with running(config(tmp_path, port)) as pipeline:
        pipeline.until(lambda status: status.ready, "readiness")
        saved(pipeline)
        assert totals(port)["greenroom_turns_total"] == 1
        pipeline.kill("metrics", signal.SIGKILL)
        pipeline.until(
            lambda status: status.ready and status.actors[-1].restarts == 1, "metrics is back"
        )
        pipeline.until(
            lambda _: totals(port).get("greenroom_actor_restarts_total") == 1, "a status"
        )
        after = totals(port)
    assert after["greenroom_turns_total"] == 1
    assert after["greenroom_actor_up"] == 1
