"""Whatever somebody types behind `greenroom`, an error is one line and exit status 2."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import typer
from typer.models import ArgumentInfo, OptionInfo

from actors.cli import evaluate_running, simulate
from actors.cli.app import make_greenroom
from actors.cli.devices import Found
from pipeline.cli import places
from pipeline.cli.app import EXIT_USAGE, run_app
from pipeline.errors import GreenroomError

GREENROOM = str(Path(sys.executable).parent / "greenroom")
LONG = "x" * 300
"""Longer than a file system takes."""
BINARY = bytes(range(256)) * 40
SUFFIXES = ("", ".wav", ".jpg", ".mcap", ".yaml", ".txt", ".csv")

PATHS = [
    *("missing", "folder", "folder/", "loop", "broken", LONG, "", "-", "."),
    *("missing/x", "empty/x", "/proc/nowhere/x.mcap", "/dev/full/x.csv", "/proc/x.csv"),
    *("/proc/self/mem", "/dev/full", "/dev/null", "latin1.txt", "utf16.yaml", "turned.yaml"),
    *(f"{name}{suffix}" for name in ("binary", "empty") for suffix in SUFFIXES),
]
NUMBERS = ["-1", "0", "1e400", "nan", "-inf", "abc", "", "9" * 30]
WORDS = [
    *("", "é", "x.y", "supervisor.status", ".", "a.b.c", "../x", "*", LONG, "=", "x=", "a.b=["),
    *("/nowhere", "[red]x", "%d", "{x}"),
]
NEEDED = {
    # What a command needs besides the argument that is wrong.
    "config": ["missing"],
    "folder": ["keys"],
    "stream": ["microphone.audio"],
    "file": ["empty.txt"],
    "files": ["empty.mcap"],
    "recordings": ["empty"],
    "a": ["empty.mcap"],
    "b": ["empty.mcap"],
    "actor": ["vad"],
    "to": ["wav"],
    "url": ["ws://127.0.0.1:1/phone/twilio"],
}


@dataclass(frozen=True)
class Parameter:
    """One argument or option of a command."""

    name: str
    option: str | None
    kind: str
    required: bool

    def written(self, value: str) -> list[str]:
        """Return it as it stands on the command line."""
        if self.option is None:
            return [value]
        if "tuple" in self.kind:
            return [self.option, value, value]
        return [f"{self.option}={value}"]

    @property
    def wrong(self) -> list[str]:
        """Values that people give and that cannot be meant."""
        if "bool" in self.kind:
            return []
        if "float" in self.kind or "int" in self.kind:
            return NUMBERS
        if "Path" in self.kind or self.name in ("a", "b"):
            return PATHS
        return WORDS + (PATHS if self.name in ("path", "scenario", "pipeline") else [])


def parameters(command: Callable[..., Any]) -> list[Parameter]:
    """Return what a command takes, by its own annotations."""
    found = []
    defaults = inspect.signature(command).parameters
    for name, hint in get_type_hints(command, include_extras=True).items():
        if name == "return" or hint is typer.Context:
            continue
        note = next(n for n in hint.__metadata__ if isinstance(n, ArgumentInfo | OptionInfo))
        written = [each for each in note.param_decls or () if each.startswith("--")]
        option = (written or [f"--{name.strip('_').replace('_', '-')}"])[0]
        found.append(
            Parameter(
                name,
                None if isinstance(note, ArgumentInfo) else option,
                str(hint.__origin__),
                defaults[name].default is inspect.Parameter.empty,
            )
        )
    return found


def lines(command: Callable[..., Any]) -> Iterator[list[str]]:
    """Yield command lines, each with one wrong value."""
    every = parameters(command)
    for wrong in every:
        for value in wrong.wrong:
            options, arguments = [], []
            for each in every:
                if each is wrong or each.required:
                    for given in [value] if each is wrong else NEEDED[each.name]:
                        (options if each.option else arguments).extend(each.written(given))
            yield [*options, "--", *arguments]
    yield ["--no-such-option"]


APP = make_greenroom()
WHOLE = typer.main.get_command(APP)
"""Made once: it takes 20 ms, and there are some 1,500 lines."""
COMMANDS = {info.name or info.callback.__name__: info.callback for info in APP.registered_commands}


@pytest.fixture
def nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder full of what cannot be used, on a machine where no pipeline runs or is started."""
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(places, "RUNTIME_DIRS", ())
    monkeypatch.setattr(places, "SOCKETS", tmp_path / "none")

    def runs(*_: object, **__: object) -> None:
        raise GreenroomError("it would run")

    monkeypatch.setattr("pipeline.cli.run.ForkServerClient", runs)
    monkeypatch.setattr("actors.cli.choose.probe", lambda: Found([], []))
    monkeypatch.setattr("actors.cli.devices.probe", lambda: Found([], []))
    monkeypatch.setattr(simulate, "_serve", serve_nothing)
    monkeypatch.setattr(evaluate_running, "run_cells", runs)
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "latin1.txt").write_bytes("größer".encode("latin-1"))
    (tmp_path / "utf16.yaml").write_text("name: x", "utf-16")
    (tmp_path / "turned.yaml").write_text("name: [x]\nactors: [a, b]\nroute: 3\n")
    for suffix in SUFFIXES:
        (tmp_path / f"binary{suffix}").write_bytes(BINARY)
        (tmp_path / f"empty{suffix}").touch()
    return tmp_path


async def serve_nothing(_options: object) -> None:
    """Let go of a simulator that would serve until Control-C."""


def error_of(line: list[str]) -> str:
    """Return what a command line is refused with; empty if it is not, or typer says it."""
    try:
        WHOLE.main(args=line, prog_name="greenroom")
    except (SystemExit, OSError):
        # Of the latter `run_app` makes one line, as the next test shows.
        return ""
    except GreenroomError as error:
        return str(error)
    except Exception as error:
        error.add_note(f"of the command line {line}")
        raise
    return ""


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_no_argument_of_a_command_ends_in_a_traceback(
    nothing_runs: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    callback = COMMANDS[name]
    assert callback is not None
    for line in lines(callback):
        said = error_of([name, *line])
        assert "\n" not in said, (name, line, said)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (GreenroomError("no such thing"), "error: no such thing\n"),
        (FileNotFoundError(2, "No such file or directory", "x"), "error: x: No such file or"),
        (OSError(28, "No space left on device"), "error: No space left on device\n"),
    ],
)
def test_an_error_is_one_line_and_exit_status_2(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

    @app.command()
    def fail() -> None:
        raise error

    monkeypatch.setattr(sys, "argv", ["greenroom"])
    with pytest.raises(SystemExit) as ended:
        run_app(app)
    assert ended.value.code == EXIT_USAGE
    printed = capsys.readouterr().err
    assert printed.startswith(said)
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        ["simulate", "--ears", "foo"],
        ["evaluate", "folder"],
        ["keys", "binary"],
        ["record", "-o", "/proc/x/{time}.mcap", "-p", "nothing"],
        ["run", LONG],
        ["run", "none-\udcff.yaml"],
        ["run", "--duration", "abc"],
        ["status", "one", "too", "many"],
        ["export"],
        ["runn"],
    ],
)
def test_the_whole_command_says_it_in_a_line(tmp_path: Path, line: list[str]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(BINARY)
    done = subprocess.run(
        [GREENROOM, *line],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": os.pathsep.join(sys.path),
            "HOME": str(tmp_path),
            "XDG_RUNTIME_DIR": str(tmp_path),
        },
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == EXIT_USAGE, done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
