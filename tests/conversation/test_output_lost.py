"""Whatever becomes of what a run prints and logs, the conversation goes on, and the run ends.

A turn is typed and answered in each case; then SIGTERM ends the run in order.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import lost_outputs
import pytest
import yaml
from helpers import Typist
from lost_outputs import Surroundings

from pipeline.testing import RunningPipeline

ANSWER = "Sure \N{EN DASH} moving ten meters \N{ROBOT FACE} [/INST]."
"""Has what Latin-1 lacks, and what looks like Rich's markup."""

COMMON = {
    lost_outputs.stdout_full: "stdout",
    lost_outputs.stderr_closed: "stderr",
    lost_outputs.log_full: "log",
    lost_outputs.live_stopped: None,
    lost_outputs.live_closed: "stdout",
    lost_outputs.plain_stopped: None,
    lost_outputs.log_locale: None,
    lost_outputs.stdout_locale: None,
}
"""What happens most, and which output then lacks lines; one that is stopped may still show them."""
RARE = {
    lost_outputs.stdout_closed: "stdout",
    lost_outputs.stdout_stopped: None,
    lost_outputs.stdout_left: "stdout",
    lost_outputs.stderr_full: "stderr",
    lost_outputs.stderr_stopped: None,
    lost_outputs.stderr_locale: None,
    lost_outputs.all_closed: "stdout",
    lost_outputs.log_closed: "log",
    lost_outputs.log_stopped: "log",
    lost_outputs.live_full: "log",
    lost_outputs.plain_full: "stdout",
    lost_outputs.plain_closed: "stdout",
    lost_outputs.plain_locale: None,
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
    ("case", "lacking"),
    [
        *(pytest.param(*each, id=each[0].__name__) for each in COMMON.items()),
        *(
            pytest.param(*each, id=each[0].__name__, marks=pytest.mark.slow)
            for each in RARE.items()
        ),
    ],
)
def test_a_turn_is_answered_whatever_becomes_of_the_output(
    tmp_path: Path, case: Case, lacking: str | None
) -> None:
    (tmp_path / "scenario.yaml").write_text(
        f'description: Test.\nrules:\n  - when: {{turn: 1}}\n    do: [{{say: "{ANSWER}"}}]\n',
        encoding="utf-8",
    )
    with wave.open(str(tmp_path / "silence.wav"), "wb") as silence:
        silence.setparams((1, 2, 16000, 0, "NONE", ""))
        silence.writeframes(bytes(3200))
    config = conversation(tmp_path)
    with ExitStack() as cleanup, Typist(tmp_path) as typist:
        to = Surroundings(tmp_path, cleanup)
        case(to)
        with running_in(to, config) as pipeline:
            pipeline.until(lambda s: s.ready, "ready")
            if case in (lost_outputs.live_closed, lost_outputs.plain_closed):
                assert to.terminal is not None
                os.close(to.terminal)
            typist.type("Go forward ten meters.")
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
    with wave.open(str(tmp_path / "answer.wav")) as sound:
        assert sound.getnframes() > sound.getframerate()
