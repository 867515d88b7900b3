"""Whatever becomes of what a run prints and logs, the conversation goes on, and the run ends.

A turn is typed and answered in each case; then SIGTERM ends the run in order.
"""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import yaml

from pipeline.testing import RunningPipeline

UNWRITABLE_LOCALE = {
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONIOENCODING": "latin-1",
}
ANSWER = "Sure \N{EN DASH} moving ten meters \N{ROBOT FACE} [/INST]."
"""Has what Latin-1 lacks, and what looks like Rich's markup."""

Cleanup = ExitStack


class Surroundings:
    """What a run is started with."""

    def __init__(self, folder: Path, cleanup: Cleanup) -> None:
        self.folder = folder
        self.cleanup = cleanup
        self.env: dict[str, str] = {}
        self.out: int = self.opened(folder / "out.txt")
        self.err: int = self.opened(folder / "err.txt")
        self.closed: list[int] = []
        self.plain = True
        self.terminal: int | None = None
        """The end of the terminal that shows what is written."""

    @property
    def log(self) -> Path:
        """The log file of a run in the live view."""
        return self.folder / "state" / "greenroom" / "log" / "greenroom.log"

    def opened(self, path: Path | str) -> int:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        self.cleanup.callback(os.close, fd)
        return fd

    def on_terminal(self) -> int:
        """Write to a terminal; return the end that the user sits at."""
        self.terminal, self.out = pty.openpty()
        self.err = self.out
        self.cleanup.callback(os.close, self.out)
        return self.terminal

    def read_terminal(self) -> None:
        """Have somebody look at the terminal, until nobody can write to it any more."""

        def read() -> None:
            assert self.terminal is not None
            try:
                while os.read(self.terminal, 65536):
                    pass
            except OSError:
                os.close(self.terminal)

        thread = threading.Thread(target=read)
        self.cleanup.callback(thread.join)
        self.on_terminal()
        thread.start()

    def unread_pipe(self) -> int:
        read, write = os.pipe()
        self.cleanup.callback(os.close, read)
        self.cleanup.callback(os.close, write)
        return filled(write)


def filled(fd: int) -> int:
    """Write to a descriptor until it takes nothing more."""
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    try:
        while True:
            os.write(fd, b"x" * 64)
    except BlockingIOError:
        fcntl.fcntl(fd, fcntl.F_SETFL, flags)
    return fd


def stdout_full(to: Surroundings) -> None:
    to.out = to.opened("/dev/full")


def stdout_closed(to: Surroundings) -> None:
    to.closed = [1]


def stdout_stopped(to: Surroundings) -> None:
    to.out = to.unread_pipe()


def stdout_locale(to: Surroundings) -> None:
    to.env = UNWRITABLE_LOCALE


def stdout_left(to: Surroundings) -> None:
    """As `| head -1` leaves it."""
    read, to.out = os.pipe()
    to.cleanup.callback(os.close, to.out)
    os.close(read)


def stderr_full(to: Surroundings) -> None:
    to.err = to.opened("/dev/full")


def stderr_closed(to: Surroundings) -> None:
    to.closed = [2]


def stderr_stopped(to: Surroundings) -> None:
    to.err = to.unread_pipe()


def stderr_locale(to: Surroundings) -> None:
    to.env, to.out = UNWRITABLE_LOCALE, to.opened("/dev/null")


def all_closed(to: Surroundings) -> None:
    to.closed = [0, 1, 2]


def log_full(to: Surroundings) -> None:
    in_live_view(to)
    to.log.symlink_to("/dev/full")


def log_closed(to: Surroundings) -> None:
    in_live_view(to)
    to.log.parent.rmdir()
    to.log.parent.write_text("in the place of the folder")


def log_stopped(to: Surroundings) -> None:
    in_live_view(to)
    os.mkfifo(to.log)


def log_locale(to: Surroundings) -> None:
    in_live_view(to)
    to.env = UNWRITABLE_LOCALE


def in_live_view(to: Surroundings) -> None:
    to.plain = False
    to.log.parent.mkdir(parents=True)
    to.read_terminal()


def live_full(to: Surroundings) -> None:
    log_full(to)
    to.err = to.opened("/dev/full")


def live_stopped(to: Surroundings) -> None:
    to.plain = False
    to.cleanup.callback(os.close, to.on_terminal())
    filled(to.out)


def live_closed(to: Surroundings) -> None:
    to.plain = False
    to.on_terminal()


def plain_full(to: Surroundings) -> None:
    to.out = to.err = to.opened("/dev/full")


def plain_stopped(to: Surroundings) -> None:
    live_stopped(to)
    to.plain = True


def plain_closed(to: Surroundings) -> None:
    to.on_terminal()


def plain_locale(to: Surroundings) -> None:
    to.read_terminal()
    to.env = UNWRITABLE_LOCALE


COMMON = {
    stdout_full: "stdout",
    stderr_closed: "stderr",
    log_full: "log",
    live_stopped: None,
    live_closed: "stdout",
    plain_stopped: None,
    log_locale: None,
    stdout_locale: None,
}
"""What happens most, and which output then lacks lines; one that is stopped may still show them."""
RARE = {
    stdout_closed: "stdout",
    stdout_stopped: None,
    stdout_left: "stdout",
    stderr_full: "stderr",
    stderr_stopped: None,
    stderr_locale: None,
    all_closed: "stdout",
    log_closed: "log",
    log_stopped: "log",
    live_full: "log",
    plain_full: "stdout",
    plain_closed: "stdout",
    plain_locale: None,
}

Case = Callable[[Surroundings], None]


@contextmanager
def running_in(to: Surroundings, config: Path) -> Iterator[RunningPipeline]:
    command = [str(Path(sys.executable).parent / "greenroom"), "run", str(config)]
    env = {
        **os.environ,
        "XDG_RUNTIME_DIR": str(to.folder),
        "XDG_STATE_HOME": str(to.folder / "state"),
        "TERM": "xterm",
        **to.env,
    }

    def close() -> None:
        for fd in to.closed:
            os.close(fd)

    process = subprocess.Popen(
        [*command, *(["--plain"] if to.plain else [])],
        stdin=subprocess.DEVNULL,
        stdout=to.out,
        stderr=to.err,
        env=env,
        preexec_fn=close,  # noqa: PLW1509 - closes descriptors, and nothing else
    )
    pipeline = RunningPipeline(process, to.folder / "greenroom" / "test", to.folder / "err.txt")
    try:
        yield pipeline
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def talk(folder: Path, case: Case, lacking: str | None) -> None:
    """Have a turn answered; see that what was lost is counted, and that SIGTERM ends it."""
    (folder / "scenario.yaml").write_text(
        f'description: Test.\nrules:\n  - when: {{turn: 1}}\n    do: [{{say: "{ANSWER}"}}]\n',
        encoding="utf-8",
    )
    with wave.open(str(folder / "silence.wav"), "wb") as silence:
        silence.setparams((1, 2, 16000, 0, "NONE", ""))
        silence.writeframes(bytes(3200))
    typed = folder / "typed"
    os.mkfifo(typed)
    config = conversation(folder)
    with ExitStack() as cleanup:
        to = Surroundings(folder, cleanup)
        case(to)
        # Also to be read, so that opening it waits for nobody, and it never ends.
        keyboard = os.open(typed, os.O_RDWR)
        cleanup.callback(os.close, keyboard)
        with running_in(to, config) as pipeline:
            pipeline.until(lambda s: s.ready, "ready")
            if case in (live_closed, plain_closed):
                assert to.terminal is not None
                os.close(to.terminal)
            os.write(keyboard, b"Go forward ten meters.\n")
            status = pipeline.until(
                lambda s: (
                    s.turns_closed == {"answered": 1}
                    and (lacking is None or lacking in s.unwritten)
                ),
                "an answered turn, and a count of the lines that are missing",
            )
            assert all(each.restarts == 0 for each in status.actors), status.actors
            assert lacking is not None or not status.unwritten
            pipeline.process.send_signal(signal.SIGTERM)
            assert pipeline.wait() == 0
    with wave.open(str(folder / "answer.wav")) as sound:
        assert sound.getnframes() > sound.getframerate()


def conversation(folder: Path) -> Path:
    """Write the config of the shortest conversation: a line in, a tone out."""
    live = {"audio": "live.audio", "answer": "live.answer"}
    decided = {"route": "supervisor.route", "turns": "supervisor.turns"}
    actors = {
        # Says nothing, and never ends.
        "microphone": {
            "use": "recording",
            "options": {"files": [str(folder / "silence.wav")], "loop": True},
        },
        "console": {
            "use": "console",
            "inputs": {"transcript": ["live.transcript"]},
            "options": {"path": str(folder / "typed")},
        },
        "simulator": {
            "use": "simulator",
            "options": {"stt": "none", "tts": "tone", "scenario": str(folder / "scenario.yaml")},
        },
        "live": {
            "use": "live",
            "after": ["simulator"],
            "inputs": {
                "audio": "microphone.audio",
                "text": "console.text",
                "playback": "speaker.playback",
                **decided,
            },
            "options": {"server_file": "simulator.json"},
        },
        "speaker": {
            "use": "wav_sink",
            "inputs": {**live, **decided},
            "options": {"path": str(folder / "answer.wav")},
        },
    }
    path = folder / "test.yaml"
    config = {"name": "test", "route": {"backends": ["live"]}, "actors": actors}
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


@pytest.mark.parametrize(
    ("case", "lacking"), COMMON.items(), ids=lambda x: getattr(x, "__name__", "")
)
def test_a_turn_is_answered_whatever_becomes_of_the_output(
    tmp_path: Path, case: Case, lacking: str | None
) -> None:
    talk(tmp_path, case, lacking)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "lacking"), RARE.items(), ids=lambda x: getattr(x, "__name__", "")
)
def test_so_it_is_in_the_rarer_cases(tmp_path: Path, case: Case, lacking: str | None) -> None:
    talk(tmp_path, case, lacking)
