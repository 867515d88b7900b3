"""What tests of the page share: a gateway with everything behind it, and sound for a microphone."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from browser import Browser
from recognition import recognise

from pipeline.testing import RunningPipeline, running

ROOT = Path(__file__).parent.parent.parent
SPEECH = ROOT / "tests" / "speech"
TALKS = "document.body.dataset.state === 'open'"
ANSWERED = "document.querySelector('#by').innerText !== '-'"


@contextmanager
def gateway(folder: Path, **options: Any) -> Iterator[tuple[RunningPipeline, str]]:
    """Run the config of the gateway on the simulator; give the pipeline, and where it is served."""
    simulated = {"options": {"server_file_when": "always"}}
    tree = {
        "extends": str(ROOT / "configs" / "gateway.yaml"),
        "name": "page",
        "actors": {
            "gateway": {"options": {"port": 0, **options}},
            "live": simulated,
            "http": simulated,
        },
    }
    config = folder / "page.yaml"
    config.write_text(yaml.safe_dump(tree))
    with running(config) as pipeline:
        pipeline.until(lambda status: status.ready, "readiness")
        yield pipeline, json.loads((pipeline.runtime_dir / "gateway.json").read_text())["url"]


def microphone(path: Path, *parts: str | float) -> Path:
    """Write what a microphone hears: recordings of tests/speech, and seconds of silence."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        for part in parts:
            if isinstance(part, str):
                with wave.open(str(SPEECH / part)) as spoken:
                    file.writeframes(spoken.readframes(-1))
            else:
                file.writeframes(bytes(2 * round(16_000 * part)))
    return path


def recognised(browser: Browser, folder: Path) -> str:
    """The words in what came out of the page."""
    pcm, rate = browser.heard()
    path = folder / "heard.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(pcm)
    return recognise(path)


def lines(browser: Browser, role: str) -> list[str]:
    """What one side said, or the page noted."""
    script = f"[...document.querySelectorAll('#transcript li.{role} > span:last-child')]"
    found: list[str] = browser.evaluate(f"{script}.map((item) => item.textContent)")
    return found
