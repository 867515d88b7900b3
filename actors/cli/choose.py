"""Default config: what `greenroom run` runs without a config, by what the machine has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import configs
from actors.backends.gemini.credentials import find_keys, folders_here
from actors.backends.gemini.live.options import LiveOptions
from actors.cli.devices import Found, probe
from pipeline.config.load import load_config, read_overrides, read_tree
from pipeline.config.model import PipelineConfig
from pipeline.errors import ConfigError, CredentialError, NoKeyError

CONFIGS = Path(configs.__file__).parent
GEMINI_BACKENDS = ("live", "http")
DEVICE_OPTIONS = {"microphone": "device", "speaker": "device", "camera": "source"}
"""Options that name a device, by actor. Whoever names one has a robot, and no demo."""
EXAMPLE_TOOLS = "actors.services.tools.examples."
"""Functions that draw on the terminal and do nothing else."""

Tree = dict[str, Any]
Choice = tuple[Path, Tree, list[str]]
"""A config, what to lay over it, and a line for each choice."""


@dataclass(frozen=True)
class Present:
    """What a conversation can be held with; empty strings stand for what is not there."""

    microphone: str
    speaker: str
    camera: str
    why_no_sound: str


def choose(overrides: Sequence[str] = (), demo: bool = False) -> Choice:
    """Return a config, what to lay over it, and a line for each choice.

    With a key, or with a device that is named, it is a deployment: nothing is simulated.

    Args:
        overrides: Of fields of the config, as `a.b=c`.
        demo: Take the demo, whatever is there.

    Raises:
        ConfigError: something simulated would drive a real tool.
    """
    if demo:
        return _harmless((CONFIGS / "demo.yaml", {}, ["demo: everything is simulated"]), overrides)
    no_answers, given = _gemini()
    named = named_devices(read_overrides(overrides))
    if given or named:
        return deployment(_look(named), no_answers)
    return _harmless(plan(_look(named), no_answers), overrides)


def named_devices(tree: Tree) -> dict[str, str]:
    """Return the devices that overrides name, by actor."""
    named = {}
    for actor, option in DEVICE_OPTIONS.items():
        step: Any = tree
        for key in ("actors", actor, "options", option):
            step = step.get(key) if isinstance(step, dict) else None
        if step is not None:
            named[actor] = str(step)
    return named


def deployment(present: Present, no_answers: str) -> Choice:
    """Take the robot as it is: what is missing is waited for, and what is real acts."""
    because = f" ({present.why_no_sound})" if present.why_no_sound else ""
    return (
        CONFIGS / "robot.yaml",
        {},
        [
            f"answers: the device alone, {no_answers}"
            if no_answers
            else "answers: Gemini; while it cannot be reached, the device",
            f"asks: {present.microphone or f'waiting for a microphone{because}'}",
            f"plays: {present.speaker or f'waiting for a speaker{because}'}",
            f"sees: {present.camera or 'waiting for a camera'}",
        ],
    )


def plan(present: Present, no_answers: str) -> Choice:
    """Take from the demo what stands in for that which is missing; Gemini is."""
    demo = read_tree(CONFIGS / "demo.yaml")["actors"]
    if not (present.microphone or present.speaker):
        config, overlay = CONFIGS / "demo.yaml", {}
    else:
        config, overlay = CONFIGS / "robot.yaml", _stand_ins(present, demo)
    because = f" ({present.why_no_sound})" if present.why_no_sound else ""
    reasons = [
        f"answers: simulator, {no_answers}",
        f"asks: {present.microphone or f'a recording, no microphone{because}'}",
        f"plays: {present.speaker or f'into out/answer.wav, no speaker{because}'}",
    ]
    if config.stem == "robot":
        reasons.append(f"sees: {present.camera or 'nothing, no camera'}")
    return config, {"actors": overlay} if overlay else {}, reasons


def _stand_ins(present: Present, demo: Tree) -> Tree:
    overlay: Tree = {"simulator": demo["simulator"]}
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
            overlay[backend]["inputs"] = {"video": None}
    return overlay


def _harmless(choice: Choice, overrides: Sequence[str]) -> Choice:
    path, overlay, _ = choice
    if real := real_tools(load_config(path, overrides, overlay)):
        raise ConfigError(
            f"the demo must not drive a real tool, and {real} may be one: "
            "set an API key, name a device, or run a config of your own"
        )
    return choice


def real_tools(config: PipelineConfig) -> str:
    """Return the first tool of a config that may do more than draw; empty if there is none."""
    for name, actor in config.actors.items():
        if actor.use == "tools":
            for function in actor.options.get("functions") or ():
                if not str(function).startswith(EXAMPLE_TOOLS):
                    return f"{function} (actors.{name}.options.functions)"
            if actor.options.get("mcp"):
                return f"an MCP server (actors.{name}.options.mcp)"
    return ""


def _look(named: dict[str, str]) -> Present:
    found = Found([], []) if set(named) == set(DEVICE_OPTIONS) else probe()
    return Present(
        microphone=named.get("microphone") or found.default("input"),
        speaker=named.get("speaker") or found.default("output"),
        camera=named.get("camera") or (found.cameras[0] if found.cameras else ""),
        why_no_sound=found.sound_problem,
    )


def _gemini() -> tuple[str, bool]:
    """Return why Gemini cannot answer here, if so, and whether somebody meant it to."""
    variables = LiveOptions().api_key_env
    try:
        find_keys(variables, folders_here())
    except NoKeyError:
        return f"there is no API key ({' or '.join(variables)})", False
    except CredentialError as error:
        return str(error), True
    return "", True


def gemini_problem() -> str:
    """Why Gemini cannot answer here; empty if there is a key."""
    return _gemini()[0]
