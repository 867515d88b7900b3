"""A recorded conversation, fed to each of its actors alone, reproduces what they gave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors.recordings.reader import read_recording
from actors.recordings.reproduce import reproduce
from pipeline.errors import GreenroomError
from pipeline.frames import Frame, Outcome, ToolCall, TurnClosed
from pipeline.testing import running

ROOT = Path(__file__).parents[3]
SPEECH = ROOT / "tests" / "speech"
CHANGED = Path(__file__).parent / "changed_live.py"
FED = ("vad", "tools", "live", "http", "device", "budget", "speaker")
"""All actors of the demo that are sent anything on a wire and give anything."""


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
                    "quiet_recorder": {
                        "use": "recorder",
                        "options": {"path": str(folder / "quiet.mcap"), "without": ["audio"]},
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


@pytest.fixture(scope="module")
def reproduced(recording: Path) -> dict[str, subprocess.CompletedProcess[str]]:
    """What `greenroom reproduce` says of each actor, and of what was made of `live`."""
    environment = {**os.environ, "COLUMNS": "200"}
    for variable in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        environment.pop(variable, None)

    def run(arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        greenroom = str(Path(sys.executable).parent / "greenroom")
        return subprocess.run(
            [greenroom, "reproduce", *arguments, str(recording)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    wanted = {actor: (actor,) for actor in FED}
    wanted |= {name: ("live", "--use", f"{CHANGED}:{name}") for name in ("Forgetful", "Mumbling")}
    # They mostly wait for the clock, and may do that together.
    with ThreadPoolExecutor(len(wanted)) as pool:
        return dict(zip(wanted, pool.map(run, wanted.values()), strict=True))


def test_the_run_had_a_tool_call_and_an_interruption(recording: Path) -> None:
    assert [call.name for call in sent(recording, "live", ToolCall)] == ["move"]
    outcomes = [frame.outcome for frame in sent(recording, "supervisor", TurnClosed)]
    assert outcomes == [Outcome.INTERRUPTED, Outcome.ANSWERED]


@pytest.mark.parametrize("actor", FED)
def test_an_actor_alone_gives_what_it_gave(
    actor: str, reproduced: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    done = reproduced[actor]
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.endswith("the same\n")


def test_a_backend_that_forgets_a_transcript_is_found_out(
    reproduced: dict[str, subprocess.CompletedProcess[str]],
) -> None:
    done = reproduced["Forgetful"]
    assert done.returncode == 1, done.stderr
    *found, verdict = done.stdout.splitlines()
    assert {line[:17] for line in found} == {"- live.transcript"}
    assert all('"side": "user"' in line for line in found)
    turns = {json.loads(line[18:])["turn"] for line in found}
    assert len(turns) == 2, "pieces of what was said in both"
    assert verdict.endswith(f": {len(found)} differ")


def test_a_backend_that_says_something_else_to_its_service_gets_no_answer(
    reproduced: dict[str, subprocess.CompletedProcess[str]],
) -> None:
    done = reproduced["Mumbling"]
    assert done.returncode == 1, done.stderr
    assert "live said to its service what it had not said: " in done.stdout
    assert "\n- live.audio" in f"\n{done.stdout}"
    assert "+ live.audio" not in done.stdout


def test_a_backend_recorded_without_sound_is_refused(recording: Path) -> None:
    quiet = read_recording([recording.with_name("quiet.mcap")])
    with pytest.raises(GreenroomError, match=r"live cannot be reproduced: .* without sound"):
        reproduce(quiet, "live")
