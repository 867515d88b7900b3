"""Real processes: libraries for devices are loaded by those who use them, and by nobody else."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import psutil
import yaml

from pipeline.testing import running

ROOT = Path(__file__).parents[3]
OF_DEVICES = re.compile(r"/cv2/|/av/|/av\.libs/|portaudio|webrtc")
"""In the path of a library that is loaded: opencv, av, sounddevice, webrtcvad, pywebrtc_audio."""


def demo(folder: Path, **actors: dict[str, object]) -> Path:
    """The pipeline of `make run`, without any device; asked once, and then it goes on."""
    asked = str(ROOT / "configs" / "speech" / "goforward.wav")
    never = {"path": asked, "start": "after_answer", "delay_s": 600.0}
    microphone = {"options": {"files": [asked, never]}}
    speaker = {"options": {"path": str(folder / "answer.wav")}}
    tree = {
        "extends": str(ROOT / "configs" / "demo.yaml"),
        "name": "test",
        "actors": {"microphone": microphone, "speaker": speaker, **actors},
    }
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def loaded(process: psutil.Process) -> set[str]:
    """Files that a process has in its memory."""
    return {each.path for each in process.memory_maps()}


def for_devices(paths: set[str]) -> list[str]:
    return sorted(path for path in paths if OF_DEVICES.search(path))


def test_a_pipeline_without_devices_loads_no_library_for_them(tmp_path: Path) -> None:
    with running(demo(tmp_path)) as pipeline:
        pipeline.until(lambda status: status.turns_closed.get("answered", 0) > 0, "an answer")
        by_name = {each.name(): loaded(each) for each in pipeline.processes()}
    assert any("numpy" in path for path in by_name["gr:vad"]), "what is loaded can be seen"
    found = {name: for_devices(paths) for name, paths in by_name.items()}
    assert not any(found.values()), found


def test_a_camera_loads_its_library_and_no_other_actor_does(tmp_path: Path) -> None:
    picture = tmp_path / "shot.png"
    cv2.imwrite(str(picture), np.zeros((16, 16, 3), np.uint8))
    camera = {"use": "camera", "options": {"source": str(picture), "loop": True}}
    path = demo(tmp_path, camera=camera)
    with running(path) as pipeline:
        pipeline.until(lambda status: status.ready, "readiness")
        by_name = {each.name(): for_devices(loaded(each)) for each in pipeline.processes()}
    assert by_name.pop("gr:camera")
    assert not any(by_name.values()), by_name
