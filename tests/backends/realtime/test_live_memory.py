"""What outlives the process, and where the key comes from."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from actors.backends.answer import AnswerFrames
from actors.backends.gemini.credentials import find_keys, read_env_file
from actors.backends.gemini.models import ListedModel, check_live_model
from actors.backends.history import History
from actors.backends.realtime.context_seed import ContextSeed, usable_handle
from actors.backends.realtime.limits import Limits
from actors.backends.realtime.turn_state import TurnState
from actors.backends.realtime.turns import RealtimeTurn
from actors.backends.records import KeptTurns, SessionRecords
from actors.backends.turn_kind import TurnKind
from pipeline.errors import CredentialError, ModelError
from pipeline.frames import Side, Transcript
from pipeline.logs import get_logger, redact
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


@dataclass
class Memory:
    """What a process knows of the session `local`, and its file."""

    records: SessionRecords
    context: ContextSeed
    history: History
    state: TurnState
    store: Store

    def save(self) -> None:
        self.records.save(self.state.kept())


def memory_in(folder: Path, run: int = 7) -> Memory:
    """As a process of that run makes it."""
    log = get_logger("live")
    history = History(reported=False)
    store = Store(folder / "live.sqlite3", run, log)
    return Memory(
        SessionRecords(store, "local", history, log, run),
        ContextSeed("live", "local", history, store),
        history,
        TurnState(AnswerFrames("local", "live", "m"), Limits(), Counter()),
        store,
    )


def test_memory_comes_back_as_it_was_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    before = memory_in(tmp_path)
    before.state.remember("local:1")
    before.state.turns.append(RealtimeTurn("local:2", TurnKind.SPOKEN))
    before.state.turns[0].answer.begun = True
    before.state.frames.epoch = 3
    before.history.began("local:1")
    before.history.transcript(transcript("local:1", "hello"))
    before.save()
    before.store.close()
    assert (tmp_path / "live.sqlite3").stat().st_mode & 0o777 == 0o600
    after = memory_in(tmp_path)
    kept = after.records.restore()
    assert kept == KeptTurns(["local:1"], {"local:2": 3}, {}, 3)
    after.state.restore(kept, 100.0)
    # Of the second something was heard in that epoch: there is nothing to go on with.
    assert after.state.kept() == KeptTurns(["local:1", "local:2"], {}, {"local:2": 3}, 3)
    assert after.context.tell(()) == (("user", "hello"),)
    after.store.close()


def test_another_run_takes_over_the_handle_but_not_the_names_of_turns(tmp_path: Path) -> None:
    before = memory_in(tmp_path)
    before.state.remember("local:1")
    before.context.keep_handle("h", "server model")
    before.save()
    before.store.close()
    after = memory_in(tmp_path, run=8)
    assert after.records.restore() == KeptTurns()
    assert after.context.handle("server model") == "h"
    after.store.close()


def test_another_run_knows_what_was_said_though_the_service_gave_no_handle(tmp_path: Path) -> None:
    for run, words in enumerate(("one", "two", "three"), 7):
        memory = memory_in(tmp_path, run)
        memory.records.restore()
        # Turns are named after positions, which begin anew with each run.
        memory.history.transcript(transcript("local:1", words))
        memory.save()
        memory.store.close()
    for run in (9, 10):  # The same run, in another process; and the next one.
        memory = memory_in(tmp_path, run)
        memory.records.restore()
        assert memory.context.tell(()) == (("user", "one"), ("user", "two"), ("user", "three"))
        memory.store.close()


@pytest.mark.parametrize(
    ("age_s", "known"), [(0.0, True), (7190.0, True), (7210.0, False), (-60.0, False)]
)
def test_what_an_earlier_run_heard_is_known_for_two_hours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_s: float, known: bool
) -> None:
    before = memory_in(tmp_path)
    before.history.transcript(transcript("local:1", "hello"))
    before.save()
    before.store.close()
    after, now_s = memory_in(tmp_path, run=8), time.time()
    monkeypatch.setattr("actors.backends.records.time.time", lambda: now_s + age_s)
    after.records.restore()
    assert after.context.tell(()) == ((("user", "hello"),) if known else ())
    after.store.close()


def test_handle_is_used_for_the_same_server_model_and_key_within_two_hours() -> None:
    row = {"handle": "h", "peer": "server model key", "at_s": 1000.0}
    assert usable_handle(row, "server model key", 1000.0 + 7100) == "h"
    assert usable_handle(row, "server model key", 1000.0 + 7300) is None
    assert usable_handle(row, "server model key", 900.0) is None
    assert usable_handle(row, "server model other", 1000.0) is None


DAMAGED = [
    ("turns", []),
    ("turns", {"over": [], "begun": {}, "answered": {}, "epoch": "x", "owed": []}),
    ("turns", {"over": [], "begun": {}, "answered": {}, "epoch": 1, "owed": [{"name": "move"}]}),
    ("history", {"t": {}}),
    ("history", [1]),
    ("handle", "h"),
    ("history", {"run": 6, "at_s": "now", "before": [], "turns": {}}),
    ("history", {"run": 7, "at_s": 0.0, "before": [1], "turns": {}}),
]


@pytest.mark.parametrize(("key", "row"), DAMAGED)
def test_damaged_memory_is_left_behind(tmp_path: Path, key: str, row: object) -> None:
    memory = memory_in(tmp_path)
    memory.store.put("local", key, row)
    assert memory.records.restore() == KeptTurns()
    assert memory.context.handle("peer") is None
    memory.store.close()


def test_conversation_goes_on_when_the_disk_does_not(tmp_path: Path) -> None:
    memory = memory_in(tmp_path / "no such folder")
    memory.save()
    memory.state.remember("local:1")
    memory.save()
    memory.store.close()


def transcript(turn: str, text: str) -> Transcript:
    return Transcript(turn=turn, epoch=0, backend="live", side=Side.USER, text=text)


MODELS = [
    ListedModel("gemini-3.8-live", ("bidiGenerateContent",)),
    ListedModel("gemini-3.8-flash", ("generateContent",)),
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
