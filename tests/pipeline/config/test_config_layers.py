"""What a config gets from those it extends, from the command line and from the program."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from test_config import GOOD, RELAY, SOURCE, graph_of, refusal, write

from pipeline.config import load_config
from pipeline.config.load import read_tree


def test_a_config_lies_on_top_of_the_chain_it_extends(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path, GOOD, "deep/base.yaml")
    write(
        tmp_path,
        "extends: deep/base.yaml\nactors: {mic: {options: {period_ms: 7}}, relay: {after: null}}",
        "middle.yaml",
    )
    top = write(tmp_path, "extends: middle.yaml\nname: top\nactors: {sink: {after: [mic]}}")
    config = load_config(top)
    assert config.name == "top"
    assert config.actors["mic"].options == {"period_ms": 7}
    assert config.actors["relay"].after == []
    assert config.actors["sink"].after == ["mic"]
    assert config.actors["sink"].inputs == {"audio": "relay.audio"}


@pytest.mark.parametrize("names", [["main.yaml"], ["b.yaml", "main.yaml"], ["b.yaml", "b.yaml"]])
def test_a_chain_that_comes_back_to_itself_is_refused_and_shown_f25(
    tmp_path: Path, names: list[str]
) -> None:
    here = write(tmp_path, f"extends: {names[0]}\n")
    for name, base in pairwise(names):
        write(tmp_path, f"extends: {base}\n", name)
    message = refusal(here)
    assert "extends itself" in message
    assert str(tmp_path / names[-1]) in message


def test_null_removes_and_all_but_maps_is_replaced(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "base.yaml")
    top = write(
        tmp_path,
        "extends: base.yaml\n"
        "actors: {relay: null, sink: {inputs: {audio: [mic.audio]}, after: [mic]}}",
    )
    config = load_config(top)
    assert list(config.actors) == ["mic", "sink"]
    assert config.actors["sink"].inputs == {"audio": ["mic.audio"]}
    assert config.actors["sink"].options == {"path": "out.txt"}
    graph_of(top)


def test_another_class_drops_the_options_of_the_one_before_and_keeps_its_inputs(
    tmp_path: Path,
) -> None:
    write(tmp_path, GOOD, "base.yaml")
    top = write(tmp_path, f'extends: base.yaml\nactors: {{sink: {{use: "{RELAY}"}}}}')
    sink = load_config(top).actors["sink"]
    assert sink.options == {}
    assert sink.inputs == {"audio": "relay.audio"}
    assert sink.after == ["relay"]
    again = write(tmp_path, f'extends: base.yaml\nactors: {{mic: {{use: "{SOURCE}"}}}}', "b.yaml")
    assert load_config(again).actors["mic"].options == {"period_ms": 5}, "the same class"


def test_set_overrides_like_a_config_that_extends_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    config = load_config(
        path,
        [
            "actors.mic.options.period_ms=2.5",
            "supervision.intensity=9",
            "actors.sink.inputs.audio=[mic.audio, relay.audio]",
            "actors.relay.after=null",
            "name=other",
        ],
    )
    assert config.actors["mic"].options == {"period_ms": 2.5}
    assert config.supervision.intensity == 9
    assert config.actors["sink"].inputs == {"audio": ["mic.audio", "relay.audio"]}
    assert config.actors["relay"].after == []
    assert config.name == "other"
    replaced = load_config(path, [f"actors.sink.use={RELAY}"])
    assert replaced.actors["sink"].options == {}
    removed = load_config(path, ["actors.sink=null"])
    assert list(removed.actors) == ["mic", "relay"]


def test_what_the_program_lays_on_a_config_is_below_what_the_user_sets(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    config = load_config(path, ["name=mine"], {"name": "laid", "session": "guest"})
    assert (config.name, config.session) == ("mine", "guest")


def test_a_config_is_read_without_being_checked(tmp_path: Path) -> None:
    path = write(tmp_path, "name: x\nactors: {mic: {use: nothing, typo: 1}}")
    assert read_tree(path) == {"name": "x", "actors": {"mic": {"use": "nothing", "typo": 1}}}
