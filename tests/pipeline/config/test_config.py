"""Configs: what extends what, what is refused, and in which words."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config import Graph, build_graph, load_config
from pipeline.config.model import RouteConfig
from pipeline.errors import ConfigError
from pipeline.sessions import PlaybackScope

RECORDING = Path(__file__).parents[2] / "speech" / "goforward.wav"
ACTORS_FILE = str(Path(__file__).parents[2] / "helpers" / "actors_for_tests.py")
SOURCE, RELAY, SINK = (f"{ACTORS_FILE}:{name}" for name in ("Source", "Relay", "Sink"))

GOOD = f"""
name: test
actors:
  mic: {{use: "{SOURCE}", options: {{period_ms: 5}}}}
  relay: {{use: "{RELAY}", inputs: {{audio: mic.audio}}, after: [mic]}}
  sink:
    use: "{SINK}"
    inputs: {{audio: relay.audio}}
    options: {{path: out.txt}}
    after: [relay]
"""


def write(folder: Path, text: str, name: str = "main.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def graph_of(path: Path, overrides: Collection[str] = (), external: Collection[str] = ()) -> Graph:
    return build_graph(load_config(path, list(overrides)), path, external)


def refusal(path: Path, *overrides: str, external: Collection[str] = ()) -> str:
    with pytest.raises(ConfigError) as caught:
        graph_of(path, overrides, external)
    return str(caught.value)


def test_a_good_config_becomes_a_graph_with_its_wires(tmp_path: Path) -> None:
    graph = graph_of(write(tmp_path, GOOD))
    assert list(graph.nodes) == ["mic", "relay", "sink"]
    assert [f"{port} <- {ref}" for port, ref in graph.nodes["sink"].wires] == [
        "audio <- relay.audio"
    ]
    assert graph.consumers("mic") == {"audio": ["relay"]}
    assert graph.config_dir == tmp_path
    assert graph.playback_scope() is PlaybackScope.NONE


@pytest.mark.parametrize(
    ("players", "heard"),
    [
        ({}, PlaybackScope.NONE),
        ({"speaker": {}}, PlaybackScope.OWN),
        ({"wav_sink": {}}, PlaybackScope.OWN),
        ({"wav_sink": {"options": {"every_session": True}}}, PlaybackScope.ALL),
        ({"speaker": {}, "virtual_speaker": {}}, PlaybackScope.ALL),
    ],
)
def test_whose_answers_are_heard_follows_from_the_players(
    tmp_path: Path, players: dict[str, Any], heard: PlaybackScope
) -> None:
    http = {"use": "http", "inputs": {"audio": "mic.audio", "speech": "vad.speech"}}
    hears = {"audio": "http.audio", "answer": "http.answer"}
    actors = {
        "mic": {"use": "recording", "options": {"files": [str(RECORDING)]}},
        "vad": {"use": "vad", "inputs": {"audio": "mic.audio"}},
        "http": http,
        **{name: {"use": name, "inputs": hears, **each} for name, each in players.items()},
    }
    path = tmp_path / "players.yaml"
    path.write_text(yaml.safe_dump({"name": "test", "actors": actors}))
    assert graph_of(path).playback_scope() is heard


def test_every_config_that_comes_with_greenroom_is_good() -> None:
    import configs

    found = sorted(Path(configs.__file__).parent.glob("*.yaml"))
    assert found
    for path in found:
        # External, because the devices need not be there.
        graph_of(path, external=load_config(path).actors)


def test_an_actor_is_behind_those_it_starts_after_whatever_the_order_in_the_file(
    tmp_path: Path,
) -> None:
    graph = graph_of(
        write(tmp_path, GOOD), ["actors.mic.after=[other]", f"actors.other.use={SOURCE}"]
    )
    order = graph.start_order()
    assert sorted(order) == ["mic", "other", "relay", "sink"]
    assert order.index("other") < order.index("mic") < order.index("relay") < order.index("sink")
    assert graph.later("other") == {"mic", "relay", "sink"}
    assert graph.later("relay") == {"sink"}
    assert graph.later("sink") == set()


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("nonsense", ["--set nonsense", "path.to.field=value"]),
        ("=5", ["--set =5", "path.to.field=value"]),
        ("name=[", ["--set name=[", "not YAML"]),
        ("name.x=5", ["name: ", "{'x': 5}"]),
        ("actors.mic.optons.x=5", ["actors.mic.optons: unknown field", "'options'"]),
        ("supervison.intensity=5", ["supervison: unknown field", "'supervision'"]),
        ("supervision.intensity=-5", ["supervision.intensity", "not -5"]),
    ],
)
def test_a_bad_override_is_refused_f25(tmp_path: Path, override: str, parts: list[str]) -> None:
    message = refusal(write(tmp_path, GOOD), override)
    for part in parts:
        assert part in message


def test_a_missing_file_is_named_with_its_nearest_neighbour_f25(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "robot.yaml")
    message = refusal(tmp_path / "robo.yaml")
    assert str(tmp_path / "robo.yaml") in message
    assert "did you mean 'robot.yaml'?" in message
    top = write(tmp_path, "extends: rbot.yaml\n")
    message = refusal(top)
    assert str(tmp_path / "rbot.yaml") in message
    assert "did you mean 'robot.yaml'" in message
    assert "no/such/folder/x.yaml" in refusal(tmp_path / "no/such/folder/x.yaml")


def test_a_config_extends_one_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write(tmp_path / "home", GOOD, "robot.yaml")
    top = write(tmp_path, "extends: ~/robot.yaml\nname: upstairs\n")
    assert load_config(top).name == "upstairs"
    assert "~nobody-lives-here/x.yaml" in refusal(
        write(tmp_path, "extends: ~nobody-lives-here/x.yaml\n")
    )


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"name: [", "is not YAML"),
        (b"\xff\xfe\x00", "is not YAML"),
        (b"a: &a [*a", "is not YAML"),
        (b"!!python/object:os.system {}", "is not YAML"),
        (b"", "a config is a map"),
        (b"- name", "a config is a map"),
        (b"extends: [a, b]", "extends: the path of one file"),
        (b'extends: "a\\0b"', "extends: the path of one file"),
    ],
)
def test_what_is_no_config_at_all_is_refused_with_the_name_of_the_file_f25(
    tmp_path: Path, content: bytes, part: str
) -> None:
    path = tmp_path / "main.yaml"
    path.write_bytes(content)
    message = refusal(path)
    assert str(path) in message
    assert part in message


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        (f"sessions.most={9**30}", "sessions.most: an integer of more than 64 bits"),
        (f"actors.mic.options.any=[{{a: -{9**30}}}]", "any.0.a: an integer of more than 64 bits"),
        ("sessions.idle_s=1.0e+300", "sessions.idle_s: 1e+300 s is too long; at most 1e+09"),
        ("actors.mic.options.timeouts_s={a: 1.0e+10}", "timeouts_s.a: 1e+10 s is too long"),
        ("actors.mic.options.path=\udcff", "options.path: no UTF-8 text"),
        ("actors.mic.options.path={\udcff", "the value is not YAML: no UTF-8 text"),
    ],
)
def test_what_no_frame_and_no_clock_can_carry_is_refused_in_a_line_f25(
    tmp_path: Path, override: str, problem: str
) -> None:
    message = refusal(write(tmp_path, GOOD), override)
    assert problem in message
    assert "\n" not in message


def test_a_folder_is_no_config_f25(tmp_path: Path) -> None:
    assert f"{tmp_path} cannot be read" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("actrs={}", ["actrs: unknown field", "'actors'"]),
        ("actors.mic.inptus={}", ["actors.mic.inptus: unknown field", "'inputs'"]),
        ("route.backend=[mic]", ["route.backend: unknown field", "'backends'"]),
        ("supervision.intensty=1", ["supervision.intensty: unknown field", "'intensity'"]),
        ("ledger.answer_deadline=1", ["ledger.answer_deadline:", "'answer_deadline_s'"]),
        ("security.key_dir=x", ["security.key_dir: unknown field", "'keys_dir'"]),
        ("actors.mic.options.periodms=1", ["actors.mic.options.periodms:", "'period_ms'"]),
        ("actors.mic.options.period_ms=-1", ["actors.mic.options.period_ms:", "greater", "-1"]),
        ("actors.mic.options.period_ms=often", ["actors.mic.options.period_ms:", "'often'"]),
        ("actors.sink.options=null", ["actors.sink.options.path: required"]),
        ("actors.mic.use=null", ["actors.mic.use: required"]),
        ("actors.mic.use=7", ["actors.mic.use:", "string", "not 7"]),
        ("name=null", ["name: required"]),
        ("name=Big Robot", ["name: ", "'Big Robot'"]),
        ("actors.Mic.use=vad", ["actors.Mic", "'Mic'"]),
        ("actors=null", ["actors: required"]),
        ("log_level=loud", ["log_level: ", "'debug'", "'loud'"]),
        ("actors.relay.inputs.audio=5", ["actors.relay.inputs.audio", "not 5"]),
        ("actors.mic.use=vat", ["actors.mic.use:", "did you mean 'vad'?"]),
        ("actors.mic.use=actors.hearing.vad:Vat", ["actors.mic.use:", "did you mean 'Vad'?"]),
        ("actors.mic.use=no_package:X", ["actors.mic.use:", "no module 'no_package'"]),
        (f"actors.mic.use={ACTORS_FILE}:Sauce", ["actors.mic.use:", "'Source'"]),
        (f"actors.mic.use={ACTORS_FILE[:-4]}.py:X", ["actors.mic.use:", "actors_for_tests.py"]),
        ("actors.relay.inputs={adio: mic.audio}", ["actors.relay.inputs.adio:", "'audio'"]),
        ("actors.relay.inputs.audio=mik.audio", ["actors.relay.inputs.audio:", "'mik'", "'mic'"]),
        ("actors.relay.inputs.audio=mic.adio", ["actors.relay.inputs.audio:", "'audio'"]),
        ("actors.relay.inputs.audio=mic", ["actors.relay.inputs.audio:", "actor.port"]),
        ("actors.relay.inputs.audio=mic.a.b", ["actors.relay.inputs.audio:", "actor.port"]),
        (
            "actors.relay.inputs.audio=mic.health",
            ["actors.relay.inputs.audio:", "carries health, it takes audio"],
        ),
        (
            "actors.relay.inputs.audio=supervisor.statu",
            ["actors.relay.inputs.audio:", "did you mean 'status'?"],
        ),
        (
            "actors.relay.inputs.audio=supervisor.status",
            ["actors.relay.inputs.audio:", "carries status, it takes audio"],
        ),
        (
            "actors.relay.inputs.audio=[mic.audio, mic.audio]",
            ["actors.relay.inputs.audio:", "mic.audio already goes into port 'audio'"],
        ),
        (
            "actors.relay.inputs=null",
            ["actors.relay.inputs:", "'audio' is not connected", "audio", "mic.audio"],
        ),
        ("actors.relay.after=[mik]", ["actors.relay.after.0: no actor 'mik'", "'mic'"]),
        ("actors.mic.after=[mic]", ["actors.mic.after.0: mic would wait for itself"]),
        ("actors.mic.after=[sink]", ["actors.mic.after.0: mic would wait for itself"]),
        ("route.backends=[live]", ["route.backends.0: no actor 'live'", "mic"]),
        (f"actors.supervisor.use={SOURCE}", ["actors.supervisor:", "supervisor itself"]),
        ("actors.mic.bind=tcp://127.0.0.1:9", ["actors.mic.bind:", "security.keys_dir"]),
        ("actors.mic.bind=ipc:///tmp/x", ["actors.mic.bind:", "tcp"]),
        (f"actors.mic.use={ACTORS_FILE}:Choosy", ["actors.mic.options: nothing in", "will do"]),
        ("runtime_dir=/" + "x" * 120, ["longer than 107 bytes", "runtime_dir"]),
    ],
)
def test_what_cannot_work_is_refused_with_file_path_and_the_nearest_valid_name_f25(
    tmp_path: Path, override: str, parts: list[str]
) -> None:
    path = write(tmp_path, GOOD)
    message = refusal(path, override)
    for part in [str(path), *parts]:
        assert part in message, message


def test_the_same_holds_for_what_stands_in_the_file_itself_f25(tmp_path: Path) -> None:
    tree = yaml.safe_load(GOOD)
    tree["actors"]["relay"]["inputs"] = {"audio": "mic.vidio"}
    path = write(tmp_path, yaml.safe_dump(tree))
    assert f"{path}: actors.relay.inputs.audio: mic has no output port 'vidio'" in refusal(path)


def test_somebody_else_can_only_publish_for_an_actor_that_is_in_the_config_f25(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, GOOD)
    message = refusal(path, external=["mik"])
    assert "--external mik: did you mean 'mic'" in message
    assert graph_of(path, external=["mic"]).nodes["mic"].external


def test_an_external_actor_is_not_asked_whether_it_could_start_here(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    graph_of(
        path,
        [f"actors.mic.use={ACTORS_FILE}:Choosy", "actors.relay=null", "actors.sink=null"],
        ["mic"],
    )


def test_a_deadline_of_standby_backends_is_known_by_its_old_name_too() -> None:
    route = RouteConfig.model_validate({"understudy_first_sound_s": 3})
    assert route.standby_first_sound_s == 3
