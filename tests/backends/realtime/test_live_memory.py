"""What outlives the process, and where the key comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.backends.gemini.credentials import find_keys, read_env_file
from actors.backends.gemini.models import Model, check_live_model
from actors.backends.history import History
from actors.backends.realtime.memory import Keeper, Memorable, Memory
from pipeline.errors import CredentialError, ModelError
from pipeline.logs import get_logger, redact

NAMES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")


def test_key_comes_from_the_environment_before_any_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GEMINI_API_KEY=from-the-file\n", encoding="utf-8")
    assert find_keys(NAMES, [tmp_path], {"GOOGLE_API_KEY": "from-outside"}) == ("from-outside",)
    assert find_keys(NAMES, [tmp_path], {}) == ("from-the-file",)
    assert "from-the-file" not in redact("the key is from-the-file")


def test_all_of_several_keys_are_found_and_hidden(tmp_path: Path) -> None:
    environ = {"GEMINI_API_KEY": "first-key-1234, second-key-5678"}
    assert find_keys(NAMES, [tmp_path], environ) == ("first-key-1234", "second-key-5678")
    assert redact("second-key-5678") == "[secret]"


def test_missing_key_says_how_to_give_one(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match=r"GEMINI_API_KEY or GOOGLE_API_KEY.*\.env"):
        find_keys(NAMES, [tmp_path], {"GEMINI_API_KEY": " "})


LINES = [
    ("A=b", {"A": "b"}),
    ("export A = b ", {"A": "b"}),
    ("A='b c' ", {"A": "b c"}),
    ('A="b#c"', {"A": "b#c"}),
    ("A=b # note", {"A": "b"}),
    ("# A=b", {}),
    ("nonsense", {}),
    ("A=", {"A": ""}),
    ("A=b=c", {"A": "b=c"}),
]


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_env_file_lines(tmp_path: Path, line: str, expected: dict[str, str]) -> None:
    path = tmp_path / ".env"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    assert read_env_file(path) == expected


def test_memory_comes_back_as_it_was_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "live-local.json"
    memory = Memory(path, run=7)
    memory.keep_handle("h", "server model", 1000.0)
    memory.note(Memorable(["local:1"], ["local:2"], 3), {"local:1": {}})
    memory.save()
    assert path.stat().st_mode & 0o777 == 0o600
    again = Memory.load(path, run=7)
    assert again.turns() == Memorable(["local:1"], ["local:2"], 3)
    assert again.history == {"local:1": {}}


def test_another_run_takes_over_the_handle_but_not_the_names_of_turns(tmp_path: Path) -> None:
    path = tmp_path / "live-local.json"
    memory = Memory(path, run=7)
    memory.keep_handle("h", "server model", 1000.0)
    memory.note(Memorable(["local:1"], [], 3), {})
    memory.save()
    other = Memory.load(path, run=8)
    assert other.turns() == Memorable([], [], 0)
    assert other.usable_handle("server model", 1001.0) == "h"


def test_handle_is_used_for_the_same_server_and_model_within_two_hours(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "m.json")
    memory.keep_handle("h", "server model", 1000.0)
    assert memory.usable_handle("server model", 1000.0 + 7100) == "h"
    assert memory.usable_handle("server model", 1000.0 + 7300) is None
    assert memory.usable_handle("server model", 900.0) is None
    assert memory.usable_handle("other model", 1000.0) is None


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"run": 1, "epoch": "x"}', '{"run": 1, "history": {"t": {}}}', "\x00"],
)
def test_damaged_memory_is_left_behind(tmp_path: Path, content: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(content, encoding="utf-8")
    assert Keeper(path, 1, History(reported=True), get_logger("live")).memory.handle is None


def test_conversation_goes_on_when_the_disk_does_not(tmp_path: Path) -> None:
    keeper = Keeper(
        tmp_path / "no such folder" / "m.json", 1, History(reported=True), get_logger("live")
    )
    keeper.save()
    keeper.save()


MODELS = [
    Model("gemini-3.8-live", ("bidiGenerateContent",)),
    Model("gemini-3.8-flash", ("generateContent",)),
]


def test_live_model_is_accepted_with_and_without_its_prefix() -> None:
    check_live_model("gemini-3.8-live", MODELS)
    check_live_model("models/gemini-3.8-live", MODELS)


@pytest.mark.parametrize(
    ("name", "problem"),
    [("gemini-3.8-lvie", "does not exist"), ("gemini-3.8-flash", "cannot hold a live")],
)
def test_other_model_is_refused_with_the_nearest_live_one(name: str, problem: str) -> None:
    with pytest.raises(ModelError, match=f"{problem}.*'gemini-3.8-live'"):
        check_live_model(name, MODELS)
