"""A config whose microphone is a recording and whose speaker is a WAV file."""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from pathlib import Path
from typing import Any

from actors.inputs.camera.source import is_device
from pipeline.errors import ConfigError

MICROPHONES = ("microphone", "recording")
MOUTHS = ("speaker", "wav_sink")

Tree = dict[str, Any]


def with_recording(config: Tree, sound: Path, answer: Path, config_dir: Path) -> Tree:
    """Return a config in which the recording takes the place of what a cell cannot have.

    The console and cameras that are devices are left out: several pipelines cannot share them.

    Args:
        config: As in a file.
        sound: WAV file that is played, once, in real time, from its first sample to its last.
        answer: WAV file that the answers are written to.
        config_dir: Folder that paths in options are relative to.

    Raises:
        ConfigError: it is not clear whose place the recording takes.
    """
    tree = deepcopy(config)
    actors: Tree = tree["actors"]
    found = [name for name, actor in actors.items() if actor["use"] in MICROPHONES]
    if len(found) != 1:
        raise ConfigError(
            f"the recording takes the place of the one actor that uses {' or '.join(MICROPHONES)}; "
            f"this config has {', '.join(found) or 'none'}"
        )
    actors[found[0]]["use"] = "recording"
    actors[found[0]]["options"] = {"files": [str(sound)], "tail_s": 0}
    for actor in actors.values():
        if actor["use"] in MOUTHS:
            kept = actor.get("options", {}) if actor["use"] == "wav_sink" else {}
            actor["options"] = {**kept, "path": str(answer)}
            actor["use"] = "wav_sink"
    for key in ("runtime_dir", "state_dir"):
        tree.pop(key, None)
    shared = [name for name, actor in actors.items() if _is_shared(actor, config_dir)]
    return without(tree, shared)


def without(tree: Tree, names: Collection[str]) -> Tree:
    """Return the config without some actors, and without the wires from them."""
    actors = {}
    for name, actor in tree["actors"].items():
        if name in names:
            continue
        wires = {
            port: [
                each
                for each in ([streams] if isinstance(streams, str) else streams)
                if each.partition(".")[0] not in names
            ]
            for port, streams in actor.get("inputs", {}).items()
        }
        after = [each for each in actor.get("after", []) if each not in names]
        actors[name] = {
            **actor,
            "inputs": {port: streams for port, streams in wires.items() if streams},
            "after": after,
        }
    return {**tree, "actors": actors}


def _is_shared(actor: Tree, config_dir: Path) -> bool:
    if actor["use"] == "camera":
        return is_device(actor.get("options", {}).get("source"), config_dir)
    return bool(actor["use"] == "console")
