"""A voice detector written outside the repository, in a file beside the config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from actors.hearing.vad import Vad, VadOptions, memory
from actors.hearing.vad.custom import EngineError
from pipeline.config import build_graph, load_config
from pipeline.errors import ConfigError
from pipeline.frames import Audio, SpeechEnded, SpeechStarted
from pipeline.importing import load_object
from pipeline.testing import stage

DETECTOR = """
class Loud:
    window_samples = 160

    def __init__(self):
        self.windows = []

    def probability(self, window):
        self.windows.append(window)
        window = window.astype(float)
        return float(abs(window).max() > 1000)

    def reset(self):
        self.windows.clear()
"""


def block(index: int, level: int) -> Audio:
    return Audio(position=index * 320, pcm=level.to_bytes(2, "little") * 320)


LEVELS = [0] * 25 + [5000] * 20 + [0] * 40


def turns_of(folder: Path, text: str = DETECTOR, name: str = "Loud", **given: Any) -> list[int]:
    (folder / "mine.py").write_text(text)
    options = {"engine": f"mine.py:{name}", "pre_roll_ms": 0, "hangover_ms": 0, **given}
    with stage(Vad, config_dir=folder, **options) as vad:
        vad.send("audio", *(block(index, level) for index, level in enumerate(LEVELS)))
        started = vad.expect("speech", SpeechStarted)
        return [started.position, vad.expect("speech", SpeechEnded).position]


def test_a_detector_beside_the_config_finds_the_turn(tmp_path: Path) -> None:
    assert turns_of(tmp_path) == [25 * 320, 45 * 320]


def test_the_windows_are_its_own_and_it_goes_on_with_what_it_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = DETECTOR + (
        "    def save(self):\n        return bytes(each.max() for each in self.windows)\n"
        "    def restore(self, saved):\n        self.had = saved; Loud.newest = self\n"
    )
    (tmp_path / "mine.py").write_text(text)
    monkeypatch.setattr(memory, "EVERY_SAMPLES", 1)
    given = {"config_dir": tmp_path, "folder": tmp_path, "engine": "mine.py:Loud"}
    with stage(Vad, **given) as vad:
        vad.send("audio", block(0, 50), block(1, 70))
    with stage(Vad, **given) as vad:
        vad.send("audio", block(1, 70), block(2, 90))
    detector: Any = load_object("mine.py:Loud", tmp_path, callable, "Class")
    assert detector.newest.had == bytes([50, 50, 70]), "all but the newest window"
    assert [each.max() for each in detector.newest.windows] == [70, 90, 90], "heard again"


@pytest.mark.parametrize(
    ("engine", "parts"),
    [
        ("mine.py:Lout", ["mine.py:Lout", "did you mean 'Loud'?"]),
        ("mien.py:Loud", ["no file", "did you mean 'mine.py'?"]),
        ("mine.py:Deaf", ["mine.py:Deaf is no voice detector: it has no method reset"]),
        ("mine.py:number", ["is not a Class but 5"]),
        ("no_such_package_at_all:Loud", ["there is no module 'no_such_package_at_all'"]),
        ("sillero", ["there is no engine 'sillero'", "did you mean 'silero'?", "file.py:Class"]),
    ],
)
def test_check_refuses_an_engine_that_is_not_there(
    tmp_path: Path, engine: str, parts: list[str]
) -> None:
    text = f"{DETECTOR}\nnumber = 5\nclass Deaf:\n    def probability(self, window): return 0\n"
    (tmp_path / "mine.py").write_text(text)
    config = tmp_path / "mine.yaml"
    config.write_text(
        "name: mine\nactors:\n  ear: {use: vad, inputs: {audio: mic.audio},"
        f" options: {{engine: '{engine}'}}}}\n  mic: {{use: microphone}}"
    )
    with pytest.raises(ConfigError) as caught:
        build_graph(load_config(config), config, external=["mic"])
    for part in [str(config), "actors.ear.options", *parts]:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("line", "instead", "kind", "complaint"),
    [
        ("window_samples = 160", "window_samples = 0", ConfigError, "not 0"),
        ("window_samples = 160", "window = 160", ConfigError, "not None"),
        ("self.windows = []", "raise OSError('no model')", ConfigError, "cannot be made.*no model"),
        ("window.astype(float)", "window.no()", EngineError, "raised in probability: Attribute"),
        ("float(abs(window).max() > 1000)", "17", EngineError, "returned 17.0, not 0 to 1"),
        ("float(abs(window).max() > 1000)", "float('nan')", EngineError, "returned nan"),
    ],
)
def test_a_detector_that_fails_says_so_by_its_name(
    tmp_path: Path, line: str, instead: str, kind: type[Exception], complaint: str
) -> None:
    with pytest.raises(kind, match=rf"(?s)engine mine.py:Loud.*{complaint}"):
        turns_of(tmp_path, DETECTOR.replace(line, instead))


def test_the_engines_that_come_along_are_still_found_by_name() -> None:
    assert [VadOptions(engine=name).engine for name in ("silero", "webrtc", "energy")] == [
        "silero",
        "webrtc",
        "energy",
    ]
    with pytest.raises(ValidationError):
        VadOptions(engine=5)
