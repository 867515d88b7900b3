"""Every process is killed in turn, and the conversation goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest
from helpers import DEMO, SPEECH, playing, write_config

from pipeline.config import load_config
from pipeline.testing import running

ACTORS = list(load_config(DEMO).actors)


@pytest.mark.parametrize("actor", ACTORS)
def test_a_killed_actor_is_back_and_the_next_question_is_answered_f18(
    tmp_path: Path, actor: str
) -> None:
    second = {"path": "cards-001.wav", "start": "after_answer", "delay_s": 1.0}
    config = write_config(
        tmp_path, {"actors": {"microphone": playing("goforward.wav", second, gap_s=1.0)}}
    )
    with running(config, cwd=tmp_path) as pipeline:
        pipeline.until(lambda status: status.turns_closed.get("answered") == 1, "first answer")
        pid = pipeline.kill(actor, signal.SIGKILL)
        status = pipeline.until(
            lambda s: all(a.phase == "running" and a.pid != pid for a in s.actors), "its return"
        )
        assert {a.actor: a.restarts for a in status.actors} == {
            each: int(each == actor) for each in ACTORS
        }
        pipeline.until(lambda status: status.turns_closed.get("answered") == 2, "second answer")
        assert pipeline.wait() == 0
    (how,) = [line for line in pipeline.output.splitlines() if f"{actor} ended" in line]
    assert "killed by SIGKILL" in how


@pytest.mark.cold
def test_a_killed_supervisor_leaves_no_process_and_a_new_run_works_f19(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"actors": {"microphone": playing("goforward.wav", loop=True)}})
    with running(config, cwd=tmp_path) as pipeline:
        pipeline.until(lambda status: status.ready, "readiness")
        family = pipeline.processes()
        assert len(family) == len(ACTORS) + 2, "and a supervisor with its fork server"
        os.kill(pipeline.process.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(family, timeout=10)
        assert not alive
    with running(DEMO, cwd=tmp_path) as pipeline:
        assert pipeline.wait() == 0


@pytest.mark.cold
def test_a_key_never_shows_f05(tmp_path: Path) -> None:
    key = "AIzaSy-this-is-the-secret-0123456789abcd"
    config = write_config(
        tmp_path,
        {
            "actors": {
                "microphone": playing("goforward.wav", loop=True),
                "simulator": {"options": {"keys": ["another key"], "ears": "none"}},
                "live": {"options": {"server_file": None, "base_url": "https://127.0.0.1:9"}},
                "http": {"options": {"server_file": None, "base_url": "https://127.0.0.1:9"}},
            },
            "log_level": "debug",
        },
    )
    env = {"GEMINI_API_KEY": key, "GOOGLE_API_KEY": ""}
    with running(config, "--duration", "4", env=env, cwd=tmp_path) as pipeline:
        pipeline.until(lambda status: status.ready or status.uptime_s > 2, "start")
        command_lines = [" ".join(process.cmdline()) for process in pipeline.processes()]
        status = pipeline.status().model_dump_json()
        pipeline.wait()
    assert key not in pipeline.output
    assert key not in status
    assert not any(key in line for line in command_lines)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert key.encode() not in path.read_bytes(), path
    assert SPEECH.exists()
