"""With a key and a server file: which of the two is asked."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

import configs
from actors.backends.gemini.http.options import HttpOptions
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.server import Server, ServerOptions, find_server
from pipeline.config.load import load_config
from pipeline.errors import CredentialError
from pipeline.surroundings import Surroundings

SIMULATOR = "https://localhost:1/"
KEY = "AIzaSyA1234567890abcdefghijklmnopqrstuv"


def found(folder: Path, options: ServerOptions) -> Server:
    file = {"base_url": SIMULATOR, "api_key": "simulated"}
    (folder / "simulator.json").write_text(json.dumps(file), encoding="utf-8")
    surroundings = Surroundings(
        name="live",
        session="local",
        runtime_dir=folder,
        config_dir=folder,
        state_dir=folder,
        started_ns=0,
    )
    return asyncio.run(find_server(options, surroundings))


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("when", ["always", "no_key"])
@pytest.mark.parametrize("key", [KEY, None])
def test_with_a_key_google_is_asked_only_if_the_file_is_for_those_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, key: str | None
) -> None:
    if key:
        monkeypatch.setenv("GEMINI_API_KEY", key)
    options = ServerOptions.model_validate(
        {"server_file": "simulator.json", "server_file_when": when}
    )
    server = found(tmp_path, options)
    if key and when == "no_key":
        assert (server.base_url, server.keys) == (None, (KEY,))
    else:
        assert (server.base_url, server.keys) == (SIMULATOR, ("simulated",))


def test_a_key_that_is_none_is_told_of_and_not_replaced_by_the_simulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "AIza Sy\N{CYRILLIC SMALL LETTER A}")
    options = ServerOptions.model_validate(
        {"server_file": "simulator.json", "server_file_when": "no_key"}
    )
    with pytest.raises(CredentialError, match="GEMINI_API_KEY"):
        found(tmp_path, options)


@pytest.mark.parametrize(("actor", "kind"), [("live", LiveOptions), ("http", HttpOptions)])
def test_callers_of_who_has_a_key_are_answered_by_gemini(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, actor: str, kind: type[ServerOptions]
) -> None:
    config = load_config(Path(configs.__file__).parent / "gateway.yaml", [])
    options = kind.model_validate(config.actors[actor].options)
    assert found(tmp_path, options).base_url == SIMULATOR
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    assert found(tmp_path, options).base_url is None
