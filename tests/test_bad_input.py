"""Bad input gets one clear error, exit status 2, and leaves nothing running."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from pipeline.testing import running

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "configs" / "demo.yaml"
GREENROOM = str(Path(sys.executable).parent / "greenroom")


def run(tmp_path: Path, config: Path, *arguments: str, **env: str) -> tuple[int, str]:
    """Run to the end; return exit status and standard error."""
    done = subprocess.run(
        [GREENROOM, "run", str(config), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "XDG_RUNTIME_DIR": str(tmp_path),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            **env,
        },
    )
    return done.returncode, done.stderr


def errors_in(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if line.startswith("error: ")]


def with_changes(tmp_path: Path, actors: dict[str, Any], **top: Any) -> Path:
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump({"extends": str(DEMO), "name": "bad", "actors": actors, **top}))
    return path


ONLY_LIVE = {"backends": ["live"]}
"""With a backend that stands by the person would be answered in spite of the error."""

CASES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "unknown actor": ({"vad": {"use": "vat"}}, ("bad.yaml", "actors.vad.use", "'vad'")),
    "unknown option": (
        {"vad": {"options": {"engin": "silero"}}},
        ("bad.yaml", "actors.vad.options.engin", "'engine'"),
    ),
    "bad value": (
        {"vad": {"options": {"engine": "loud"}}},
        ("bad.yaml", "actors.vad.options.engine", "silero"),
    ),
    "unknown input port": (
        {"vad": {"inputs": {"sound": "microphone.audio"}}},
        ("bad.yaml", "actors.vad.inputs.sound", "audio"),
    ),
    "unknown output port": (
        {"vad": {"inputs": {"audio": "microphone.audi"}}},
        ("bad.yaml", "actors.vad.inputs.audio", "'audio'"),
    ),
    "unknown producer": (
        {"vad": {"inputs": {"audio": "mikrophone.audio"}}},
        ("bad.yaml", "actors.vad.inputs.audio", "'microphone'"),
    ),
    "wrong type": (
        {"vad": {"inputs": {"audio": "live.transcript"}}},
        ("bad.yaml", "actors.vad.inputs.audio", "transcript", "audio"),
    ),
    "unknown field of an actor": (
        {"vad": {"inputz": {}}},
        ("bad.yaml", "actors.vad.inputz", "'inputs'"),
    ),
    "missing recording": (
        {"microphone": {"options": {"files": [str(ROOT / "tests/speech/goforwart.wav")]}}},
        ("bad.yaml", "actors.microphone.options", "'goforward.wav'"),
    ),
    "unreadable recording": (
        {"microphone": {"options": {"files": [str(ROOT / "tests/speech/README.md")]}}},
        ("bad.yaml", "actors.microphone.options", "README.md"),
    ),
    "unknown scenario": (
        {"simulator": {"options": {"scenario": "f01_quota_mid_speach"}}},
        ("bad.yaml", "actors.simulator.options", "f01_quota_mid_speech"),
    ),
    "unknown tool function": (
        {"tools": {"options": {"functions": ["actors.services.tools.examples.robot:mov"]}}},
        ("bad.yaml", "actors.tools", "'move'"),
    ),
    "unknown voice": (
        {"live": {"options": {"voice": "Pukc"}}},
        ("bad.yaml", "actors.live.options.voice", "Puck"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_config_that_cannot_work_is_refused_before_anything_starts_f25(
    tmp_path: Path, case: str
) -> None:
    actors, expected = CASES[case]
    code, stderr = run(tmp_path, with_changes(tmp_path, actors))
    assert code == 2
    (error,) = errors_in(stderr)
    for part in expected:
        assert part in error
    assert "Traceback" not in stderr


def test_a_missing_config_names_its_neighbours(tmp_path: Path) -> None:
    code, stderr = run(tmp_path, ROOT / "configs" / "demoo.yaml")
    assert code == 2
    assert "'demo.yaml'" in errors_in(stderr)[0]


def test_a_wrong_model_ends_the_run_and_names_the_nearest_f4(tmp_path: Path) -> None:
    changes = {
        "live": {"options": {"model": "gemini-3.8-life"}},
        "simulator": {"options": {"stt": "none", "tts": "tone"}},
    }
    code, stderr = run(tmp_path, with_changes(tmp_path, changes, route=ONLY_LIVE))
    assert code == 2, stderr
    (error,) = errors_in(stderr)
    assert "gemini-3.8-live" in error


def test_a_wrong_key_ends_the_run_without_a_second_try_and_is_not_shown_f5(tmp_path: Path) -> None:
    key = "AIza-not-the-right-key-0123456789abcdef"
    serve = subprocess.Popen(
        [
            GREENROOM,
            "simulate",
            "--scenario",
            "f05_key_invalid",
            "--ears",
            "none",
            "--voice",
            "tone",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert serve.stdout is not None
        exports = [serve.stdout.readline().split("=", 1)[1].strip() for _ in range(2)]
        config = with_changes(
            tmp_path,
            {
                "simulator": None,
                "live": {
                    "after": [],
                    "options": {"server_file": None, "ca_file": exports[0], "base_url": exports[1]},
                },
                "http": {"after": [], "options": {"server_file": None}},
            },
            route=ONLY_LIVE,
        )
        code, stderr = run(tmp_path, config, GEMINI_API_KEY=key)
    finally:
        serve.terminate()
        serve.communicate()
    assert code == 2, stderr
    (error,) = errors_in(stderr)
    assert "key" in error.lower()
    assert key not in stderr


def test_no_key_at_all_ends_the_run_and_says_how_to_give_one(tmp_path: Path) -> None:
    backend = {"after": [], "options": {"server_file": None}}
    changes = {"simulator": None, "live": backend, "http": backend}
    code, stderr = run(tmp_path, with_changes(tmp_path, changes, route=ONLY_LIVE))
    assert code == 2, stderr
    assert "GEMINI_API_KEY" in errors_in(stderr)[0]


def test_a_device_that_is_not_there_ends_the_run(tmp_path: Path) -> None:
    changes = {"microphone": {"use": "microphone", "options": {"device": "no such microphone"}}}
    code, stderr = run(tmp_path, with_changes(tmp_path, changes))
    assert code == 2, stderr
    (error,) = errors_in(stderr)
    assert "microphone" in error
    mark = f"XDG_RUNTIME_DIR={tmp_path}".encode()
    left = [p for p in psutil.process_iter() if mark in environment_of(p)]
    assert not left


def environment_of(process: psutil.Process) -> bytes:
    try:
        return Path(f"/proc/{process.pid}/environ").read_bytes()
    except OSError:
        return b""


def test_a_second_run_of_the_same_pipeline_is_refused_f20(tmp_path: Path) -> None:
    with running(DEMO, cwd=tmp_path) as pipeline:
        pipeline.until(lambda status: status.ready, "readiness")
        code, stderr = run(tmp_path, DEMO, XDG_RUNTIME_DIR=str(pipeline.runtime_dir.parent.parent))
        assert code == 2
        (error,) = errors_in(stderr)
        assert str(pipeline.process.pid) in error


def test_an_endpoint_that_another_process_holds_is_an_error_f20(tmp_path: Path) -> None:
    from pipeline.bus import EndpointLock

    runtime_dir = tmp_path / "greenroom" / "demo"
    runtime_dir.mkdir(parents=True)
    with EndpointLock(runtime_dir, "vad"):
        code, stderr = run(tmp_path, DEMO)
    assert code == 2, stderr
    (error,) = errors_in(stderr)
    assert "vad" in error


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--set", "actors.vad.options.engine=loud"], "actors.vad.options.engine"),
        (["--set", "nonsense"], "path.to.field=value"),
        (["--external", "microfone"], "'microphone'"),
    ],
)
def test_a_wrong_argument_is_explained(tmp_path: Path, arguments: list[str], hint: str) -> None:
    code, stderr = run(tmp_path, DEMO, *arguments)
    assert code == 2
    assert hint in errors_in(stderr)[0]
