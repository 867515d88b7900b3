"""The actor `budget`: counts what the answers cost, and says when a budget is used up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from actors.lib.shared_database import check_database, open_database
from actors.services.budget.account import Account, Sums
from actors.services.budget.days import day_of, until_next_day_s
from actors.services.budget.limits import Use, cheapest_first, refusals, used_up, uses
from actors.services.budget.options import BudgetOptions
from actors.services.budget.prices import load_prices
from actors.services.budget.shared_day import SharedDay
from actors.services.budget.spending_report import spending_report
from pipeline.actor import Actor
from pipeline.frames import Allowance, SessionEnd, SessionEnded, Spending, Usage
from pipeline.ports import In, Out
from pipeline.sessions.work import SESSIONS_PORT
from pipeline.store import Store
from pipeline.surroundings import Surroundings

ACCOUNT = "account"
"""Key of the row that holds the count."""
WRITE_EVERY_S = 1.0
"""A flash card bears one write a second; what is lost with the process comes again, since the
backends keep their reports for 30 s."""
LOOK_AT_CLOCK_EVERY_S = 1.0
"""How late a new day may begin."""


class Budget(Actor[BudgetOptions]):
    """Counts what answers cost, by run, caller and day, and refuses those over a limit.

    A session of its options is one run of the pipeline; a caller whose own limit is used up is let
    go, after the answer under way. Minutes are minutes of answer. A backend that is refused
    finishes the turn it is at, and gets no other until it is allowed again.
    """

    open_sessions_only = False
    options_type = BudgetOptions
    inputs = {"usage": In((Usage,), replay=True)}
    outputs = {
        "spending": Out((Spending,), retain_last=True),
        "allowance": Out((Allowance,), retain_last=True),
    }

    def __init__(self, options: BudgetOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._zone = ZoneInfo(options.time_zone) if options.time_zone else None
        self._table = load_prices(options.prices, surroundings.config_dir)
        self._store: Store | None = None
        self._shared: SharedDay | None = None
        self._account = Account(surroundings.started_ns)
        self._today = date.min
        self._refused: dict[str, str] | None = None
        self._told: set[object] = set()
        self._sent_away: set[str] = set()
        """Callers whose end was asked for, and who are not gone yet."""
        self._changed = asyncio.Event()

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """Look at the price table and at which database there is. Raises ConfigError."""
        load_prices(options.prices, config_dir)
        check_database(options.database, config_dir)

    async def start(self) -> None:
        """Find out what the day has cost so far."""
        run = self.surroundings.started_ns
        path = self.surroundings.state_dir / f"{self.name}.sqlite3"
        self._store = Store(path, run, self.log, durable=True)
        known = [each for each in (self._from_disk(), self._from_checkpoint()) if each is not None]
        if known:
            self._account = max(known, key=lambda each: each.revision).continued(run)
        self._shared = self._open_shared()
        self._tell()

    async def run(self) -> None:
        """Save what changes, at most once in a while."""
        self.spawn(self._watch_clock(), "clock")
        if self._shared is not None:
            self.spawn(self._shared.run(self._own_day, self._on_others), "sharing")
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._save()
            await asyncio.sleep(WRITE_EVERY_S)

    async def stop(self) -> None:
        """Save what has not been."""
        if self._store is not None:
            self._save()
            await asyncio.to_thread(self._store.close)
        if self._shared is not None:
            await self._shared.close()

    def on_usage(self, frame: Usage) -> None:
        """Count a report, once."""
        today = day_of(self.clock(), self._zone)
        used, missing = self._table.price(frame, today)
        # A boot of 0 marks a producer that does not count its frames.
        report = f"{frame.backend}:{frame.boot}:{frame.seq}" if frame.boot else None
        caller = frame.session if self._is_caller(frame.session) else None
        if not self._account.count(report, frame.backend, used, today, caller):
            self.counters["repeated"] += 1
            return
        for what in missing:
            if self._is_first(what):
                self.log.warning(
                    "no price is known: counted in tokens only; a limit in money does not see it",
                    of=what,
                    do="add it to a price table of your own and name that in the option prices",
                )
        self._keep()
        self._tell()
        if caller is not None:
            self._end_if_used_up(caller)

    def session_ended(self, state: object, ended: SessionEnded) -> None:
        """What a caller has used is in the day's and the run's count; another may come so named."""
        self._sent_away.discard(ended.session)
        if self._account.callers.pop(ended.session, None) is not None:
            self._account.revision += 1
            self._keep()
            self._tell()

    def _open_shared(self) -> SharedDay | None:
        options, around = self.options, self.surroundings
        opened = open_database(options.database, around)
        if opened is None:
            return None
        database, pipeline = opened
        holder = f"{pipeline}:{self.name}"
        return SharedDay(database, options.account, holder, self.counters, self.log)

    def _own_day(self) -> tuple[date, Sums]:
        today = day_of(self.clock(), self._zone)
        return today, dict(self._account.days.get(today, {}))

    def _on_others(self, day: date, used: Sums) -> None:
        if self._account.others != {day: used}:
            self._account.others = {day: used}
            self._tell()

    def _is_caller(self, session: str) -> bool:
        return session != self.session and session in self.sessions

    def _end_if_used_up(self, caller: str) -> None:
        why = used_up(self.options, self._account, self._table, caller)
        if why is not None and caller not in self._sent_away:
            self._sent_away.add(caller)
            self.counters["callers_ended"] += 1
            ended = SessionEnded(session=caller, reason=SessionEnd.BUDGET, detail=why)
            self.publish(SESSIONS_PORT, ended)

    def _keep(self) -> None:
        self.checkpoint["account"] = self._account.to_json()
        self._changed.set()

    async def _watch_clock(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AT_CLOCK_EVERY_S)
            if day_of(self.clock(), self._zone) != self._today:
                self._tell()

    def _tell(self) -> None:
        """Publish what was spent; who is refused, if that has changed."""
        now = self.clock()
        self._today = day_of(now, self._zone)
        used = uses(self.options, self._account, self._table, self._today)
        frame = spending_report(self._account, self._table, self._today, used, self.session)
        self.gauges["session_money"] = frame.session_total.money
        self.gauges["day_money"] = frame.day_total.money
        self.publish("spending", frame)
        for each in used:
            if each.limit.per != "caller":
                self._warn(each)
        self._allow(refusals(used), used, now)

    def _allow(self, refused: dict[str, str], used: tuple[Use, ...], now: datetime) -> None:
        # What is used goes on growing while an answer is finished; that is no news.
        kinds = {name: reason.partition(":")[0] for name, reason in refused.items()}
        if kinds == self._refused:
            return
        self._refused = kinds
        of_day = any(each.is_up and each.limit.per == "day" for each in used)
        allowance = Allowance(
            session=self.session,
            refused=refused,
            last_resort=cheapest_first(refused, self.options.backends),
            retry_after_s=until_next_day_s(now, self._zone) if of_day else None,
        )
        self.publish("allowance", allowance)

    def _warn(self, use: Use) -> None:
        when = self._today if use.limit.per == "day" else None
        of = ", ".join(use.backends)
        if use.is_up:
            if self._is_first((use.limit, use.unit, when, "up")):
                self.log.warning(f"budget of the {use.limit.per} used up: {use.words}", of=of)
        elif use.share >= self.options.warn_at and self._is_first((use.limit, use.unit, when)):
            self.log.warning(f"budget of the {use.limit.per} nearly used up: {use.words}", of=of)

    def _is_first(self, what: object) -> bool:
        first = repr(what) not in self._told
        self._told.add(repr(what))
        return first

    def _from_disk(self) -> Account | None:
        assert self._store is not None
        saved = self._store.get(self.session, ACCOUNT)
        try:
            return None if saved is None else Account.from_json(saved)
        except ValueError as error:
            self.log.error(
                "the day's count is damaged: it begins at nothing",
                file=str(self._store.path),
                error=str(error),
            )
            return None

    def _from_checkpoint(self) -> Account | None:
        saved = self.checkpoint.get("account")
        return Account.from_json(saved) if saved is not None else None

    def _save(self) -> None:
        if self._store is not None and self._account.revision:
            self._store.put(self.session, ACCOUNT, self._account.to_json(), outlives_run=True)
