"""`greenroom service`: what is written, what is said, and what cannot be."""

from __future__ import annotations

import stat
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from actors.cli.app import make_greenroom
from pipeline.cli.service import commands, install
from pipeline.cli.service.folders import ServiceFolders
from pipeline.cli.service.installed import how
from pipeline.cli.service.key_file import KeyState, key_state, make_key_file
from pipeline.cli.service.reach import Reader, out_of_reach
from pipeline.cli.service.systemd import Systemd, SystemdState
from pipeline.cli.service.unit import Manager
from pipeline.errors import GreenroomError

CONFIGS = Path(__file__).parent.parent.parent / "configs"
KEY = "AIza-secret_1"


class Asked:
    """What systemctl was asked, on a machine whose systemd is as it is said to be."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, state: SystemdState) -> None:
        self.commands: list[tuple[str, ...]] = []
        monkeypatch.setattr(Systemd, "state", lambda _: state)
        monkeypatch.setattr(Systemd, "ask", self.ask)

    def ask(self, *arguments: str) -> str:
        self.commands.append(arguments)
        return "ActiveState=active\nSubState=running\nMainPID=7\nStatusText=every actor is ready\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who is not root, with a home and a program in it."""
    program = tmp_path / "a venv" / "bin" / "greenroom"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    for module in (install, commands):
        monkeypatch.setattr(module.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "prefix", str(program.parent.parent))
    for name in ("SUDO_USER", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    system = ServiceFolders(tmp_path / "system", tmp_path / "etc")
    of_user = ServiceFolders.of(Manager.USER)
    folders = {Manager.SYSTEM: system, Manager.USER: of_user}
    monkeypatch.setattr(ServiceFolders, "of", lambda manager: folders[manager])
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch, SystemdState.RUNNING)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(make_greenroom(), ["service", *arguments])
    if isinstance(result.exception, GreenroomError):
        raise result.exception
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_installed_looked_at_installed_again_and_removed(
    home: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    unit = home / "config" / "systemd" / "user" / "greenroom-robot.service"
    key_file = home / "config" / "greenroom" / "greenroom-robot.env"

    said = run("install")
    assert f"{unit}: written\n{key_file}: it holds a key\n" in said
    assert KEY not in said
    assert KEY not in unit.read_text()
    assert (mode(unit), mode(key_file)) == (0o644, 0o600)
    assert f"\nGEMINI_API_KEY={KEY}\n" in key_file.read_text()
    for step in ("systemctl --user daemon-reload", "enable --now", "loginctl enable-linger"):
        assert step in said
    assert "put your API key" not in said
    assert "restart" not in said

    key_file.chmod(0o644)
    assert "chmod 600" in run("status")
    key_file.write_text("GEMINI_API_KEY=another\n")
    assert f"{unit}: as it was" in run("install")
    assert (key_file.read_text(), mode(key_file)) == ("GEMINI_API_KEY=another\n", 0o600)

    again = run("install", "--set", "log_level=debug")
    assert f"{unit}: written anew" in again
    assert "systemctl --user restart greenroom-robot" in again
    assert "--set log_level=debug" in unit.read_text()

    said = run("status", "robot")
    assert "greenroom-robot, of the user: active (running), process 7: every actor is ready" in said

    said = run("uninstall")
    assert f"{unit}: removed, the service is stopped\n{key_file}: still there" in said
    assert not unit.exists()
    assert asked.commands[-2:] == [
        ("disable", "--now", "greenroom-robot.service"),
        ("daemon-reload",),
    ]
    for command in ("status", "uninstall"):
        with pytest.raises(GreenroomError, match="no service is installed"):
            run(command)


def test_without_a_key_it_says_where_to_put_it(home: Path, asked: Asked) -> None:
    said = run("install", str(CONFIGS / "gateway.yaml"))
    key_file = home / "config" / "greenroom" / "greenroom-gateway.env"
    assert f"put your API key into {key_file}: nano {key_file}" in said
    assert key_state(key_file) is KeyState.EMPTY
    run("install")
    assert "of the user" in run("status", "gateway")
    with pytest.raises(GreenroomError, match="several are installed: greenroom-gateway"):
        run("uninstall")
    with pytest.raises(GreenroomError, match="did you mean 'robot'"):
        run("uninstall", "robott")


def test_of_the_system_it_is_run_by_who_called_sudo(
    home: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (install, commands):
        monkeypatch.setattr(module.os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_USER", "root")
    said = run("install")
    unit = home / "system" / "greenroom-robot.service"
    assert f"{unit}: written" in said
    assert "\nUser=root\n" in unit.read_text()
    assert f"EnvironmentFile=-{home}/etc/greenroom-robot.env" in unit.read_text()
    assert "systemctl daemon-reload" in said
    assert "linger" not in said
    with pytest.raises(GreenroomError, match="as root, without sudo"):
        run("install", "--user")


REFUSED: Mapping[str, tuple[list[str], str]] = {
    "no such config": (["install", "nowhere.yaml"], "no config file"),
    "nobody": (["install", "--system", "--as", "nobody-of-that-name"], "there is no user"),
    "as whom": (["install", "--user", "--as", "root"], "for services of the system"),
    "no service": (["status", "robot"], "no service 'robot' is installed"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_said_in_a_line(home: Path, asked: Asked, what: str) -> None:
    arguments, words = REFUSED[what]
    with pytest.raises(GreenroomError, match=words) as refused:
        run(*arguments)
    assert "\n" not in str(refused.value)


def test_without_systemd_the_unit_can_be_seen_and_is_not_written(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Asked(monkeypatch, SystemdState.ABSENT)
    with pytest.raises(GreenroomError, match=r"no systemd on this machine.*--print"):
        run("install")
    assert "[Service]\nType=notify\n" in run("install", "--print")
    assert not (home / "config").exists()


def test_where_systemd_does_not_run_the_files_are_written_and_nothing_is_asked(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(monkeypatch, SystemdState.NOT_RUNNING)
    assert "systemd does not run here" in run("install")
    assert "does not run here" in run("status")
    assert "removed\n" in run("uninstall")
    assert asked.commands == []


def test_a_unit_of_somebody_else_is_left_alone(home: Path, asked: Asked) -> None:
    unit = home / "config" / "systemd" / "user" / "greenroom-robot.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    with pytest.raises(GreenroomError, match="was not written by this command"):
        run("install")
    with pytest.raises(GreenroomError, match="was not written by this command"):
        run("uninstall", "greenroom-robot")
    assert unit.read_text() == "[Service]\nExecStart=/bin/true\n"


def test_without_the_right_to_write_it_says_how(
    home: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(install, "write_whole", refuse)
    with pytest.raises(GreenroomError, match=r"cannot be written: use `sudo .*/a venv/bin/greenr"):
        run("install", "--system", "--as", "root")


def test_a_service_with_a_user_of_its_own_cannot_run_what_others_may_not_read(
    home: Path, asked: Asked
) -> None:
    (home / "closed").mkdir(mode=0o700)
    config = home / "closed" / "robot.yaml"
    config.write_text(f"extends: {CONFIGS / 'robot.yaml'}\nname: mine\n")
    with pytest.raises(GreenroomError, match=r"a user of its own, cannot read .*: name another us"):
        run("install", "--system", str(config))
    assert out_of_reach(config, Reader()) is not None
    assert out_of_reach(config, Reader(uid=0)) is None


@pytest.mark.parametrize(
    ("value", "line"),
    [("abc-_.,1", "abc-_.,1"), ("a b", '"a b"'), ('a"$`\\', '"a\\"\\$\\`\\\\"'), ("a\nb", '"a b"')],
)
def test_a_key_is_written_as_systemd_reads_it(tmp_path: Path, value: str, line: str) -> None:
    path = tmp_path / "deep" / "x.env"
    assert make_key_file(path, {"GOOGLE_API_KEY": value}) is KeyState.SET
    assert path.read_text().splitlines()[-1] == f"GOOGLE_API_KEY={line}"


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"ActiveState": "inactive", "SubState": "dead", "MainPID": "0"}, "inactive (dead)"),
        (
            {"ActiveState": "activating", "SubState": "auto-restart", "ExecMainStatus": "2"},
            "activating (auto-restart), its last exit status was 2",
        ),
        (
            {"ActiveState": "activating", "SubState": "start", "StatusText": "preparing: 3 of 13"},
            "activating (start): preparing: 3 of 13",
        ),
        ({"ActiveState": "active", "NRestarts": "2"}, "active, restarted 2 times"),
    ],
)
def test_how_it_is_in_words(properties: dict[str, str], said: str) -> None:
    assert how(properties) == said


def test_what_systemctl_says_is_told() -> None:
    with pytest.raises(GreenroomError, match=r"`systemctl --user no-such-verb`: .+"):
        Systemd(Manager.USER).ask("no-such-verb")
