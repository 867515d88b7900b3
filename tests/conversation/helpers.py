"""Configs for conversations with real processes, and the ears to check what was answered."""

from __future__ import annotations

import asyncio
import json
import ssl
import urllib.request
import wave
from pathlib import Path
from typing import Any

import yaml

from actors.simulator.ears import make_ears
from pipeline.testing import RunningPipeline

ROOT = Path(__file__).parent.parent.parent
DEMO = ROOT / "configs" / "demo.yaml"
SPEECH = ROOT / "tests" / "speech"

SAID = {
    "goforward.wav": "go forward ten meters",
    "numbers.wav": "thirty three four six ninety two",
    "cards-001.wav": "ten of clubs",
    "cards-003.wav": "seven of clubs",
    "austen-0870.wav": (
        "and mister John Dashwood had then leisure to consider how much there might be prudently "
        "in his power to do for them"
    ),
    "austen-0890.wav": "unless to be rather cold hearted and rather selfish is to be ill disposed",
}
"""What tests/speech/README.md says is said in each recording."""


def write_config(folder: Path, changes: dict[str, Any], base: Path = DEMO) -> Path:
    """Write a config that lies on the demo."""
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump({"extends": str(base), "name": "test", **changes}))
    return path


def playing(*files: Any, **options: Any) -> dict[str, Any]:
    """Options that let the recording actor play these recordings of tests/speech."""
    items = [
        {**item, "path": str(SPEECH / item["path"])}
        if isinstance(item, dict)
        else str(SPEECH / item)
        for item in files
    ]
    return {"options": {"files": items, **options}}


def journal(pipeline: RunningPipeline, arrivals: bool = False) -> dict[str, Any]:
    """What the simulator of a running pipeline saw."""
    where = json.loads((pipeline.runtime_dir / "simulator.json").read_text())
    context = ssl.create_default_context(cafile=where["ca_file"])
    url = f"{where['base_url']}/simulator/journal{'?arrivals=1' if arrivals else ''}"
    with urllib.request.urlopen(url, context=context, timeout=10) as response:
        found: dict[str, Any] = json.load(response)
    return found


def recognise(path: Path) -> str:
    """Return the words in a WAV file, in lower case and without punctuation."""

    async def listen() -> str:
        with wave.open(str(path)) as file:
            pcm, rate_hz = file.readframes(-1), file.getframerate()
        ears = make_ears("moonshine")
        await ears.start()
        try:
            return await ears.hear(pcm, rate_hz)
        finally:
            await ears.stop()

    return words(asyncio.run(listen()))


def words(text: str) -> str:
    """Lower case, without punctuation, "mr" written out."""
    kept = "".join(c if c.isalnum() else " " for c in text.lower())
    return " ".join("mister" if word == "mr" else word for word in kept.split())
