"""YAML as people write it, and what they are told where it is none."""

from __future__ import annotations

import codecs
import math
import os
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.load import load_config, read_overrides, read_tree
from pipeline.errors import ConfigError
from pipeline.yaml_text import MOST_BYTES, YamlError, parse_yaml, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, word) for word in ("off", "on", "yes", "no", "Y", "n", "NO", "Off", "y")),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("~", None),
        ("null", None),
        ("", None),
        ("012", 12),
        ("-012", -12),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("190:20:30.15", "190:20:30.15"),
        ("2026-11-28", "2026-11-28"),
        ("2026-11-28T12:00:00Z", "2026-11-28T12:00:00Z"),
        ("1e3", 1000.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("-.inf", -math.inf),
        (".", "."),
        ("-", [None]),
        ("=", "="),
        ("<<x", "<<x"),
        ("1.2.3", "1.2.3"),
        ("+1", 1),
        ("'012'", "012"),
        ("!!str 12", "12"),
    ],
)
def test_values_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = parse_yaml(text)
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_a_number() -> None:
    assert math.isnan(parse_yaml(".nan"))


def test_keys_are_what_they_look_like() -> None:
    assert parse_yaml("on: 1\nno: 2\n1:30: 3") == {"on": 1, "no": 2, "1:30": 3}


def test_merge_keys_take_over_and_are_written_over() -> None:
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: [*a, {z: 4}]}"
    assert parse_yaml(text) == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": {"x": 1, "y": 2, "z": 4},
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", r"line 3, column 1: the key 'a' is there already, in line 1"),
        ("x:\n  - {b: 1, b: 2}", r"line 2, column 12: the key 'b'"),
        ("x: &x {b: 1, b: 2}\ny: {<<: *x}", r"line 1, column 14: the key 'b'"),
        ("a: b: c", r"line 1, column 5: .*needs quotes"),
        ("a:\n\tb: 1", r"line 2, column 1: .*indent with spaces"),
        ("a: @x", r"line 1, column 4: .*quotes"),
        ("a: 'x\nb: 2\n", r"line \d, column \d: "),
        ("a: &a [*a]", r"line 1, column 4: an alias of itself"),
        ("? [1, 2]\n: x", r"line 1, column 3: a list or map as a key"),
        ("{a: 1}: 2", r"line 1, column 1: a list or map as a key"),
        ("--- 1\n--- 2", r"line 2, column 1: "),
        ("a: !!python/object:os.system x", r"line 1, column 4: "),
        ("a: " + "9" * 5000, r"line 1, column 4: "),
        ("[" * 100_000 + "]" * 100_000, r"more than 100 levels deep"),
        ("- " * 100_000, r"more than 100 levels deep"),
        ("? " * 500_000, r"more than 100 levels deep"),
        *(
            ("\n".join(" " * n + sign for n in range(1200)), r"more than 100 levels deep")
            for sign in ("a:", "-", "?")
        ),
        ("a: \x01", r"is it a text file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_its_place(text: str, said: str) -> None:
    with pytest.raises(YamlError, match=said) as caught:
        parse_yaml(text)
    assert "\n" not in str(caught.value)


def test_a_few_lines_that_stand_for_a_billion_values_are_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(YamlError, match="more than 100000 values"):
        parse_yaml("\n".join(lines))


@given(st.text())
def test_any_text_is_yaml_or_an_error_in_one_line(text: str) -> None:
    said = ""
    try:
        parse_yaml(text)
    except YamlError as error:
        said = str(error)
    assert "\n" not in said


NUMBER_OF_1_2_ONLY = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+|0o[0-7]+|[-+]?0[0-9]*[89][0-9]*"
)
"""Text that a writer of YAML 1.1 leaves without quotes, since there it is no number."""
texts = st.text().filter(lambda text: not NUMBER_OF_1_2_ONLY.fullmatch(text))
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
trees = st.recursive(
    plain, lambda each: st.lists(each) | st.dictionaries(texts, each), max_leaves=20
)


@given(trees)
def test_what_is_dumped_by_others_is_read_back(tree: Any) -> None:
    # Another program may write numbers as 1.1 has them: with a point they are the same in both.
    assert parse_yaml(yaml.safe_dump(tree)) == tree


CONFIG = "name: größer\nactors: {}\n"


@pytest.mark.parametrize(
    "content",
    [
        CONFIG.encode(),
        codecs.BOM_UTF8 + CONFIG.encode(),
        CONFIG.encode("utf-16"),
        codecs.BOM_UTF16_BE + CONFIG.encode("utf-16-be"),
        CONFIG.encode("utf-16-le"),
        CONFIG.encode("utf-16-be"),
        CONFIG.encode("utf-32"),
        CONFIG.replace("\n", "\r\n").encode(),
    ],
)
def test_text_of_any_unicode_encoding_is_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.yaml").write_bytes(content)
    assert read_yaml(tmp_path / "c.yaml") == {"name": "größer", "actors": {}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 1\nname: gr\xf6\xdfer", "line 2: no UTF-8 text: save it as UTF-8"),
        (bytes(range(256)), "line|text"),
        (b"#" * (MOST_BYTES + 1), "larger than 1024 KiB"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "c.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=said) as caught:
        read_tree(tmp_path / "c.yaml")
    assert "\n" not in str(caught.value)


def test_a_file_without_an_end_is_refused() -> None:
    with pytest.raises(ConfigError, match="larger than"):
        read_tree(Path("/dev/zero"))


def test_a_config_may_come_through_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text("name: piped\nactors: {vad: {use: vad}}\n")
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as pipe:
        pipe.write("extends: base.yaml\nlog_level: debug\n")
    try:
        config = load_config(Path(f"/dev/fd/{reading}"))
    finally:
        os.close(reading)
    assert (config.name, config.log_level) == ("piped", "debug")


def test_a_slow_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")

    def write() -> None:
        with (tmp_path / "fifo").open("w") as pipe:
            for piece in ("name: a\n", "actors: {}\n"):
                pipe.write(piece)
                pipe.flush()
                time.sleep(0)

    thread = threading.Thread(target=write)
    thread.start()
    assert read_tree(tmp_path / "fifo") == {"name": "a", "actors": {}}
    thread.join()


NAMES = [
    "HDA Intel PCH: ALC3234 Analog (hw:0,0)",
    "bcm2835 Headphones: - (hw:1,0)",
    "USB Audio Device: USB Audio #2 (hw:2,0)",
    "Mic's: @home",
    "default",
    "~strange",
    "off",
    "Blue Yeti",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_device_may_be_set_as_it_is_printed(name: str) -> None:
    tree = read_overrides([f"actors.microphone.options.device={name}"])
    assert tree["actors"]["microphone"]["options"]["device"] == name


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1}", {"a": 1}),
        ("engine: energy", {"engine": "energy"}),
        ("[a, b]", ["a", "b"]),
        ("3", 3),
        ("'3'", "3"),
        ("0.5", 0.5),
    ],
)
def test_what_is_set_is_yaml_otherwise(text: str, value: Any) -> None:
    assert read_overrides([f"a.b={text}"]) == {"a": {"b": value}}
