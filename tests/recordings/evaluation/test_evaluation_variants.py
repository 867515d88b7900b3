"""Which pipelines are compared, and what takes the recording's place in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluated import DEMO, ROBOT, SPEECH, cell, write_sound

from actors.recordings.evaluation.cells import Background, file_stem
from actors.recordings.evaluation.stand_ins import with_recording
from actors.recordings.evaluation.variants import make_variants, overrides_by_name
from pipeline.config.build import build_graph
from pipeline.config.model import PipelineConfig
from pipeline.errors import ConfigError

ENERGY = "actors.vad.options.engine=energy"


def test_overrides_of_one_name_belong_together() -> None:
    assert overrides_by_name(["a", "b:x.y=1", "c:x.y={z: 2}", "b:x.z=3"]) == {
        "a": [],
        "b": ["x.y=1", "x.z=3"],
        "c": ["x.y={z: 2}"],
    }


@pytest.mark.parametrize("option", ["a.b=c", ":a.b=c", "name:", "name:a.b", "a.b=c:d"])
def test_an_option_that_is_no_variant_is_explained(option: str) -> None:
    with pytest.raises(ConfigError, match=r"NAME:path\.to\.field=value"):
        overrides_by_name([option])


def test_every_config_is_run_with_every_variant() -> None:
    options = ["default", f"energy:{ENERGY}"]
    names = [each.name for each in make_variants([DEMO, ROBOT], [], options)]
    assert names == ["demo/default", "demo/energy", "robot/default", "robot/energy"]
    demo, energy = make_variants([DEMO], ["actors.vad.options.silence_ms=900"], options)
    assert (demo.name, demo.config.actors["vad"].options) == ("default", {"silence_ms": 900})
    assert (energy.name, energy.config.actors["vad"].options) == (
        "energy",
        {"silence_ms": 900, "engine": "energy"},
    )
    assert [each.name for each in make_variants([DEMO], [], [])] == ["demo"]


def test_a_field_that_does_not_exist_is_found_before_anything_runs() -> None:
    with pytest.raises(ConfigError, match="did you mean 'engine'"):
        make_variants([DEMO], [], ["x:actors.vad.options.engin=energy"])


@pytest.mark.parametrize("path", [DEMO, ROBOT], ids=["demo", "robot"])
def test_a_recording_takes_the_place_of_what_a_cell_cannot_have(path: Path, tmp_path: Path) -> None:
    (variant,) = make_variants([path], [], [f"x:{ENERGY}"])
    sound = write_sound(tmp_path / "heard.wav", np.zeros(1600, np.int16))
    tree = with_recording(variant.as_json(), sound, tmp_path / "answer.wav", path.parent)
    graph = build_graph(PipelineConfig.model_validate(tree), path)
    uses = {name: node.config.use for name, node in graph.nodes.items()}
    assert (uses["microphone"], uses["speaker"]) == ("recording", "wav_sink")
    assert not {"console", "camera"} & uses.keys()
    assert graph.nodes["microphone"].config.options["files"] == [str(sound)]
    assert graph.nodes["vad"].config.options["engine"] == "energy"


def test_a_camera_that_is_a_film_stays(tmp_path: Path) -> None:
    actors: dict[str, Any] = {
        "ears": {"use": "microphone"},
        "film": {"use": "camera", "options": {"source": "film.avi"}},
        "webcam": {"use": "camera"},
        "named": {"use": "camera", "options": {"source": "USB 2.0 Camera"}},
        "node": {"use": "camera", "options": {"source": "/dev/video2"}},
        "live": {"use": "live", "inputs": {"video": ["film.video", "webcam.video", "named.video"]}},
    }
    tree = with_recording({"name": "x", "actors": actors}, Path("a.wav"), Path("b.wav"), tmp_path)
    assert list(tree["actors"]) == ["ears", "film", "live"]
    assert tree["actors"]["live"]["inputs"] == {"video": ["film.video"]}


def test_a_path_of_a_config_that_is_extended_begins_at_its_folder_in_a_cell_too(
    tmp_path: Path,
) -> None:
    below, above = tmp_path / "below", tmp_path / "above"
    for folder in (below, above):
        folder.mkdir()
    (below / "mine.yaml").write_text("description: Mine.\nrules: []\n")
    (below / "base.yaml").write_text(
        f"extends: {DEMO}\n"
        "actors:\n"
        "  simulator: {options: {scenario: mine.yaml}}\n"
        "  http: {options: {server_file: simulator.json}}\n"
    )
    path = above / "mine.yaml"
    path.write_text("extends: ../below/base.yaml\nname: mine\n")
    (variant,) = make_variants([path], [], [])
    actors = variant.as_json()["actors"]
    assert actors["simulator"]["options"]["scenario"] == str(below / "mine.yaml")
    # The name of a file in the runtime folder is no path from the config.
    assert actors["http"]["options"]["server_file"] == "simulator.json"


@pytest.mark.parametrize("uses", [["vad"], ["microphone", "recording"]])
def test_a_config_without_one_place_for_a_recording_is_refused(uses: list[str]) -> None:
    tree = {"name": "x", "actors": {f"a{n}": {"use": use} for n, use in enumerate(uses)}}
    with pytest.raises(ConfigError, match="the one actor that uses microphone or recording"):
        with_recording(tree, Path("a.wav"), Path("b.wav"), Path("/"))


def test_a_cell_is_known_again_by_what_bears_on_it(tmp_path: Path) -> None:
    key = cell().key
    assert cell(name="other").key == key
    assert cell(SPEECH / "numbers.wav").key != key
    assert cell(SPEECH / "goforward.wav", ENERGY).key != key
    assert cell(background=Background(2.0, 10.0)).key != key
    assert cell(background=Background(3.0)).key != key
    moved = tmp_path / "moved.wav"
    moved.write_bytes((SPEECH / "goforward.wav").read_bytes())
    assert cell(moved).key == key


def test_files_of_a_cell_have_names_that_every_disk_takes() -> None:
    noisy = cell(name="a b/c", background=Background(2.0, 10.0))
    assert file_stem(noisy) == "goforward.wav-a_b_c__SNR_10_dB"
