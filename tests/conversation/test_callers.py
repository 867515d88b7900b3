"""Callers of all kinds on real processes: the good are served, whatever the others do."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from helpers import BLOCK, DEMO, ROOT, SPEECH, Microphone, counter, said, write_config
from supervised import actor, config, of

from pipeline.frames import BackendState, BackendStatus, Outcome, SpeechEnded, TurnClosed
from pipeline.testing import running


def test_a_plain_program_brings_a_caller_who_is_answered_and_hangs_up(tmp_path: Path) -> None:
    with running(DEMO, "--external", "microphone", cwd=tmp_path) as pipeline:
        pipeline.until(
            lambda s: all(a.phase == "running" for a in s.actors if a.actor == "live"), "live"
        )
        with subprocess.Popen(
            [
                sys.executable,
                ROOT / "docs" / "examples" / "be_a_caller.py",
                pipeline.runtime_dir,
                "caller-7",
                SPEECH / "goforward.wav",
                "3",
            ]
        ) as caller:
            pipeline.until(lambda status: status.sessions == 2, "the caller's session")
            pipeline.until(lambda status: status.turns_closed.get("answered") == 1, "an answer")
            assert caller.wait(60) == 0
        pipeline.until(lambda status: status.sessions == 1, "the end of it")


def ears(folder: Path, **fields: Any) -> Path:
    """Write the config of a detector with callers, and nothing behind it."""
    path = folder / "callers.yaml"
    vad = {"use": "vad", "inputs": {"audio": "microphone.audio"}, "options": {"engine": "energy"}}
    actors = {"microphone": {"use": "microphone"}, "vad": vad}
    path.write_text(yaml.safe_dump({"name": "callers", "actors": actors, **fields}))
    return path


def test_whatever_a_source_does_the_good_callers_are_heard(tmp_path: Path) -> None:
    with (
        running(ears(tmp_path), "--external", "microphone") as pipeline,
        Microphone(pipeline, {b"\x01@vad:audio"}) as microphone,
    ):
        # Of nobody, twice, before it began, and of a name and a manner beyond all limits.
        microphone.socket.send_multipart([b"audio", b"no frame"])
        microphone.publish(b"audio", "audio", "nobody", position=0, pcm=bytes(2 * BLOCK))
        microphone.end("nobody")
        microphone.open("twice")
        microphone.open("twice")
        microphone.end("twice")
        microphone.end("twice")
        microphone.open("n" * 1_000_000)
        microphone.open("long", instruction="i" * 1_000_000)
        microphone.open("broken", functions=[{"name": "f", "parameters": "none"}])
        # Sound at a rate of its own, of more callers than would end a process.
        for number in range(8):
            microphone.open(f"slow-{number}")
            microphone.publish(
                b"audio", "audio", f"slow-{number}", position=0, rate_hz=8_000, pcm=bytes(320)
            )
        pipeline.until(
            lambda status: counter(status, "vad", "sessions_failed") == 8, "the slow ones"
        )
        pipeline.until(lambda status: status.sessions == 1, "their end")
        pipeline.until(
            lambda status: counter(status, "vad", "unopened") == 1, "the frame of nobody"
        )

        microphone.send(said("cards-001.wav"), 0, "anna")
        for number in range(10_000):
            microphone.open(f"flood-{number}")
        microphone.send(said("goforward.wav"), 0, "local")
        for session in ("anna", "local"):
            pipeline.frame(
                "vad",
                "speech",
                lambda frame, who=session: isinstance(frame, SpeechEnded) and frame.session == who,
            )
        # The name, the instruction, the function, and of the flood all but 299 beside Anna.
        status = pipeline.until(
            lambda status: status.session_counts.get("refused") == 3 + 9701, "the last refusal"
        )
    assert status.sessions == 301, "as many as may be open, and the own one"
    assert status.session_counts["opened"] == 1 + 8 + 1 + 299
    assert status.session_counts["opened_again"] == 1
    assert status.session_counts["ended_unopened"] == 2
    assert of(status, "vad").restarts == 0
    assert "a session's name has 1 to 200 characters, not 1000000" in pipeline.output
    assert "an instruction has up to 100000 characters, not 1000000" in pipeline.output
    assert "functions.0 (f): parameters is no schema but a str" in pipeline.output
    assert "nobody" in pipeline.output


def test_a_session_whose_actor_died_and_does_not_come_back_to_it_ends(tmp_path: Path) -> None:
    path = config(tmp_path, {"bringer": actor("Bringer")}, sessions={"source_lost_s": 0.5})
    with running(path) as pipeline:
        pipeline.until(lambda status: status.sessions == 2, "the session")
        pipeline.kill("bringer", signal.SIGKILL)
        pipeline.until(lambda status: status.sessions == 1, "its end")
        assert of(pipeline.status(), "bringer").restarts == 1
    assert "bringer died" in pipeline.output


def test_a_caller_whose_program_outside_of_the_pipeline_died_ends_when_nothing_comes(
    tmp_path: Path,
) -> None:
    # A session is not idle while a turn of it is open, and nobody answers here.
    path = ears(tmp_path, sessions={"idle_s": 1.0}, ledger={"answer_deadline_s": 1.0})
    with running(path, "--external", "microphone") as pipeline:
        with Microphone(pipeline, {b"\x01@vad:audio"}) as microphone:
            microphone.send(said("cards-001.wav"), 0, "anna")
            pipeline.until(lambda status: status.session_counts.get("opened") == 1, "the caller")
        # Its socket is gone, without a word.
        pipeline.until(lambda status: status.sessions == 1, "its end")
    assert "anna session: ended, idle: nothing heard for 1 s" in pipeline.output


def test_a_caller_is_greeted_by_http_if_live_cannot_be_had(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    rule = {"when": "setup", "session": 2, "do": [{"close": "denied"}]}
    scenario.write_text(yaml.safe_dump({"rules": [rule]}))
    # Two requests, words and voice: on a loaded machine they take longer than a caller should wait.
    patient = {"first_event_timeout_s": 60, "stall_timeout_s": 60}
    changes = {
        "actors": {
            "simulator": {"options": {"scenario": str(scenario)}},
            "http": {"options": patient},
        },
        "route": {"standby_first_sound_s": 60, "stall_s": 60},
    }
    path = write_config(tmp_path, changes)
    with running(path, "--external", "microphone", cwd=tmp_path) as pipeline:
        # A process that runs may not have found its models yet; who has not is not asked.
        pipeline.frame(
            "http",
            "status",
            lambda f: isinstance(f, BackendStatus) and f.state is BackendState.READY,
        )
        with Microphone(pipeline, {b"\x01@vad:audio"}) as microphone:
            microphone.open("anna", speaks_first=True)
            closed = pipeline.frame(
                "supervisor", "turns", lambda f: isinstance(f, TurnClosed) and f.session == "anna"
            )
    assert isinstance(closed, TurnClosed)
    assert (closed.turn, closed.outcome, closed.by) == ("anna:first", Outcome.ANSWERED, "http")
