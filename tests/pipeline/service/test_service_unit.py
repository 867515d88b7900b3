"""The text of a unit: what systemd makes of it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.cli.service.unit import Manager, ServiceUnit, unit_text

PROGRAM = Path("/bin/true")
EXPOSURE = 30
"""Tenths of what `systemd-analyze security` counts, 0 to 100: below 5 it says OK. What is left is
the network, the devices, and real-time priority."""


def service(manager: Manager = Manager.SYSTEM, **fields: object) -> ServiceUnit:
    usual = ServiceUnit(
        name="greenroom-robot",
        description="Greenroom, robot",
        manager=manager,
        program=PROGRAM,
        arguments=["run", "/opt/robot.yaml", "--plain"],
        environment_file=Path("/etc/greenroom/greenroom-robot.env"),
        groups=["audio"],
    )
    return replace(usual, **fields)  # type: ignore[arg-type]


def line(text: str, key: str) -> str:
    (found,) = (each for each in text.splitlines() if each.startswith(f"{key}="))
    return found.partition("=")[2]


ODD = '/opt/50% a "robot" o\'$HOME \\x é/robot.yaml'


@pytest.mark.parametrize("manager", Manager)
def test_systemd_finds_nothing_wrong_with_a_unit_whatever_the_paths(
    tmp_path: Path, manager: Manager
) -> None:
    program = tmp_path / "50% of 'it'" / "greenroom"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    odd = service(
        manager,
        program=program,
        arguments=["run", ODD, "--set", "a.b=${c}"],
        environment_file=tmp_path / "50% é.env",
        description="Greenroom, 100% robot",
    )
    unit = tmp_path / "greenroom-robot.service"
    unit.write_text(unit_text(odd))
    (tmp_path / "run").mkdir(mode=0o700)
    done = subprocess.run(
        ["systemd-analyze", f"--{manager}", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run"), "PATH": "/usr/bin"},
    )
    ours = [each for each in done.stderr.splitlines() if "greenroom" in each]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_a_service_of_the_system_is_as_little_exposed_as_sound_and_camera_allow(
    tmp_path: Path,
) -> None:
    unit = tmp_path / "greenroom-robot.service"
    unit.write_text(unit_text(service()))
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE}", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("argument", "written"),
    [
        ("/opt/robot.yaml", "/opt/robot.yaml"),
        ("/opt/50%.yaml", "/opt/50%%.yaml"),
        ("/home/a b/c.yaml", '"/home/a b/c.yaml"'),
        ("a=$HOME", "a=$$HOME"),
        ('a="\\n"', '"a=\\"\\\\n\\""'),
        ("a=;", '"a=;"'),
        ("'", '"\'"'),
    ],
)
def test_an_argument_comes_through_as_it_is(argument: str, written: str) -> None:
    text = unit_text(service(arguments=["run", argument]))
    assert line(text, "ExecStart") == f"/bin/true run {written}"


@pytest.mark.parametrize("path", ["/opt/a\nUser=root/x.yaml", "/opt/x\\", "/opt/\x07", "/opt/x "])
def test_a_path_that_a_unit_cannot_hold_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="a unit cannot"):
        unit_text(service(arguments=["run", path]))


def test_sound_camera_and_priority_are_not_taken_away() -> None:
    text = unit_text(service(groups=["audio", "video"]))
    assert line(text, "SupplementaryGroups") == "audio video"
    for device in ("char-alsa rw", "char-video4linux rw", "char-media rw"):
        assert f"DeviceAllow={device}\n" in text
    assert (line(text, "LimitRTPRIO"), line(text, "LimitNICE")) == ("20", "-11")
    for breaks in ("MemoryDenyWriteExecute", "PrivateDevices", "RestrictRealtime", "PrivateUsers"):
        assert f"\n{breaks}=" not in text


def test_a_start_that_is_slow_before_it_can_say_so_is_not_killed() -> None:
    for manager in Manager:
        assert int(line(unit_text(service(manager)), "TimeoutStartSec")) >= 600


def test_who_runs_it() -> None:
    assert "\nDynamicUser=yes\n" in unit_text(service())
    assert line(unit_text(service(user="pi")), "User") == "pi"
    assert line(unit_text(service(reads_home=True)), "ProtectHome") == "read-only"
    users = unit_text(service(Manager.USER, user="pi"))
    assert "User=" not in users
    assert "ProtectHome" not in users
    assert line(users, "WantedBy") == "default.target"
