"""`greenroom devices`: names that a config takes as they are printed."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from actors.cli import devices
from actors.cli.devices import Found, as_written, devices_command, run_while_it_works
from pipeline.yaml_text import parse_yaml

NAMES = [
    "HDA Intel PCH: ALC3234 Analog (hw:0,0)",
    "bcm2835 Headphones: - (hw:1,0)",
    "a microphone with a long name [bold]: in brackets, more than any terminal is wide, " * 3 + "A",
    "null",
    "off",
    "7",
    "~",
    " Blue Yeti",
    'the "good" one: #1',
    "Mic\\1",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_as_it_is_printed_is_that_name_in_a_config(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sound: dict[str, Any] = {"index": 0, "name": name, "host_api": "ALSA", "inputs": 1}
    sound |= {"outputs": 0, "rate_hz": 48000, "default_for": []}
    monkeypatch.setattr(devices, "probe", lambda: Found([sound], []))
    monkeypatch.setenv("COLUMNS", "60")
    devices_command()
    printed = as_written(name)
    assert any(f" {printed} " in line for line in capsys.readouterr().out.splitlines())
    assert parse_yaml(f"options:\n  device: {printed}") == {"options": {"device": name}}


def test_a_plain_name_is_printed_without_quotes() -> None:
    assert as_written("Blue Yeti") == "Blue Yeti"


def test_a_look_that_works_is_waited_for_and_one_that_hangs_is_not() -> None:
    works = (
        "from time import *\nend = monotonic() + 3\nwhile monotonic() < end: pass\nprint('found')"
    )
    done = run_while_it_works([sys.executable, "-c", works], idle_s=1)
    assert done is not None
    assert (done.returncode, done.stdout) == (0, "found\n")
    hangs = "import time; time.sleep(3600)"
    assert run_while_it_works([sys.executable, "-c", hangs], idle_s=0.5) is None
