"""A recorded conversation, fed to each of its actors alone, reproduces what they gave."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors.recorder.reader import read_recording
from pipeline.frames import AnswerEnded, Frame, ToolCall
from pipeline.testing import running

ROOT = Path(__file__).parent.parent.parent
SPEECH = ROOT / "tests" / "speech"
CHANGED = Path(__file__).parent / "changed_live.py"
FED = ("vad", "tools", "live", "http", "device", "budget", "speaker")
"""All actors of the demo that are sent anything on a wire and give anything."""
AT_ONCE = 4
"""Reproductions beside each other: they mostly wait for the clock."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, in which a command is carried out and its answer is interrupted."""
    folder = tmp_path_factory.mktemp("recorded")
    config = folder / "test.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "extends": str(ROOT / "configs" / "demo.yaml"),
                "name": "test",
                "actors": {
                    "recorder": {
                        "use": "recorder",
                        "options": {"path": str(folder / "run.mcap")},
                    },
                    "microphone": {
                        "options": {
                            "files": [
                                str(SPEECH / "goforward.wav"),
                                {"path": str(SPEECH / "cards-003.wav"), "start": "during_answer"},
                            ]
                        }
                    },
                },
            }
        )
    )
    with running(config, cwd=folder) as pipeline:
        assert pipeline.wait() == 0
    return folder / "run.mcap"


def sent(recording: Path, actor: str, kind: type[Frame]) -> list[Any]:
    found = read_recording([recording], {kind.type_name})
    return [message.frame() for message in found.messages if message.actor == actor]


@contextmanager
def reproducing() -> Iterator[Any]:
    """Runs `greenroom reproduce`, several beside each other."""
    environment = {**os.environ, "COLUMNS": "200"}
    for variable in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        environment.pop(variable, None)

    def run(recording: Path, actor: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        greenroom = str(Path(sys.executable).parent / "greenroom")
        command = [greenroom, "reproduce", actor, str(recording), *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=100, check=False
        )

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield lambda *arguments: pool.submit(run, *arguments)


def test_each_actor_alone_gives_what_it_gave(recording: Path) -> None:
    assert [call.name for call in sent(recording, "live", ToolCall)] == ["move"]
    ends = [frame.end for frame in sent(recording, "live", AnswerEnded)]
    assert ends in (["complete", "complete"], ["interrupted", "complete"])
    with reproducing() as reproduce:
        runs = {actor: reproduce(recording, actor) for actor in FED}
    for actor, run in runs.items():
        done = run.result()
        assert done.returncode == 0, f"{actor}: {done.stdout}\n{done.stderr}"
        assert "the same" in done.stdout


def test_a_changed_backend_is_found_out(recording: Path) -> None:
    with reproducing() as reproduce:
        forgetful = reproduce(recording, "live", "--use", f"{CHANGED}:Forgetful")
        mumbling = reproduce(recording, "live", "--use", f"{CHANGED}:Mumbling")
    done = forgetful.result()
    assert done.returncode == 1, done.stderr
    lost = [line for line in done.stdout.splitlines() if line.startswith("- ")]
    assert len(lost) == 2
    assert all('"side": "user"' in line for line in lost)
    assert "+ " not in done.stdout.replace("said to", "")
    done = mumbling.result()
    assert done.returncode == 1, done.stderr
    assert "said to its service what it had not said" in done.stdout
    assert "- live.audio" in done.stdout
