"""What `greenroom run` runs when it is given no config: what is there decides."""

from __future__ import annotations

import socket
from pathlib import Path

import configs
from actors.live.credentials import find_api_key
from pipeline.config.load import read_tree
from pipeline.errors import GreenroomError

CONFIGS = Path(configs.__file__).parent
GEMINI_HOST = ("generativelanguage.googleapis.com", 443)
CONNECT_TIMEOUT_S = 2.0
"""A working network connects within a tenth of that."""

Tree = dict[str, object]


def choose() -> tuple[Path, Tree, list[str]]:
    """Return a config, what to lay over it, and a line for each choice."""
    robot = read_tree(CONFIGS / "robot.yaml")
    demo = read_tree(CONFIGS / "demo.yaml")
    key = _has_key()
    gemini = key and _has_network()
    microphone, why_no_microphone = _probe("input")
    speaker, why_no_speaker = _probe("output")
    if not (gemini or microphone or speaker):
        return (
            CONFIGS / "demo.yaml",
            {},
            [
                "no API key: the simulator answers"
                if not key
                else "Gemini cannot be reached: the simulator answers",
                f"no microphone ({why_no_microphone}): a recording asks",
                f"no speaker ({why_no_speaker}): the answer goes to out/answer.wav",
            ],
        )
    overlay: Tree = {}
    reasons = []
    if gemini:
        reasons.append("an API key and a network: Gemini answers")
    else:
        overlay["simulator"] = demo["actors"]["simulator"]
        overlay["live"] = {"after": ["simulator"], "options": {"server_file": "simulator.json"}}
        reasons.append(
            "Gemini cannot be reached: the simulator answers"
            if key
            else "no API key: the simulator answers"
        )
    if microphone:
        reasons.append(f"microphone: {microphone}")
    else:
        overlay["microphone"] = demo["actors"]["microphone"]
        reasons.append(f"no microphone ({why_no_microphone}): a recording asks")
    if speaker:
        reasons.append(f"speaker: {speaker}")
    else:
        overlay["speaker"] = demo["actors"]["speaker"]
        reasons.append(f"no speaker ({why_no_speaker}): the answer goes to out/answer.wav")
    if not _has_camera():
        overlay["camera"] = None
        live = overlay.setdefault("live", {})
        assert isinstance(live, dict)
        live["inputs"] = {"video": None}
        reasons.append("no camera: the conversation has no pictures")
    del robot
    return CONFIGS / "robot.yaml", {"actors": overlay}, reasons
