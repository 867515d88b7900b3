"""Models whose fields are collected late are the same models, only sooner there."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

from actors.backends.gemini import late_fields
from actors.backends.gemini.late_fields import fields_collected_late

MODELS_OF_GENAI = """
import json
{how}
from pydantic import BaseModel
classes = [each for each in vars(types).values() if isinstance(each, type)]
models = [each for each in classes if issubclass(each, BaseModel)]
"""
DUMP = """
for model in models:
    model.model_rebuild()  # Names that were not there yet when it was defined are known now.
print(json.dumps({model.__name__: repr(model.model_fields) for model in models}))
"""
COUNT = """
late = [each for each in models if not isinstance(vars(each)["__pydantic_fields__"], dict)]
print(json.dumps([len(late), len(models)]))
"""
MODELS = """
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

class Lazy(BaseModel):
    model_config = ConfigDict(defer_build=True, extra="forbid")

class Inner(Lazy):
    number: int = Field(3, ge=0)

class Outer(Lazy):
    inner: "Inner | None" = None
    later: "list[Last] | None" = None

class Child(Outer):
    word: str

class Last(Lazy):
    text: str = ""

class Secretive(Lazy):
    number: int = 1
    _secret: int = PrivateAttr(7)
"""


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a module with some models, not imported yet."""
    name = f"models_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(MODELS)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


def imported(name: str) -> ModuleType:
    with fields_collected_late(name):
        return importlib.import_module(name)


def is_late(model: type) -> bool:
    return not isinstance(vars(model)["__pydantic_fields__"], dict)


def of_genai(how: str, script: str) -> Any:
    """What a script prints in a process of its own; how it imports the models."""
    command = [sys.executable, "-c", MODELS_OF_GENAI.format(how=how) + script]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def test_all_models_of_google_genai_have_the_fields_they_have_without_it() -> None:
    late = of_genai("from actors.backends.gemini.sdk import types", DUMP)
    # Without Pillow, too, which `sdk` leaves out.
    how = "import sys; sys.modules['PIL'] = None; from google.genai import types"
    plain = of_genai(how, DUMP)
    assert {name for name in plain if late[name] != plain[name]} == set()
    assert len(plain) > 400


def test_most_models_of_google_genai_are_never_used() -> None:
    late, models = of_genai("from actors.backends.gemini.sdk import types", COUNT)
    assert late > models / 2


def test_a_model_gets_its_fields_when_it_is_first_used(name: str) -> None:
    module = imported(name)
    assert is_late(module.Inner)
    outer = module.Outer.model_validate({"inner": {"number": 5}, "later": [{"text": "x"}]})
    assert (outer.inner.number, outer.later[0].text) == (5, "x")
    assert not is_late(module.Inner)
    assert list(module.Outer.model_fields) == ["inner", "later"]
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        module.Inner(number=-1)
    with pytest.raises(ValidationError, match="Extra inputs"):
        module.Last(nonsense=1)


def test_a_model_that_inherits_has_the_fields_of_both(name: str) -> None:
    module = imported(name)
    child = module.Child(word="hello", inner={"number": 1})
    assert child.model_dump() == {"inner": {"number": 1}, "later": None, "word": "hello"}


def test_private_attributes_are_there(name: str) -> None:
    module = imported(name)
    assert module.Secretive()._secret == 7


def test_threads_that_use_a_model_first_at_the_same_time_see_its_fields(name: str) -> None:
    module = imported(name)
    together = Barrier(8)

    def fields(_: int) -> list[str]:
        together.wait()
        return list(module.Child.model_fields)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(fields, range(8))) == [["inner", "later", "word"]] * 8


def test_with_a_pydantic_it_does_not_know_nothing_is_late(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_fields, "VERSIONS", ("1.",))
    assert not is_late(imported(name).Inner)


def test_models_of_other_modules_are_left_alone(name: str) -> None:
    with fields_collected_late("somewhere.else"):
        module = importlib.import_module(name)
    assert not is_late(module.Inner)
