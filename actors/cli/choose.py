"""Default config: what `greenroom run` runs without a config, by what the machine has."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import configs
from actors.backends.gemini.credentials import find_keys
from actors.backends.gemini.live.options import LiveOptions
from actors.cli.devices import probe
from pipeline.config.load import read_tree
from pipeline.errors import CredentialError

CONFIGS = Path(configs.__file__).parent
GEMINI_HOST = ("generativelanguage.googleapis.com", 443)
CONNECT_TIMEOUT_S = 2.0
"""A working network connects within a tenth of that."""

GEMINI_BACKENDS = ("live", "http")

Tree = dict[str, Any]


@dataclass(frozen=True)
class Present:
    """What a conversation can be held with; empty strings stand for what is not there."""

    gemini: bool
    why_not_gemini: str
    microphone: str
    speaker: str
    camera: str
    why_no_sound: str


def choose() -> tuple[Path, Tree, list[str]]:
    """Return a config, what to lay over it, and a line for each choice."""
    return plan(_look())


def plan(present: Present) -> tuple[Path, Tree, list[str]]:
    """Take from the demo what stands in for that which is missing."""
    demo = read_tree(CONFIGS / "demo.yaml")["actors"]
    reasons = []
    if not (present.gemini or present.microphone or present.speaker):
        config, overlay = CONFIGS / "demo.yaml", {}
    else:
        config, overlay = CONFIGS / "robot.yaml", _stand_ins(present, demo)
    because = f" ({present.why_no_sound})" if present.why_no_sound else ""
    reasons.append(
        "answers: Gemini" if present.gemini else f"answers: simulator, {present.why_not_gemini}"
    )
    reasons.append(f"asks: {present.microphone or f'a recording, no microphone{because}'}")
    reasons.append(f"plays: {present.speaker or f'into out/answer.wav, no speaker{because}'}")
    if config.stem == "robot":
        reasons.append(f"sees: {present.camera or 'nothing, no camera'}")
    return config, {"actors": overlay} if overlay else {}, reasons


def _stand_ins(present: Present, demo: Tree) -> Tree:
    overlay: Tree = {}
    if not present.gemini:
        overlay["simulator"] = demo["simulator"]
        for backend in GEMINI_BACKENDS:
            server_file = demo[backend]["options"]["server_file"]
            overlay[backend] = {
                "after": demo[backend]["after"],
                "options": {"server_file": server_file},
            }
    if not present.microphone:
        overlay["microphone"] = demo["microphone"]
    if not present.speaker:
        overlay["speaker"] = {k: demo["speaker"][k] for k in ("use", "options")}
    if not present.camera:
        overlay["camera"] = None
        for backend in GEMINI_BACKENDS:
            overlay.setdefault(backend, {})["inputs"] = {"video": None}
    return overlay


def _look() -> Present:
    why_not = gemini_problem()
    found = probe()
    return Present(
        gemini=not why_not,
        why_not_gemini=why_not,
        microphone=found.default("input"),
        speaker=found.default("output"),
        camera=found.cameras[0] if found.cameras else "",
        why_no_sound=found.sound_problem,
    )


def gemini_problem() -> str:
    """Why Gemini cannot answer here; empty if it can."""
    variables = LiveOptions().api_key_env
    try:
        find_keys(variables, [Path.cwd()])
    except CredentialError:
        return f"there is no API key ({' or '.join(variables)})"
    return "" if _reaches_gemini() else "Gemini cannot be reached from here"


def _reaches_gemini() -> bool:
    try:
        with socket.create_connection(GEMINI_HOST, CONNECT_TIMEOUT_S):
            return True
    except OSError:
        return False
