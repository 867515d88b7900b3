"""The actor by itself: what it says when use is reported, a day ends, or it is started again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from budget_reports import usage

from actors.services.budget import Budget, BudgetOptions
from pipeline.frames import Allowance, Spending
from pipeline.logs import Logger, get_logger
from pipeline.store import Store
from pipeline.surroundings import Surroundings
from pipeline.testing import ActorHarness, stage

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ONE_REPORT = 0.015
"""What `usage()` costs."""


class Clock:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def said() -> list[str]:
    """What the actor logs is added to it."""
    return []


def logger(said: list[str]) -> Logger:
    def note(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
        said.append(" ".join(str(value) for value in event.values()))
        raise structlog.DropEvent

    made: Logger = structlog.wrap_logger(
        None, processors=[note], wrapper_class=structlog.make_filtering_bound_logger("debug")
    )
    return made


@contextmanager
def budget(
    folder: Path,
    clock: Clock | None = None,
    started_ns: int = 1,
    checkpoint: dict[str, Any] | None = None,
    said: list[str] | None = None,
    **options: Any,
) -> Iterator[ActorHarness[BudgetOptions]]:
    """The actor with a state folder that outlives it, and a clock."""

    class InFolder(Budget):
        def __init__(self, options: BudgetOptions, surroundings: Surroundings) -> None:
            super().__init__(
                options, replace(surroundings, state_dir=folder, started_ns=started_ns)
            )
            self.clock = clock or Clock()
            if said is not None:
                self.log = logger(said)

    with stage(InFolder, checkpoint=checkpoint, time_zone="UTC", **options) as actor:
        yield actor


def day_file(folder: Path) -> Path:
    return folder / "infolder.sqlite3"


def revision(folder: Path) -> int:
    """Of the account on the disk, as another process reads it; 0: there is none."""
    if not day_file(folder).exists():
        return 0
    store = Store(day_file(folder), 1, get_logger("test"))
    try:
        saved = store.get("local", "account")
        return 0 if saved is None else int(saved["revision"])
    finally:
        store.close()


def newest(actor: ActorHarness[BudgetOptions]) -> Spending:
    actor.settle()
    frame = actor.sent["spending"][-1]
    assert isinstance(frame, Spending)
    return frame


def test_the_cost_of_session_and_day_is_told_by_backend(tmp_path: Path) -> None:
    with budget(tmp_path) as actor:
        actor.send("usage", usage(0), usage(0, backend="http", model="gemini-9"))
        spending = newest(actor)
    assert spending.day == "2026-11-21"
    assert spending.currency == "USD"
    assert spending.session_backends["live"].money == pytest.approx(ONE_REPORT)
    assert spending.day_backends["http"].unpriced_tokens == 2000
    assert spending.day_total.tokens == 4000
    assert spending.session_total.minutes == pytest.approx(2000 / 25 / 60)
    assert spending.limits == []


def test_without_a_limit_everybody_is_allowed(tmp_path: Path) -> None:
    with budget(tmp_path) as actor:
        actor.send("usage", *(usage(n) for n in range(100)))
        assert actor.expect("allowance", Allowance).refused == {}
        actor.expect_nothing("allowance")


def test_a_report_that_comes_again_is_not_counted_again(tmp_path: Path) -> None:
    with budget(tmp_path) as actor:
        actor.send("usage", usage(0), usage(1), usage(0), usage(1), usage(1, backend="http"))
        assert newest(actor).session_total.tokens == 3 * 2000
        assert actor.actor.counters["repeated"] == 2
        actor.send("usage", usage(0, boot=2))
        assert newest(actor).session_total.tokens == 4 * 2000, "the first of a new process"


def test_a_limit_that_is_reached_refuses_its_backends_with_a_reason(tmp_path: Path) -> None:
    limits = [{"per": "day", "money": 0.02, "backends": ["live"]}]
    with budget(tmp_path, limits=limits) as actor:
        assert actor.expect("allowance", Allowance).refused == {}
        actor.send("usage", usage(0))
        actor.expect_nothing("allowance")
        actor.send("usage", usage(1))
        allowance = actor.expect("allowance", Allowance)
        (use,) = newest(actor).limits
        actor.send("usage", usage(2))
        actor.expect_nothing("allowance")
    reason = "budget of the day used up: 0.030000 of 0.020000 USD"
    assert allowance.refused == {"live": reason}
    assert allowance.last_resort == ["live"]
    assert allowance.retry_after_s == 12 * 3600
    assert (use.per, use.unit, use.limit, use.backends) == ("day", "USD", 0.02, ["live"])
    assert use.used == pytest.approx(2 * ONE_REPORT)


def test_a_new_day_gives_a_new_budget_and_a_clock_set_back_does_not_f24(tmp_path: Path) -> None:
    clock = Clock()
    with budget(tmp_path, clock, limits=[{"per": "day", "tokens": 1}]) as actor:
        actor.send("usage", usage(0))
        actor.expect("allowance", Allowance, lambda frame: bool(frame.refused))
        clock.now = NOON + timedelta(hours=12)
        assert actor.expect("allowance", Allowance).refused == {}
        assert newest(actor).day_total.tokens == 0
        assert newest(actor).session_total.tokens == 2000
        clock.now = NOON - timedelta(minutes=1)
        assert set(actor.expect("allowance", Allowance).refused) == {"live", "http"}
        clock.now = NOON - timedelta(days=3)
        assert actor.expect("allowance", Allowance).refused == {}


def test_the_days_count_survives_a_restart_of_the_pipeline_and_the_session_does_not_f24(
    tmp_path: Path,
) -> None:
    limits = [{"per": "day", "tokens": 4000}, {"per": "session", "tokens": 4000}]
    with budget(tmp_path, limits=limits) as actor:
        actor.send("usage", usage(0), usage(1))
    with budget(tmp_path, started_ns=2, limits=limits) as actor:
        assert newest(actor).day_total.tokens == 4000
        assert newest(actor).session_total.tokens == 0
        refused = actor.expect("allowance", Allowance).refused
        assert refused["live"] == "budget of the day used up: 4,000 of 4,000 tokens"


def test_a_kill_loses_nothing_whether_disk_or_checkpoint_is_newer(tmp_path: Path) -> None:
    with budget(tmp_path) as actor:
        actor.send("usage", usage(0))
        older = json.loads(json.dumps(actor.actor.checkpoint))
        actor.send("usage", usage(1))
        newer = json.loads(json.dumps(actor.actor.checkpoint))
    saved = day_file(tmp_path)
    with budget(tmp_path, checkpoint=older) as actor:
        assert newest(actor).session_total.tokens == 4000, "the disk is newer"
        actor.send("usage", usage(0), usage(1), usage(2))
        assert newest(actor).session_total.tokens == 6000, "what is repeated is known"
    saved.unlink()
    with budget(tmp_path, checkpoint=newer) as actor:
        assert newest(actor).session_total.tokens == 4000, "the checkpoint is all there is"


def test_use_is_on_the_disk_soon_and_not_only_at_the_end(tmp_path: Path) -> None:
    with budget(tmp_path) as actor:
        actor.send("usage", usage(0))
        actor.until(lambda: revision(tmp_path) == 1, "a file")
        actor.send("usage", usage(1))
        actor.until(lambda: revision(tmp_path) == 2, "its update")


def test_a_damaged_file_is_set_aside_and_reported_and_counting_goes_on(
    tmp_path: Path, said: list[str]
) -> None:
    with budget(tmp_path) as actor:
        actor.send("usage", usage(0))
    saved = day_file(tmp_path)
    saved.write_text("{damaged" * 100)
    with budget(tmp_path, said=said) as actor:
        assert newest(actor).day_total.tokens == 0
        actor.send("usage", usage(1))
    assert saved.with_name(f"{saved.name}.damaged").read_text() == "{damaged" * 100
    assert revision(tmp_path) == 1
    (line,) = said
    assert "damaged: it is moved aside" in line
    assert str(saved) in line


@pytest.mark.parametrize("damage", [{}, [], {"run": 1}, "", 7])
def test_a_count_that_is_none_begins_at_nothing_and_is_reported(
    tmp_path: Path, said: list[str], damage: Any
) -> None:
    store = Store(day_file(tmp_path), 1, get_logger("test"))
    store.put("local", "account", damage, outlives_run=True)
    store.close()
    with budget(tmp_path, said=said) as actor:
        assert newest(actor).day_total.tokens == 0
    (line,) = said
    assert "begins at nothing" in line


def test_a_folder_that_cannot_be_written_is_reported_once_and_counting_goes_on(
    tmp_path: Path, said: list[str]
) -> None:
    folder = tmp_path / "gone"
    with budget(folder, said=said) as actor:
        for number in range(3):
            actor.send("usage", usage(number))
        assert newest(actor).day_total.tokens == 6000
        actor.until(lambda: bool(said), "it has been said")
        folder.mkdir()
        actor.send("usage", usage(3))
        actor.until(lambda: revision(folder) == 4, "it works again")
    (line,) = said
    assert "a restart forgets what is new" in line


def test_the_log_says_once_that_a_limit_is_near_and_that_a_price_is_unknown(
    tmp_path: Path, said: list[str]
) -> None:
    limits = [{"per": "day", "tokens": 10_000}]
    with budget(tmp_path, said=said, limits=limits, warn_at=0.5) as actor:
        actor.send("usage", *(usage(n, model="gemini-9") for n in range(10)))
    unknown, near, up = said
    assert "no price is known" in unknown
    assert "budget of the day nearly used up: 6,000 of 10,000 tokens" in near
    assert "budget of the day used up: 10,000 of 10,000 tokens" in up


def test_the_actor_is_light() -> None:
    script = "import sys, actors.services.budget; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "google.genai", "onnxruntime", "av"} & set(loaded)
