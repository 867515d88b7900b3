"""A config that is given, where there is a key: the stand-in for Gemini is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.cli.choose import CONFIGS
from actors.cli.key_there import without_stand_in
from pipeline.config import build_graph, load_config

KEY = "AIza" + "x" * 35


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key but what a test gives."""
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("key", [KEY, "AIza-\u0441"], ids=["a key", "a key with a fault"])
def test_where_a_key_was_given_callers_meet_no_simulator(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", key)
    path = CONFIGS / "gateway.yaml"
    config = without_stand_in(load_config(path), path)
    assert "simulator" not in config.actors
    assert build_graph(config, path).nodes["live"].config.after == []


def test_a_key_beside_the_config_counts(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"extends: {CONFIGS / 'gateway.yaml'}\n", encoding="utf-8")
    assert "simulator" in without_stand_in(load_config(path), path).actors
    (tmp_path / ".env").write_text(f"GOOGLE_API_KEY={KEY}\n", encoding="utf-8")
    assert "simulator" not in without_stand_in(load_config(path), path).actors


@pytest.mark.parametrize("name", ["demo.yaml", "robot.yaml"])
def test_a_config_that_asks_the_simulator_or_nobody_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    config = load_config(CONFIGS / name)
    assert without_stand_in(config, CONFIGS / name) is config
