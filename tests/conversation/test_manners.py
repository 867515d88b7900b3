"""Callers with manners of their own in one pipeline: each has its own, whoever answers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import Microphone, read_journal, said, turns_of
from local_server import LocalServer, local_server
from supervised import ACTORS_FILE, gauge

from pipeline.cli.running import listening
from pipeline.frames import BackendStatus, Fault, Outcome, ToolCall, TurnClosed
from pipeline.testing import RunningPipeline, running

WAY = {
    "type": "object",
    "properties": {
        "direction": {"type": "string", "enum": ["forward", "back"]},
        "distance_m": {"type": "number"},
    },
    "required": ["direction", "distance_m"],
}


def function(name: str) -> dict[str, Any]:
    return {"name": name, "description": "Moves.", "parameters": WAY}


CALLERS: dict[str, dict[str, Any]] = {
    "anna": {
        "instruction": "You are a baker.",
        "voice": "Kore",
        "language": "en-GB",
        "functions": [function("walk")],
        "labels": {"business": "bakery-42", "direction": "inbound"},
    },
    "bert": {
        "instruction": "You are a plumber.",
        "voice": "Charon",
        "language": "en-US",
        "functions": [function("drive")],
        # A label may have any name, also one that means something to a logger.
        "labels": {"business": "pipes-7", "direction": "outbound", "self": "b"},
    },
}
PATIENCE_MS = 60_000
GO = said("goforward.wav")
"""Makes whoever answers call the one function that a caller has."""


class Service:
    """`greenroom simulate` outside of the pipeline, so that it can be gone for good."""

    def __init__(self, scenario: Path) -> None:
        command = [str(Path(sys.executable).parent / "greenroom"), "simulate"]
        self.process = subprocess.Popen(
            [*command, "--scenario", str(scenario)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        lines = [self.process.stdout.readline().strip() for _ in range(2)]
        self.ca_file, self.base_url = (line.split("=", 1)[1] for line in lines)

    def end(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
            self.process.communicate()

    def journal(self) -> dict[str, Any]:
        return read_journal(self.ca_file, self.base_url)


@contextmanager
def service(folder: Path, *rules: dict[str, Any]) -> Iterator[Service]:
    scenario = folder / "scenario.yaml"
    scenario.write_text(yaml.safe_dump({"rules": list(rules)}))
    started = Service(scenario)
    try:
        yield started
    finally:
        started.end()


def config(folder: Path, service: Service, words: dict[str, Any] | None, *backends: str) -> Path:
    """Ears and backends, without a player; the callers' programs answer their functions."""
    address = {"ca_file": service.ca_file, "base_url": service.base_url}
    inputs = {
        "audio": "microphone.audio",
        "results": "microphone.results",
        "speech": "vad.speech",
        "route": "supervisor.route",
        "turns": "supervisor.turns",
    }
    options: dict[str, dict[str, Any]] = {
        "live": {**address, "system_instruction": "You are a robot.", "voice": "Puck"},
        "http": {**address, "system_instruction": "You are a robot.", "voice": "Puck"},
        "device": {"words": words},
    }
    others = {"live": "http", "http": "live"}
    actors = {
        "microphone": {"use": f"{ACTORS_FILE}:Callers"},
        "vad": {"use": "vad", "inputs": {"audio": "microphone.audio"}},
        **{
            name: {"use": name, "inputs": dict(inputs), "options": options[name]}
            for name in backends
        },
    }
    if "device" in backends:
        others_say = [f"{name}.{port}" for name in others for port in ("status", "faults")]
        actors["device"]["inputs"]["backends"] = others_say  # type: ignore[index]
    path = folder / "manners.yaml"
    tree = {"name": "manners", "route": {"backends": list(backends)}, "actors": actors}
    path.write_text(yaml.safe_dump(tree))
    return path


@contextmanager
def calling(path: Path, first: str = "live") -> Iterator[tuple[RunningPipeline, Microphone]]:
    env = {"GEMINI_API_KEY": "AIza-this-key-is-only-for-tests-0123456789"}
    listeners = {b"\x01@vad:audio", f"\x01@{first}:audio".encode()}
    with (
        running(path, "--external", "microphone", env=env) as pipeline,
        Microphone(pipeline, listeners) as microphone,
    ):
        yield pipeline, microphone


def turn_of(pipeline: RunningPipeline, microphone: Microphone, caller: str, by: str) -> str:
    """Let a caller ask for what their own function does; return its name, as it was called."""
    microphone.send(GO, 0, caller)
    call = pipeline.frame(
        by, "tool_calls", lambda f: isinstance(f, ToolCall) and f.session == caller
    )
    assert isinstance(call, ToolCall)
    turn = call.turn
    microphone.publish(
        b"results",
        "tool_result",
        caller,
        turn=turn,
        call_id=call.call_id,
        name=call.name,
        status="ok",
        response={"moved_m": 10},
    )
    closed = pipeline.frame(
        "supervisor", "turns", lambda f: isinstance(f, TurnClosed) and f.turn == turn
    )
    assert isinstance(closed, TurnClosed)
    assert (closed.session, closed.outcome, closed.by) == (caller, Outcome.ANSWERED, by)
    return call.name


def setup_of(journal: dict[str, Any], instruction: str) -> dict[str, Any]:
    """How the one connection was set up whose model has this instruction."""
    (found,) = (
        each["setup"]
        for each in journal["sessions"]
        if each["setup"]["systemInstruction"]["parts"][0]["text"].startswith(instruction)
    )
    assert isinstance(found, dict)
    return found


def spoken_by(speech: dict[str, Any]) -> str:
    return str(speech["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"])


def check_live(journal: dict[str, Any]) -> None:
    for manner in CALLERS.values():
        setup = setup_of(journal, manner["instruction"])
        assert manner["language"] in setup["systemInstruction"]["parts"][0]["text"]
        assert spoken_by(setup["generationConfig"]["speechConfig"]) == manner["voice"]
        (tools,) = setup["tools"]
        declared = [each["name"] for each in tools["functionDeclarations"]]
        assert declared == [manner["functions"][0]["name"]]
    own = setup_of(journal, "You are a robot.")
    assert spoken_by(own["generationConfig"]["speechConfig"]) == "Puck"
    assert "tools" not in own


def check_http(journal: dict[str, Any]) -> None:
    requests = [each for each in journal["requests"] if each["status"] == 200]
    for manner in CALLERS.values():
        name = manner["functions"][0]["name"]
        asked = [each for each in requests if each["instruction"].startswith(manner["instruction"])]
        assert asked
        assert all(manner["language"] in each["instruction"] for each in asked)
        assert all(each["functions"] == [name] for each in asked)
        assert any((each["tool_call"] or {}).get("name") == name for each in asked)
    speech = [
        each["config"]["speechConfig"] for each in requests if "speechConfig" in each["config"]
    ]
    assert {(spoken_by(each), each["languageCode"]) for each in speech} == {
        (manner["voice"], manner["language"]) for manner in CALLERS.values()
    }


def check_labels(output: str, *callers: str) -> list[str]:
    """Every line of the log about these has the labels they came with; return the lines."""
    lines = [line for line in output.splitlines() if any(_is_of(line, each) for each in callers)]
    for caller in callers:
        mine = [line for line in lines if _is_of(line, caller)]
        assert mine, output
        for line in mine:
            for label, value in CALLERS[caller]["labels"].items():
                assert f"{label}={value}" in line.split(), line
    return lines


def _is_of(line: str, caller: str) -> bool:
    return f"session={caller}" in line.split()


def test_each_caller_has_its_own_on_live_on_http_after_a_fault_and_on_the_device(
    tmp_path: Path,
) -> None:
    quota = {"when": {"heard": "seven"}, "do": ["quota"]}
    with service(tmp_path, quota) as gemini, local_server() as words:
        path = config(tmp_path, gemini, words.mind, "live", "http", "device")
        with calling(path) as (pipeline, microphone):
            for caller, manner in CALLERS.items():
                microphone.open(caller, plays=False, **manner)
            for caller, manner in CALLERS.items():
                called = turn_of(pipeline, microphone, caller, "live")
                assert called == manner["functions"][0]["name"]
            check_live(gemini.journal())

            microphone.send(said("cards-003.wav"), 0, "anna")
            assert turns_of(pipeline, "anna", 2)[-1].by == "http"
            for caller, manner in CALLERS.items():
                called = turn_of(pipeline, microphone, caller, "http")
                assert called == manner["functions"][0]["name"]
            check_http(gemini.journal())

            gemini.end()
            for caller, manner in CALLERS.items():
                called = turn_of(pipeline, microphone, caller, "device")
                assert called == manner["functions"][0]["name"]
            check_device(pipeline, microphone, words)
            foreign(pipeline, microphone)
    check_labels(pipeline.output, *CALLERS)


def check_device(pipeline: RunningPipeline, microphone: Microphone, words: LocalServer) -> None:
    """What it cannot do is for its local model, with the instruction of the one who asks."""
    words.says("That is a card.")
    for caller, manner in CALLERS.items():
        microphone.send(said("cards-001.wav"), 0, caller)
        closed = turns_of(pipeline, caller, 5 if caller == "anna" else 4)[-1]
        assert (closed.by, closed.answer) == ("device", "That is a card.")
        instruction = words.requests[-1]["messages"][0]["content"]
        assert instruction.startswith(manner["instruction"])


def foreign(pipeline: RunningPipeline, microphone: Microphone) -> None:
    """Who speaks a language that the device has no ears for is told so in it."""
    microphone.open("carl", plays=False, language="de-DE")
    microphone.send(said("cards-001.wav"), 0, "carl")
    (closed,) = turns_of(pipeline, "carl", 1)
    assert closed.outcome is Outcome.ANSWERED, closed
    assert "Deutsch verstehe ich ohne Verbindung nicht" in closed.answer


@pytest.mark.parametrize(("refused", "fault"), [("quota", "quota"), ("invalid_key", "auth")])
def test_a_connection_that_failed_at_once_is_told_of_with_the_labels_of_its_caller(
    tmp_path: Path, refused: str, fault: str
) -> None:
    # The first connection is that of the config's own session.
    refusal = {"when": "connect", "session": 2, "do": [{"refuse": {"preset": refused}}]}
    with service(tmp_path, refusal) as gemini:
        path = config(tmp_path, gemini, None, "live", "http")
        with calling(path) as (pipeline, microphone):
            pipeline.until(lambda status: gauge(status, "live", "connected") == 1, "its own")
            with listening(pipeline.runtime_dir, "live", "faults", "status") as live:
                frames = live.frames(PATIENCE_MS)
                # Faults are not retained: whoever is told the status as it was hears all of them.
                assert isinstance(next(frames), BackendStatus)
                microphone.open("anna", plays=False, **CALLERS["anna"])
                faults = (frame for frame in frames if isinstance(frame, Fault))
                assert next(each.fault for each in faults if each.session == "anna") == fault
            assert turn_of(pipeline, microphone, "anna", "http") == "walk"
        assert len(gemini.journal()["refused_handshakes"]) == 1
    lines = check_labels(pipeline.output, "anna")
    assert any("actor=live" in line.split() for line in lines), pipeline.output


@pytest.mark.parametrize("backend", ["live", "http"])
@pytest.mark.parametrize(
    ("wrong", "advice"),
    [({"model": "gemini-9"}, "gemini-9"), ({"voice": "Korre"}, "did you mean 'Kore'")],
    ids=["model", "voice"],
)
def test_a_caller_who_asks_for_what_there_is_not_is_told_so_and_the_other_is_served(
    tmp_path: Path, backend: str, wrong: dict[str, str], advice: str
) -> None:
    with service(tmp_path) as gemini:
        path = config(tmp_path, gemini, None, backend)
        with calling(path, backend) as (pipeline, microphone):
            microphone.open("anna", plays=False, **(CALLERS["anna"] | wrong))
            microphone.open("bert", plays=False, **CALLERS["bert"])
            microphone.send(GO, 0, "anna")
            assert turn_of(pipeline, microphone, "bert", backend) == "drive"
            status = pipeline.until(
                lambda status: status.sessions == 2, "the end of Anna's session"
            )
            assert all(each.restarts == 0 for each in status.actors)
    lines = check_labels(pipeline.output, "anna")
    words = {word for line in lines for word in line.split()}
    assert {f"actor={backend}", "actor=supervisor"} <= words
    assert all(advice in line for line in lines)
