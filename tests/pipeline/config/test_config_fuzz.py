"""Whatever is in a config, it is taken, or refused in words that name the file."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import yaml
from fuzzing import FUZZ, any_value, broken, seeds, with_faults
from hypothesis import given

import configs
from pipeline.config.build import build_graph
from pipeline.config.load import load_config
from pipeline.errors import GreenroomError

FOLDER = Path(configs.__file__).parent
TREES = [yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))]
OVERRIDES = [
    "actors.live.options.temperature",
    "actors.vad",
    "name",
    "actors.x.use",
    "a..b",
    "",
    "=",
]


def plain(value: Any) -> Any:
    """Without what no YAML file can hold: half a surrogate pair, and integers beyond reading."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()[:2000]
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return 10**50 if isinstance(value, int) and abs(value) > 10**600 else value


def text_of(rng: random.Random) -> bytes:
    tree = with_faults(rng, rng.choice(TREES), rng.choice([0, 0.01, 0.05, 0.2]))
    if isinstance(tree, dict) and rng.random() < 0.2:
        tree["extends"] = rng.choice(
            ["robot.yaml", "none.yaml", "/\0", "x" * 300, "fuzz.yaml", ".", 5, None]
        )
    text = yaml.safe_dump(plain(tree), allow_unicode=True).encode()
    return broken(rng, text) if rng.random() < 0.3 else text


@FUZZ
@given(seeds())
def test_a_config_is_taken_or_refused_in_words(rng: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.yaml"
        path.write_bytes(text_of(rng))
        overrides = [f"{rng.choice(OVERRIDES)}={plain(any_value(rng))}"] * rng.randrange(2)
        try:
            build_graph(load_config(path, overrides), path)
        except GreenroomError as error:
            message = str(error)
        else:
            message = "taken"
        assert message.strip(), "it says what is wrong"
