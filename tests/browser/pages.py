"""What tests of the page share: a gateway with everything behind it, and sound for a microphone."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import recognition
from browser import Browser
from web_gateway import gateway_config

from benchmarks.web_room import url_of
from pipeline.testing import RunningPipeline, running

ROOT = Path(__file__).parent.parent.parent
SPEECH = ROOT / "tests" / "speech"
TALKS = "document.body.dataset.state === 'open'"
ANSWERED = "document.querySelector('#by').innerText !== '-'"


@contextmanager
def gateway(folder: Path, **options: Any) -> Iterator[tuple[RunningPipeline, str]]:
    """Run the config of the gateway on the simulator; give the pipeline, and where it is served."""
    with running(gateway_config(folder, options)) as pipeline:
        yield pipeline, url_of(pipeline)


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


def goes_on(browser: Browser) -> None:
    """Wait until a page talks that was opened again; one that wants a click for it is given one."""
    waits = "document.querySelector('#talk').innerText === 'Continue'"
    browser.until(f"{TALKS} || {waits}", "page")
    if browser.evaluate(waits):
        browser.click("#talk")
    browser.until(TALKS, "connection")


def recognised(browser: Browser) -> str:
    """The words in what came out of the page."""
    return recognition.recognised(*browser.heard())


def lines(browser: Browser, role: str) -> list[str]:
    """What one side said, or the page noted."""
    script = f"[...document.querySelectorAll('#transcript li.{role} > span:last-child')]"
    found: list[str] = browser.evaluate(f"{script}.map((item) => item.textContent)")
    return found
