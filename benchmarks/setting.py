"""The pipeline that is measured: recordings ask, a scripted simulator answers with a tone."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
SPEECH = ROOT / "tests" / "speech"
RATE_HZ = 16_000
SENTENCE = "one two three four five six seven eight nine ten"


def write_wav(path: Path, pcm: bytes) -> Path:
    """Write 16 kHz mono samples."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(pcm)
    return path


def read_wav(path: Path) -> bytes:
    """Return the samples of a 16 kHz mono file."""
    with wave.open(str(path)) as file:
        return file.readframes(-1)


def scenario(folder: Path, answer: str = SENTENCE) -> Path:
    """Write a scenario in which every turn is answered with `answer`."""
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump({"rules": [{"when": "activity_end", "do": [{"say": answer}]}]}))
    return path


def config(folder: Path, files: list[Any], **actors: dict[str, Any]) -> Path:
    """Write the config that is measured; its simulator runs outside, see `simulator`."""
    path = folder / "bench.yaml"
    tree = {
        "extends": str(ROOT / "configs" / "demo.yaml"),
        "name": "bench",
        "actors": {
            "simulator": None,
            "tools": None,
            "microphone": {"options": {"files": files}},
            "speaker": {"options": {"path": str(folder / "answer.wav")}},
            "live": {
                "after": [],
                "inputs": {"offer": None, "results": None},
                "options": {"server_file": str(folder / "simulator.json")},
            },
        },
    }
    for name, changes in actors.items():
        below = tree["actors"].setdefault(name, {})
        for key, value in changes.items():
            if isinstance(below.get(key), dict) and isinstance(value, dict):
                below[key] = {**below[key], **value}
            else:
                below[key] = value
    path.write_text(yaml.safe_dump(tree))
    return path


class RemoteSimulator:
    """A simulator in a process of its own, so that it is not counted as ours."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def journal(self) -> dict[str, Any]:
        """All it saw, with the arrival time of every audio message."""
        self._pipe.send("journal")
        seen: dict[str, Any] = self._pipe.recv()
        return seen


@contextmanager
def simulator(folder: Path, scenario_file: Path) -> Iterator[RemoteSimulator]:
    """Run a simulator that understands nothing and hums; write its address into `folder`."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_simulate, args=(theirs, str(scenario_file)), daemon=True
    )
    process.start()
    (folder / "simulator.json").write_text(json.dumps(ours.recv()))
    try:
        yield RemoteSimulator(ours)
    finally:
        ours.send("stop")
        process.join()


def _simulate(pipe: Connection, scenario_file: str) -> None:
    from actors.simulator import SimulatorOptions, SimulatorServer

    async def serve() -> None:
        options = SimulatorOptions(ears="none", voice="tone", scenario=Path(scenario_file))
        async with SimulatorServer(options) as server:
            pipe.send(
                {"base_url": server.base_url, "ca_file": str(server.ca_file), "api_key": "bench"}
            )
            while await asyncio.to_thread(pipe.recv) == "journal":
                pipe.send(server.journal.to_json(arrivals=True))

    asyncio.run(serve())
