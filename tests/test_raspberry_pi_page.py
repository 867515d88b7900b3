"""docs/raspberry-pi.md is typed line by line by somebody who knows none of it: all of it exists."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from actors.cli.app import make_greenroom
from pipeline.config import build_graph
from pipeline.config.load import load_config

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "raspberry-pi.md").read_text(encoding="utf-8")
IN_THE_SYSTEM = {
    # Of every Raspberry Pi OS.
    *("sudo", "apt", "uname", "cd", "nano", "ssh", "systemctl", "journalctl", "loginctl", "git"),
    *("python3", "vcgencmd"),
    # Debian's alsa-utils, which the page installs.
    *("arecord", "aplay", "alsamixer", "make"),
}
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")


def commands() -> Iterator[list[str]]:
    """Yield the words of each command of the page, in boxes and within the text."""
    for language, block in FENCED.findall(PAGE):
        if not language:
            yield from (shlex.split(line) for line in block.splitlines())
    for text in INLINE.findall(FENCED.sub("", PAGE)):
        words = text.split()
        if words[0] in IN_THE_SYSTEM | {".venv/bin/greenroom", "greenroom"}:
            yield words


COMMANDS = [each for each in commands() if each and each[0] != "preparing:"]


def test_every_command_of_the_system_is_one_that_is_there_or_is_installed_by_the_page() -> None:
    programs = {words[1] if words[0] == "sudo" else words[0] for words in COMMANDS}
    ours = {each for each in programs if each.endswith("greenroom")}
    assert programs - ours == IN_THE_SYSTEM - {"sudo"}
    installed = next(words for words in COMMANDS if words[:3] == ["sudo", "apt", "install"])
    assert {"git", "make", "python3-venv", "libportaudio2", "alsa-utils"} <= set(installed)


def test_every_command_of_greenroom_is_one() -> None:
    app = typer.main.get_command(make_greenroom())
    tried = 0
    for words in COMMANDS:
        name = next((i for i, each in enumerate(words) if each.endswith("greenroom")), None)
        if name is None or words[0] in ("git", "cd"):
            continue
        group, rest = app, words[name + 1 :]
        while rest and rest[0] in getattr(group, "commands", {}):
            group, rest = group.commands[rest[0]], rest[1:]
        assert not hasattr(group, "commands"), f"not a command: {words}"
        known = {option for each in group.params for option in (*each.opts, *each.secondary_opts)}
        assert {each for each in rest if each.startswith("-")} <= known, words
        tried += 1
    assert tried >= 6


def test_every_target_of_make_is_one() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(VENV)", ".venv")
    targets = {words[1] for words in COMMANDS if words[0] == "make" and len(words) > 1}
    assert targets == {"run", ".venv/.run"}
    for target in targets:
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("text", [b for name, b in FENCED.findall(PAGE) if name == "yaml"])
def test_a_config_of_the_page_is_good(tmp_path: Path, text: str) -> None:
    shutil.copytree(ROOT / "configs", tmp_path, dirs_exist_ok=True)
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    graph = build_graph(load_config(path), path, look_outside=False)
    if "picamera" in text:
        assert graph.nodes["camera"].config.options["source"] == "picamera"
    else:
        assert "camera" not in graph.nodes
        assert graph.nodes["microphone"].config.options["device"] == "USB"


def test_every_option_that_is_set_on_the_page_is_one() -> None:
    path = ROOT / "configs" / "robot.yaml"
    settings = re.findall(r"--set (\S+?=\w+)", PAGE)
    assert len(settings) >= 3
    build_graph(load_config(path, settings), path, look_outside=False)


def test_every_word_of_the_log_that_the_page_quotes_is_said_somewhere() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for room in ("pipeline", "actors")
        for path in (ROOT / room).rglob("*.py")
    )
    for words in ("waiting for a ", "in use by another pipeline", "it gives nothing but zeros"):
        assert words in code, words
