"""From `use:` to the actor class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import actors
from pipeline.errors import ConfigError
from pipeline.port_check import check_handlers, check_published
from pipeline.registry import builtin_names, find_actor

HERE = Path(__file__).parents[1] / "helpers"
FILE = "actors_for_tests.py"


def test_a_built_in_actor_is_found_by_its_bare_name() -> None:
    vad = find_actor("vad", HERE)
    assert vad.__name__ == "Vad"
    assert "speech" in vad.outputs


def test_every_built_in_actor_can_be_imported_and_names_its_ports_right() -> None:
    names = builtin_names()
    assert names == list(actors.ACTORS)
    for name in names:
        actor = find_actor(name, HERE)
        check_handlers(actor)
        check_published(actor)
        for port in actor.inputs:
            assert callable(getattr(actor, f"on_{port}", None)), f"{name} has no on_{port}"


def test_a_class_is_found_in_a_module_and_in_a_file_beside_the_config() -> None:
    assert find_actor("actors.hearing.vad:Vad", HERE) is find_actor("vad", HERE)
    source = find_actor(f"{FILE}:Source", HERE)
    assert source.__name__ == "Source"
    assert find_actor(f"{HERE / FILE}:Source", Path("/")) is source
    assert find_actor(f"{HERE.name}/{FILE}:Source", HERE.parent) is source


def test_a_file_with_one_actor_needs_no_class_name(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(
        "from pipeline.actor import Actor, Options\nclass Only(Actor[Options]): pass\n"
    )
    assert find_actor("one.py", tmp_path).__name__ == "Only"


def test_a_file_may_import_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_actor.py").write_text("NAME = 'x'\n")
    (tmp_path / "two.py").write_text(
        "from neighbour_of_actor import NAME\n"
        "from pipeline.actor import Actor, Options\nclass Only(Actor[Options]): pass\n"
    )
    assert find_actor("two.py", tmp_path).__name__ == "Only"


def test_a_neighbour_may_be_imported_when_the_actor_starts(tmp_path: Path) -> None:
    (tmp_path / "late_neighbour_of_actor.py").write_text("NAME = 'late'\n")
    (tmp_path / "three.py").write_text(
        "from pipeline.actor import Actor, Options\n"
        "class Only(Actor[Options]):\n"
        "    @staticmethod\n"
        "    def name():\n"
        "        from late_neighbour_of_actor import NAME\n"
        "        return NAME\n"
    )
    actor: Any = find_actor("three.py", tmp_path)
    assert actor.name() == "late"


@pytest.mark.parametrize(
    ("use", "parts"),
    [
        ("vat", ["unknown actor 'vat'", "did you mean 'vad'?"]),
        ("zzzzzz", ["unknown actor 'zzzzzz'", "valid: ", "microphone", "vad"]),
        ("no_such_package:X", ["no_such_package:X", "there is no module 'no_such_package'"]),
        ("actors.vat:Vad", ["actors.vat:Vad", "there is no module 'actors.vat'", "'vad'"]),
        ("actors.hearing.vad:Vat", ["no actor class 'Vat'", "did you mean 'Vad'?"]),
        ("actors_for_test.py:Source", ["actors_for_test.py", "did you mean 'actors_for_tests.py'"]),
        (f"{FILE}:Sorce", [FILE, "no actor class 'Sorce'", "'Source'"]),
        (FILE, [FILE, "actor classes: name one", f"{FILE}:ClassName"]),
        (f"{FILE}:BLOCK", ["no actor class 'BLOCK'"]),
        ("json:loads", ["no actor class 'loads'"]),
        (":Source", [":Source", "cannot be imported"]),
        ("..relative:X", ["cannot be imported"]),
    ],
)
def test_what_is_not_there_is_named_with_its_nearest_neighbour_f25(
    use: str, parts: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        find_actor(use, HERE)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("import no_such_package_at_all\n", ["no_such_package_at_all"]),
        ("def broken(:\n", ["SyntaxError"]),
        ("\nraise OSError('no library')\n", [", line 2 cannot", "OSError", "no library"]),
    ],
)
def test_a_file_that_cannot_be_imported_is_an_error_that_says_why_f25(
    tmp_path: Path, text: str, parts: list[str]
) -> None:
    (tmp_path / "bad.py").write_text(text)
    for _ in range(2):
        with pytest.raises(ConfigError) as caught:
            find_actor("bad.py", tmp_path)
        for part in [str(tmp_path / "bad.py"), *parts]:
            assert part in str(caught.value)


def test_a_package_that_an_actor_needs_is_named_f25(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needy_actor.py").write_text("import no_such_package_at_all\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigError, match="needs the package 'no_such_package_at_all': install it"):
        find_actor("needy_actor:X", tmp_path)
