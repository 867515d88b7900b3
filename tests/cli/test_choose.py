"""What `greenroom run` takes without a config: a robot where there is a key, else a demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.cli import choose as choosing
from actors.cli.choose import CONFIGS, choose
from actors.cli.devices import Found
from pipeline.config import PipelineConfig, load_config
from pipeline.errors import ConfigError, CredentialError

SIMULATED = {"recording", "simulator", "wav_sink"}


def sound(name: str, inputs: int, outputs: int) -> dict[str, Any]:
    return {"name": name, "inputs": inputs, "outputs": outputs, "default_for": []}


NOTHING = Found([], [])
EVERYTHING = Found([sound("USB Mic", 1, 0), sound("USB Speaker", 0, 2)], ["/dev/video0 (C920)"])


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Set what the machine has; no key and nothing else unless a test says so."""
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def set_found(devices: Found) -> None:
        monkeypatch.setattr(choosing, "probe", lambda: devices)

    set_found(NOTHING)
    return set_found


def chosen(*overrides: str, demo: bool = False) -> tuple[PipelineConfig, str]:
    path, overlay, reasons = choose(overrides, demo)
    return load_config(path, overrides, overlay), "\n".join(reasons)


def used(config: PipelineConfig) -> set[str]:
    return {actor.use for actor in config.actors.values()}


def test_without_anything_it_is_the_demo(found: Any) -> None:
    path, overlay, reasons = choose()
    assert (path, overlay) == (CONFIGS / "demo.yaml", {})
    assert reasons == [
        "answers: simulator, there is no API key (GEMINI_API_KEY or GOOGLE_API_KEY)",
        "asks: a recording, no microphone",
        "plays: into out/answer.wav, no speaker",
    ]


def test_with_a_key_nothing_is_simulated_and_missing_devices_are_waited_for(
    found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-of-a-test")
    config, said = chosen()
    assert not used(config) & SIMULATED
    assert config.route.backends == ["live", "http", "device"]
    for device in ("microphone", "speaker", "camera"):
        assert config.actors[device].options["when_missing"] == "wait"
        assert f"waiting for a {device}" in said
    assert "answers: Gemini; while it cannot be reached, the device" in said


def test_with_a_key_the_devices_that_are_there_are_named(
    found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-of-a-test")
    found(EVERYTHING)
    config, said = chosen()
    assert not used(config) & SIMULATED
    assert "asks: USB Mic\nplays: USB Speaker\nsees: /dev/video0 (C920)" in said


@pytest.mark.parametrize(
    "override",
    [
        "actors.microphone.options.device=USB Mic",
        "actors.speaker.options={device: 3}",
        "actors.camera.options.source=C920",
    ],
)
def test_a_device_that_is_named_makes_it_a_robot_also_without_a_key(
    found: Any, override: str
) -> None:
    config, said = chosen(override)
    assert not used(config) & SIMULATED
    assert "answers: the device alone, there is no API key" in said


def test_a_key_file_that_cannot_be_read_is_a_key_that_somebody_meant_to_give(
    found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise CredentialError("cannot read .env: Permission denied")

    monkeypatch.setattr(choosing, "find_keys", unreadable)
    config, said = chosen()
    assert not used(config) & SIMULATED
    assert "answers: the device alone, cannot read .env: Permission denied" in said


def test_the_demo_can_be_asked_for_whatever_is_there(
    found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-of-a-test")
    found(EVERYTHING)
    config, _ = chosen(demo=True)
    assert used(config) >= SIMULATED


def test_without_a_key_what_is_there_is_used_and_the_rest_stands_in(found: Any) -> None:
    found(Found([sound("USB Mic", 1, 0)], []))
    config, said = chosen()
    assert config.actors["microphone"].use == "microphone"
    assert config.actors["speaker"].use == "wav_sink"
    assert "camera" not in config.actors
    assert "asks: USB Mic\nplays: into out/answer.wav, no speaker\nsees: nothing, no camera" in said


REAL_TOOLS = [
    "actors.tools.options.functions=[robot.py:drive]",
    "actors.tools.options.mcp=[{name: arm, command: arm}]",
]


@pytest.mark.parametrize("devices", [NOTHING, EVERYTHING])
@pytest.mark.parametrize("demo", [False, True])
@pytest.mark.parametrize("override", REAL_TOOLS)
def test_what_is_simulated_drives_no_real_tool(
    found: Any, override: str, demo: bool, devices: Found
) -> None:
    found(devices)
    with pytest.raises(ConfigError, match="must not drive a real tool"):
        choose([override], demo)


@pytest.mark.parametrize("override", REAL_TOOLS)
def test_a_robot_drives_its_tools(
    found: Any, monkeypatch: pytest.MonkeyPatch, override: str
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-of-a-test")
    assert choose([override])[0] == CONFIGS / "robot.yaml"
