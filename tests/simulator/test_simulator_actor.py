"""The simulator in a pipeline and on the command line."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from simulating import client

from actors.simulator import Simulator, SimulatorOptions
from pipeline.errors import ConfigError, EndpointBusyError
from pipeline.testing import stage

COMMAND = "import typer; from actors.cli.simulate import simulate; typer.run(simulate)"


def test_actor_writes_where_it_is_and_takes_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(Simulator, stt="none", tts="tone") as running:
        path = running.actor.surroundings.runtime_dir / "simulator.json"
        address = json.loads(path.read_text(encoding="utf-8"))
        assert address["api_key"] == "simulated"
        assert address["base_url"].startswith("https://127.0.0.1:")
        assert Path(address["ca_file"]).is_file()
        assert path.stat().st_mode & 0o777 == 0o600
        runtime_dir = path.parent
    assert not (runtime_dir / "simulator.json").exists()


def test_bad_scenario_is_found_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="f01_quota_mid_speech"):
        Simulator.check(SimulatorOptions(scenario="f01_quota_mid_speach"), tmp_path)
    (tmp_path / "mine.yaml").write_text("rules: [{when: setup, do: [cutt]}]", encoding="utf-8")
    with pytest.raises(ConfigError, match="did you mean 'cut'"):
        Simulator.check(SimulatorOptions(scenario="mine.yaml"), tmp_path)


def test_taken_port_is_named(tmp_path: Path) -> None:
    with stage(Simulator, stt="none", tts="tone") as running:
        path = running.actor.surroundings.runtime_dir / "simulator.json"
        port = int(json.loads(path.read_text(encoding="utf-8"))["base_url"].rsplit(":", 1)[1])
        second = stage(Simulator, stt="none", tts="tone", port=port)
        with pytest.raises(EndpointBusyError, match=str(port)), second:
            pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_prints_two_exports_and_ends_on_a_signal(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "--ears", "none", "--voice", "tone"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        cwd=Path(__file__).parents[2],
    )
    with process:
        assert process.stdout is not None
        for line in (process.stdout.readline(), process.stdout.readline()):
            export, setting = shlex.split(line)
            assert export == "export"
            monkeypatch.setenv(*setting.split("=", 1))
        with client() as sdk:
            answer = sdk.models.generate_content(model="gemini-3.8-flash", contents="Hello.")
        process.send_signal(number)
        rest, told = process.communicate(timeout=20)
    assert answer.text == "You said: Hello."
    assert process.returncode == 0
    assert rest == ""
    assert "Control-C" in told
    assert not Path(os.environ["SSL_CERT_FILE"]).exists()
