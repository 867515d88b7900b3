from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from actors.cli.app import make_greenroom
from actors.gateway.access.keys import hash_of
from pipeline.errors import GreenroomError

GATEWAY = Path(__file__).parent.parent.parent / "configs" / "gateway.yaml"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "calls.yaml"
    path.write_text(
        f"extends: {GATEWAY}\nname: calls\nstate_dir: {tmp_path}/state\nactors:\n"
        "  gateway: {options: {database: 'sqlite:///keys.sqlite3'}}\n"
    )
    return path


def run(config: Path, *arguments: str) -> tuple[str, str]:
    command = ["credentials", *arguments, "--config", str(config)]
    result = CliRunner().invoke(make_greenroom(), command, catch_exceptions=True)
    if isinstance(result.exception, GreenroomError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_a_key_is_shown_once_and_only_its_hash_is_kept(config: Path) -> None:
    assert "this machine only" in run(config, "list")[0]
    key, said = run(config, "add", "site", "-s", "talk", "--origin", "https://site.example")
    key = key.strip()
    assert "site may talk" in said
    assert key not in said
    listed = run(config, "list")[0]
    assert "site" in listed
    assert key not in listed
    database = config.parent / "state" / "keys.sqlite3"
    kept = b"".join(path.read_bytes() for path in database.parent.glob("keys.sqlite3*"))
    assert key.encode() not in kept
    assert hash_of(key).encode() in kept
    assert database.stat().st_mode & 0o077 == 0
    assert "site is revoked" in run(config, "revoke", "site")[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("revoke", "nobody"), "no valid credential 'nobody'"),
        (("add", "x", "-s", "walk"), "talk, files, tokens, calls, operate"),
        (("add", "x", "--origin", "https://site.example/"), "no origin"),
    ],
)
def test_what_cannot_be_is_told(config: Path, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(GreenroomError, match=words):
        run(config, *arguments)


def test_a_config_without_a_gateway_has_no_credentials(tmp_path: Path) -> None:
    config = tmp_path / "none.yaml"
    config.write_text("name: none\nactors: {console: {use: console}}\n")
    with pytest.raises(GreenroomError, match="no gateway in it"):
        run(config, "list")
