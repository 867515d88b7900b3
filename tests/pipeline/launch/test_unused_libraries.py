"""Libraries for devices are imported for those who use them, and for nobody else."""

from __future__ import annotations

import json
import subprocess
import sys

OF_DEVICES = {"cv2", "av", "sounddevice", "webrtcvad", "pywebrtc_audio"}
USERS = {"microphone", "camera", "echo", "speaker"}
"""Actors with a device, or for one."""
PROGRAM = """
import importlib, json, sys
from pathlib import Path
from pipeline.launch.fork_server import import_shared
from pipeline.registry import find_actor

import_shared()
for use in sys.argv[1:]:
    for module in find_actor(use, Path.cwd()).preload:
        importlib.import_module(module)
print(json.dumps(sorted(sys.modules)))
"""


def imported_for(*actors: str) -> set[str]:
    """All modules of a process that has imported what these actors are forked with."""
    command = [sys.executable, "-c", PROGRAM, *actors]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(result.stdout))


def test_what_uses_no_device_imports_no_library_for_devices() -> None:
    from actors import ACTORS

    # Extras of their own, which need not be installed.
    others = sorted(set(ACTORS) - USERS - {"metrics"})
    modules = imported_for(*others)
    assert "google.genai" in modules, "what is preloaded can be seen"
    assert not modules & OF_DEVICES


def test_an_actor_for_a_device_has_its_library_before_it_is_forked() -> None:
    assert imported_for("echo") & OF_DEVICES == {"pywebrtc_audio"}


def test_the_tokens_of_the_gateway_take_no_cryptography() -> None:
    modules = imported_for("gateway")
    assert "jwt" in modules
    assert "cryptography" not in modules
