"""What outlives the process, and where the key comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.backends.answer import AnswerFrames, Publish
from actors.backends.gemini.credentials import find_keys, read_env_file
from actors.backends.gemini.models import Model, check_live_model
from actors.backends.realtime.limits import Limits
from actors.backends.realtime.session_memory import SessionMemory, usable_handle
from actors.backends.realtime.turn_state import Memorable, TurnState
from actors.backends.realtime.turns import Turn
from actors.backends.turn_kind import Kind
from pipeline.actor import Actor, Options, Surroundings
from pipeline.errors import CredentialError, ModelError
from pipeline.frames import AnswerEnd, AnswerEnded, Side, Transcript
from pipeline.logs import redact
from pipeline.store import Store

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


def memory_in(folder: Path, run: int = 7) -> tuple[SessionMemory, TurnState, Store]:
    """What a process of that run knows of the session `local`."""
    surroundings = Surroundings("live", folder, folder, folder, started_ns=run)
    actor: Actor[Options] = Actor(Options(), surroundings)
    state = TurnState(AnswerFrames("local", "live", "m"), Limits(), actor.counters)
    store = Store(folder / "live.sqlite3", run, actor.log)
    return SessionMemory(actor, "local", state, store, actor.log), state, store


def handle_in(memory: SessionMemory, peer: str) -> str | None:
    seed = memory.seed(peer, resumption=True, local_turns=True, tools=(), left_out=frozenset())
    return seed.handle


def test_memory_comes_back_as_it_was_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    memory, state, store = memory_in(tmp_path)
    state.remember("local:1")
    state.turns.append(Turn("local:2", Kind.SPOKEN))
    state.turns[0].answer.begun = True
    state.frames.epoch = 3
    memory.began("local:1")
    memory.own(transcript("local:1", "hello"))
    memory.save()
    store.close()
    assert (tmp_path / "live.sqlite3").stat().st_mode & 0o777 == 0o600
    again, restored, store = memory_in(tmp_path)
    steps = again.restore()
    frames = [step.frame for step in steps if isinstance(step, Publish)]
    failed = [f.turn for f in frames if isinstance(f, AnswerEnded) and f.end is AnswerEnd.FAILED]
    assert failed == ["local:2"]
    assert restored.memorable() == Memorable(["local:1", "local:2"], [], 3)
    seed = again.seed("peer", resumption=True, local_turns=True, tools=(), left_out=frozenset())
    assert seed.history == (("user", "hello"),)
    store.close()


def test_another_run_takes_over_the_handle_but_not_the_names_of_turns(tmp_path: Path) -> None:
    memory, state, store = memory_in(tmp_path)
    state.remember("local:1")
    memory.keep_handle("h", "server model")
    memory.save()
    store.close()
    other, restored, store = memory_in(tmp_path, run=8)
    assert not other.restore()
    assert restored.memorable() == Memorable([], [], 0)
    assert handle_in(other, "server model") == "h"
    store.close()


def test_handle_is_used_for_the_same_server_model_and_key_within_two_hours() -> None:
    row = {"handle": "h", "peer": "server model key", "at_s": 1000.0}
    assert usable_handle(row, "server model key", 1000.0 + 7100) == "h"
    assert usable_handle(row, "server model key", 1000.0 + 7300) is None
    assert usable_handle(row, "server model key", 900.0) is None
    assert usable_handle(row, "server model other", 1000.0) is None


DAMAGED = [
    ("turns", []),
    ("turns", {"over": [], "begun": [], "epoch": "x"}),
    ("history", {"t": {}}),
    ("history", [1]),
    ("handle", "h"),
]


@pytest.mark.parametrize(("key", "row"), DAMAGED)
def test_damaged_memory_is_left_behind(tmp_path: Path, key: str, row: object) -> None:
    memory, state, store = memory_in(tmp_path)
    store.put("local", key, row)
    assert not memory.restore()
    assert handle_in(memory, "peer") is None
    assert state.memorable() == Memorable([], [], 0)
    store.close()


def test_conversation_goes_on_when_the_disk_does_not(tmp_path: Path) -> None:
    memory, state, store = memory_in(tmp_path / "no such folder")
    memory.save()
    state.remember("local:1")
    memory.save()
    store.close()


def transcript(turn: str, text: str) -> Transcript:
    return Transcript(turn=turn, epoch=0, backend="live", side=Side.USER, text=text)


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
