"""Every command of `greenroom --help`, on the pipeline that `make run` starts."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest
from helpers import DEMO, SPEECH
from typer.main import get_command
from websockets.sync.client import connect

from actors.cli.app import make_greenroom
from pipeline.testing import RunningPipeline, running

GREENROOM = str(Path(sys.executable).parent / "greenroom")
PATIENCE_S = 120.0
"""Only a broken test waits so long."""
EXIT_USAGE = 2


@dataclass
class Desk:
    """Somebody at a terminal beside the pipeline.

    Attributes:
        pipeline: The demo without its microphone, whose place `inject` and `replay` take.
        folder: Where files go.
    """

    pipeline: RunningPipeline
    folder: Path

    @property
    def recording(self) -> Path:
        """What `record` writes."""
        return self.folder / "talk.mcap"

    @property
    def env(self) -> dict[str, str]:
        """Of a shell without a key, in which this pipeline is the only one."""
        mine = {
            k: v for k, v in os.environ.items() if k not in ("GEMINI_API_KEY", "GOOGLE_API_KEY")
        }
        runtime = str(self.pipeline.runtime_dir.parent.parent)
        return {**mine, "XDG_RUNTIME_DIR": runtime, "TERM": "xterm-256color", "COLUMNS": "160"}

    def done(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end; it has to end with that status, and without a traceback."""
        command = [GREENROOM, *arguments]
        ended = subprocess.run(
            command,
            check=False,
            capture_output=True,
            env=self.env,
            cwd=self.folder,
            timeout=PATIENCE_S,
        )
        said = ended.stderr.decode()
        assert ended.returncode == status, (arguments, ended.stdout, said)
        assert "Traceback" not in said, (arguments, said)
        return ended

    def text(self, *arguments: str) -> str:
        """What a command prints."""
        return self.done(*arguments).stdout.decode()

    @contextmanager
    def going(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Run a command beside; at the end Control-C, if it goes on, and no traceback."""
        process = subprocess.Popen(
            [GREENROOM, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.env,
            cwd=self.folder,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode in (0, 128 + signal.SIGINT), said
        assert "Traceback" not in said, said


def look_at_status(desk: Desk) -> None:
    assert "demo: ready" in desk.text("status")
    assert json.loads(desk.text("status", "--json"))["pipeline"] == "demo"


def look_at_top(desk: Desk) -> None:
    """On a terminal of its own; `q` ends it."""
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - becomes greenroom
        os.environ.update(desk.env, LINES="40")
        os.execv(GREENROOM, [GREENROOM, "top"])
    screen = b""
    try:
        deadline_s = time.monotonic() + PATIENCE_S
        while b"simulator" not in screen or b"ready" not in screen:
            assert time.monotonic() < deadline_s, screen[-3000:]
            screen += _read(terminal)
        os.write(terminal, b"q")
        while chunk := _read(terminal):
            screen += chunk
    finally:
        os.close(terminal)
        _, waited = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(waited) == 0, screen[-3000:]
    assert b"Traceback" not in screen


def _read(terminal: int) -> bytes:
    """What a terminal shows next; nothing once it is closed."""
    ready, _, _ = select.select([terminal], [], [], PATIENCE_S)
    assert ready, "the screen stands still"
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""  # Linux's way to say that the other side has ended.


def look_at_dashboard(desk: Desk) -> None:
    with desk.going("dashboard", "--port", "0") as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[0]
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:
            assert b"page.mjs" in page.read()
        with connect(url.replace("http:", "ws:") + "live", open_timeout=PATIENCE_S) as browser:
            shown: dict[str, object] = {}
            while not shown.get("actors"):
                shown |= json.loads(browser.recv(PATIENCE_S))
        assert "simulator" in {row["actor"] for row in shown["actors"]}  # type: ignore[attr-defined]


def tap(desk: Desk) -> None:
    line = json.loads(desk.text("tap", "supervisor.status", "--count", "1"))
    assert line["type"] == "status"
    assert json.loads(desk.text("tap", "vad.health", "--json", "--count", "1"))["actor"] == "vad"
    raw = desk.done("tap", "vad.health", "--raw", "--count", "2").stdout
    assert int.from_bytes(raw[:4], "big") < len(raw)
    assert re.search(r"\d Hz .*lost 0", desk.text("tap", "vad.health", "--hz", "--count", "2"))


def record_what_is_injected(desk: Desk) -> None:
    """The source ends with the file, with it the pipeline, and with that the recording."""
    with desk.going("record", "-o", str(desk.recording)) as recorder:
        assert recorder.stdout is not None
        assert "recording" in recorder.stdout.readline()
        desk.done("inject", "microphone.audio", str(SPEECH / "goforward.wav"))
        assert desk.pipeline.wait() == 0
        recorder.wait(PATIENCE_S)
    assert "you: Go forward" in desk.pipeline.output
    assert desk.recording.stat().st_size > 100_000


def check(desk: Desk) -> None:
    assert "all connected" in desk.text("check", str(DEMO))


def graph(desk: Desk) -> None:
    assert desk.text("graph", str(DEMO)).startswith("flowchart")


def schema(desk: Desk) -> None:
    for what in ("config", "frames", "live", "simulator"):
        assert json.loads(desk.text("schema", what))


def devices(desk: Desk) -> None:
    assert "cameras:" in desk.text("devices")


def models(desk: Desk) -> None:
    """Without a key: what to do, in a line."""
    said = desk.done("models", status=EXIT_USAGE).stderr.decode()
    assert said.startswith("error: ")
    assert "GEMINI_API_KEY" in said


def keys(desk: Desk) -> None:
    assert "public key: " in desk.text("keys", str(desk.folder / "keys"))


def simulate(desk: Desk) -> None:
    with desk.going("simulate", "--ears", "none", "--voice", "tone") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]
        assert [line.split("=")[0] for line in lines] == [
            "export SSL_CERT_FILE",
            "export GOOGLE_GEMINI_BASE_URL",
            "export NODE_EXTRA_CA_CERTS",
            "export REQUESTS_CA_BUNDLE",
            "export GOOGLE_GENAI_API_VERSION",
        ]


def evaluate(desk: Desk) -> None:
    table = desk.folder / "cells.csv"
    desk.done("evaluate", str(SPEECH / "goforward.wav"), "-o", str(table), "--jobs", "1")
    assert "goforward" in table.read_text()


def export(desk: Desk) -> None:
    for form in ("wav", "jsonl", "mp4", "foxglove", "rerun"):
        told = desk.text("export", str(desk.recording), "--to", form)
        assert Path(told.split()[-1]).stat().st_size > 10_000


def plot(desk: Desk) -> None:
    desk.done("plot", str(desk.recording))
    assert desk.recording.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def compare(desk: Desk) -> None:
    assert "the same" in desk.text("compare", str(desk.recording), str(desk.recording))


def reproduce(desk: Desk) -> None:
    assert "the same" in desk.text("reproduce", "vad", str(desk.recording), "--port", "speech")


def replay(desk: Desk) -> None:
    """Into another run of the same pipeline: the one it was recorded from has ended."""
    with running(DEMO, "--external", "microphone", cwd=desk.folder) as pipeline:
        pipeline.until(_others_run, "a pipeline without microphone")
        told = Desk(pipeline, desk.folder).text("replay", str(desk.recording))
        assert re.search(r"microphone: \d+ frames", told)
        assert pipeline.wait() == 0
    assert "you: Go forward" in pipeline.output


def credentials(desk: Desk) -> None:
    """Of a gateway, which the demo has not."""
    assert "this machine only" in desk.text("credentials", "list", *_gateway(desk))
    desk.done("credentials", "list", "--config", str(DEMO), status=EXIT_USAGE)


def callers(desk: Desk) -> None:
    assert "0 sessions" in desk.text("callers", "erase", "nobody", *_gateway(desk))


def rooms(desk: Desk) -> None:
    assert "no room has a name" in desk.text("rooms", "list", *_gateway(desk))


def scale(desk: Desk) -> None:
    """What a cluster would be told: none is needed for that."""
    config = str(DEMO.parent / "gateway.yaml")
    changed = [f"actors.gateway.options.{each}" for each in ("host=0.0.0.0", "anybody=true")]
    options = [word for each in changed for word in ("--set", each)]
    assert "max_ongoing_requests" in desk.text("scale", config, *options, "--dry-run")


def _gateway(desk: Desk) -> list[str]:
    config = DEMO.parent / "gateway.yaml"
    return ["--config", str(config), "--set", f"state_dir={desk.folder / 'state'}"]


def call(desk: Desk) -> None:
    """Of a gateway, which the demo has not: nobody answers."""
    said = desk.done("call", "ws://127.0.0.1:9/phone/twilio", "--keys", "1", status=EXIT_USAGE)
    assert "cannot be called" in said.stderr.decode()


def load(desk: Desk) -> None:
    """Of a gateway, as well."""
    said = desk.done("load", "http://127.0.0.1:9", status=EXIT_USAGE)
    assert "127.0.0.1:9" in said.stderr.decode()


def listen(desk: Desk) -> None:
    """To a robot that sleeps, which the demo does not."""
    said = desk.done("listen", status=EXIT_USAGE)
    assert "wake" in said.stderr.decode()


def service(desk: Desk) -> None:
    """Of a config that is not there, so that nothing is installed on this machine."""
    said = desk.done("service", "install", str(desk.folder / "none.yaml"), status=EXIT_USAGE)
    assert "none.yaml" in said.stderr.decode()


def run(desk: Desk) -> None:
    """It is what the others look at."""
    assert "every actor is ready" in desk.pipeline.output


BESIDE: dict[str, Callable[[Desk], None]] = {
    "status": look_at_status,
    "top": look_at_top,
    "dashboard": look_at_dashboard,
    "tap": tap,
    "check": check,
    "graph": graph,
    "schema": schema,
    "devices": devices,
    "models": models,
    "keys": keys,
    "simulate": simulate,
    "listen": listen,
    "service": service,
    "record": record_what_is_injected,
}
"""In this order, while the pipeline runs; the last one ends it."""
BEHIND: dict[str, Callable[[Desk], None]] = {
    "run": run,
    "inject": lambda desk: None,
    "export": export,
    "plot": plot,
    "compare": compare,
    "reproduce": reproduce,
    "replay": replay,
    "evaluate": evaluate,
    "credentials": credentials,
    "callers": callers,
    "rooms": rooms,
    "scale": scale,
    "call": call,
    "load": load,
}
"""With what was recorded; `inject` was what was recorded."""


def _others_run(status: object) -> bool:
    actors = status.actors  # type: ignore[attr-defined]
    return all(each.phase in ("running", "external") for each in actors)


def test_no_command_is_left_out() -> None:
    commands = get_command(make_greenroom()).commands  # type: ignore[attr-defined]
    assert BESIDE.keys() | BEHIND.keys() == set(commands)


@pytest.mark.cold
def test_every_command_works_on_the_pipeline_that_make_run_starts(tmp_path: Path) -> None:
    with running(DEMO, "--external", "microphone", cwd=tmp_path) as pipeline:
        pipeline.until(_others_run, "a pipeline without microphone")
        desk = Desk(pipeline, tmp_path)
        for look in BESIDE.values():
            look(desk)
    for look in BEHIND.values():
        look(desk)


def test_the_version_is_that_of_the_package() -> None:
    said = subprocess.run([GREENROOM, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout == f"greenroom {version('greenroom')}\n"
