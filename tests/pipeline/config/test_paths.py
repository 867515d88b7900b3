"""A path in a config begins at the folder of the file it is written in; nothing else is a path."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from test_config import graph_of, write

from pipeline.actor import Options
from pipeline.config.description import describe
from pipeline.paths import ConfigPath, PathOrName, resolved, written

READER = """
from pathlib import Path
from pipeline.actor import Actor, Options
from pipeline.paths import ConfigPath, PathOrName

class ReaderOptions(Options):
    word: str = ""
    out: Path = Path("out.txt")
    model: ConfigPath | None = None
    source: int | PathOrName = 0
    table: dict[str, str] = {}

class Reader(Actor[ReaderOptions]):
    pass
"""


class Part(BaseModel):
    file: PathOrName
    name: str = ""


class Many(Options):
    files: list[PathOrName | Part] = []
    by_name: dict[str, ConfigPath] = {}
    parts: list[Part] = []
    plain: list[str] = []


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """A config in a folder of its own, with an actor and files beside it; one above extends it."""
    base = tmp_path / "base"
    base.mkdir()
    (base / "reader.py").write_text(READER)
    for name in ("notes.txt", "voice.bin", "film.mp4"):
        (base / name).write_text("x")
    write(
        base,
        "name: base\n"
        "actors:\n"
        "  reader:\n"
        "    use: reader.py:Reader\n"
        "    options: {word: notes.txt, out: notes.txt, model: voice.bin, source: film.mp4,\n"
        "              table: {notes.txt: notes.txt}}\n",
        "base.yaml",
    )
    write(tmp_path, "extends: base/base.yaml\nname: top")
    return tmp_path


def options_of(path: Path, *overrides: str) -> dict[str, Any]:
    return graph_of(path, overrides).nodes["reader"].config.options


def test_a_path_of_an_extended_config_begins_at_the_folder_of_that_config(folders: Path) -> None:
    options = options_of(folders / "main.yaml")
    assert options["model"] == str(folders / "base" / "voice.bin")
    assert options["source"] == str(folders / "base" / "film.mp4")
    assert graph_of(folders / "main.yaml").nodes["reader"].actor_class.__name__ == "Reader"


def test_a_string_that_equals_the_name_of_a_file_stays_as_it_is(folders: Path) -> None:
    for config in (folders / "main.yaml", folders / "base" / "base.yaml"):
        options = options_of(config)
        assert options["word"] == "notes.txt"
        assert options["out"] == "notes.txt"
        assert options["table"] == {"notes.txt": "notes.txt"}


def test_a_path_that_the_config_itself_writes_begins_at_its_own_folder(folders: Path) -> None:
    top = write(
        folders,
        "extends: base/base.yaml\nactors: {reader: {options: {model: voice.bin}}}",
        "other.yaml",
    )
    assert options_of(top)["model"] == str(folders / "voice.bin")
    assert options_of(top, "actors.reader.options.model=x/y.bin")["model"] == str(
        folders / "x" / "y.bin"
    )


def test_a_path_may_be_missing_and_a_name_may_be_one(folders: Path) -> None:
    main = folders / "main.yaml"
    write(
        folders / "base",
        "name: base\n"
        "actors:\n"
        "  reader: {use: reader.py:Reader, options: {model: not/there.bin, source: not/there.mp4}}",
        "base.yaml",
    )
    assert options_of(main)["model"] == str(folders / "base" / "not" / "there.bin")
    assert options_of(main)["source"] == "not/there.mp4"
    assert options_of(main, "actors.reader.options.source=5")["source"] == 5
    assert options_of(main, "actors.reader.options.source=/dev/video0")["source"] == "/dev/video0"


def test_paths_are_found_in_lists_maps_and_sections(folders: Path) -> None:
    base = folders / "base"
    options = written(
        {
            "files": ["film.mp4", {"file": "film.mp4", "name": "film.mp4"}, "film.mp4:part"],
            "by_name": {"a": "b.bin"},
            "parts": [{"file": "film.mp4"}],
            "plain": ["film.mp4"],
            "unknown": "film.mp4",
        },
        base,
    )
    film = str(base / "film.mp4")
    assert resolved(options, Many, folders) == {
        "files": [film, {"file": film, "name": "film.mp4"}, f"{film}:part"],
        "by_name": {"a": str(base / "b.bin")},
        "parts": [{"file": film}],
        "plain": ["film.mp4"],
        "unknown": "film.mp4",
    }
    assert type(resolved(options, Many, folders)["plain"][0]) is str


def test_the_home_folder_is_meant_by_a_tilde() -> None:
    assert resolved({"by_name": {"a": "~/x.bin"}}, Many, Path("/c")) == {
        "by_name": {"a": str(Path.home() / "x.bin")}
    }


def test_a_config_with_paths_can_be_handed_on(folders: Path) -> None:
    graph = graph_of(folders / "main.yaml")
    described = json.loads(json.dumps(describe(graph, 0, "1").config))
    assert described["actors"]["reader"]["options"]["model"] == str(folders / "base/voice.bin")
    assert pickle.loads(pickle.dumps(graph.config)) == graph.config
