"""The pipelines that are measured: a robot with recordings and a file for ears and mouth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from benchmarks.sound import ROOT

NAME = "bench"
"""Of the pipeline."""
LONG_ANSWER = " ".join(["One two three four five six seven eight nine ten."] * 20)
"""A minute at the simulator's 60 ms a letter: longer than anybody lets it speak here."""
SHORT_ANSWER = "One two three."
VIDEO_S = 10
"""Of the film before the camera; it is shown again and again."""


def talker(folder: Path, files: list[Any], **changes: dict[str, Any]) -> Path:
    """Write the config of what a spoken conversation needs at least: ears, turns, Gemini, mouth."""
    audio = {"audio": "microphone.audio"}
    actors = {
        "microphone": {"use": "recording"},
        "vad": {"use": "vad", "inputs": audio},
        "live": {
            "use": "live",
            "inputs": {
                **audio,
                "speech": "vad.speech",
                "playback": "speaker.playback",
                "route": "supervisor.route",
                "turns": "supervisor.turns",
            },
        },
        "speaker": {
            "use": "wav_sink",
            "inputs": {
                "audio": "live.audio",
                "answer": "live.answer",
                "speech": "vad.speech",
                "route": "supervisor.route",
            },
        },
    }
    tree = {"name": NAME, "route": {"backends": ["live"]}, "actors": actors}
    return _write(folder, tree, files, changes)


def robot(folder: Path, files: list[Any], **changes: dict[str, Any]) -> Path:
    """Write the config of the robot that comes with greenroom, each process of it."""
    camera = {"options": {"source": str(_film(folder / "film.avi")), "loop": True}}
    tree = {
        "extends": str(ROOT / "configs" / "robot.yaml"),
        "name": NAME,
        "actors": {"camera": camera, "http": _at_simulator(folder)},
    }
    return _write(folder, tree, files, changes)


def _at_simulator(folder: Path) -> dict[str, Any]:
    return {"options": {"server_file": str(folder / "simulator.json")}}


def _write(
    folder: Path, tree: dict[str, Any], files: list[Any], changes: dict[str, dict[str, Any]]
) -> Path:
    stand_ins = {
        "microphone": {
            "use": "recording",
            "inputs": {"turns": "supervisor.turns", "playback": "speaker.playback"},
            "options": {"files": files},
        },
        "speaker": {"use": "wav_sink", "options": {"path": str(folder / "answer.wav")}},
        "live": _at_simulator(folder),
    }
    supervision = changes.pop("supervision", {})
    actors = _merged(_merged(tree["actors"], stand_ins), changes)
    path = folder / f"{NAME}.yaml"
    if "extends" not in tree:
        actors = _without_nulls(actors)
    path.write_text(yaml.safe_dump({**tree, "supervision": supervision, "actors": actors}))
    return path


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _merged(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _without_nulls(tree: dict[str, Any]) -> dict[str, Any]:
    """A null takes away what a config would inherit; here there is nothing to inherit."""
    return {
        key: _without_nulls(value) if isinstance(value, dict) else value
        for key, value in tree.items()
        if value is not None
    }


def _film(path: Path) -> Path:
    """Write a film with something new in every picture, as a camera on a robot sees."""
    import cv2
    import numpy as np

    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 480))
    scene = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    scene = cv2.resize(scene, (640, 480), interpolation=cv2.INTER_CUBIC)
    for index in range(VIDEO_S * 10):
        writer.write(np.roll(scene, 6 * index, axis=1))
    writer.release()
    return path
