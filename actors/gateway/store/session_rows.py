"""Rows of the sessions that are open: what is to be written when something happens. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from actors.gateway.store.changes import Change, ChangeKind
from actors.gateway.store.costs import TurnCost
from pipeline.frames import (
    RecordingConsent,
    SessionEnded,
    SessionOpened,
    ToolCall,
    ToolCancel,
    ToolResult,
    ToolStatus,
    TurnClosed,
)

MOST_TURNS_COSTED = 50
"""Of a session, whose cost may still grow: a report comes within seconds of its turn."""
NOW = timedelta()
HEADER = {"session", "origin_ns", "seq", "boot", "sent_ns"}
"""Of a frame: not part of how a session is opened."""


@dataclass
class OpenSession:
    """What is known of a session that is open."""

    manner: SessionOpened
    costs: dict[str, TurnCost] = field(default_factory=dict)
    closed: dict[str, None] = field(default_factory=dict)
    """The newest turns that are closed."""

    @property
    def keeps_words(self) -> bool:
        """Whether what is said in it may be kept."""
        return self.manner.records is not RecordingConsent.NOTHING

    def close(self, turn: str) -> None:
        """Note that a turn is closed."""
        self.closed[turn] = None
        if len(self.closed) > MOST_TURNS_COSTED:
            del self.closed[next(iter(self.closed))]


class SessionRows:
    """Makes rows of what happens.

    Args:
        add: Takes what is to be written.
        room: Which pipeline this is.
        now: The wall clock.
    """

    def __init__(
        self, add: Callable[[Change], None], room: str, now: Callable[[], datetime]
    ) -> None:
        self._add = add
        self._room = room
        self._now = now
        self._open: dict[str, OpenSession] = {}

    def epochs(self) -> dict[str, int]:
        """Return at which epoch each conversation that is open is held, by its id."""
        return {each.conversation: each.taken_up for each in self.manners()}

    def ids(self) -> set[str]:
        """Return the ids of those that are open."""
        return {manner.conversation for manner in self.manners()}

    def manners(self) -> list[SessionOpened]:
        """Return how those that are open were opened."""
        return [each.manner for each in self._open.values()]

    def opened(self, manner: SessionOpened, *, anew: bool = False) -> None:
        """A session is open, perhaps since before this process began.

        Args:
            manner: How it was opened.
            anew: The database knew of it, and does not any more.
        """
        known = self._open.get(manner.session)
        if known is None or known.manner.conversation != manner.conversation:
            self._open[manner.session] = OpenSession(manner)
        # The row of one that was taken up is there, unless it was erased; so is its manner.
        is_new = anew or not manner.taken_up
        opened_at = self._now() - timedelta(seconds=manner.age_s)
        lasts_s = manner.lasts_s
        values = {
            "name": manner.session,
            "room": self._room,
            "epoch": manner.taken_up,
            "claimed_at": opened_at,
            "labels": dict(manner.labels),
            "records": manner.records.value,
            "ends_at": None if lasts_s is None else opened_at + timedelta(seconds=lasts_s),
            "away_at": None,
            "ended_at": None,
        }
        if is_new:
            values["opened_at"] = opened_at
        key = {"id": manner.conversation}
        kind = ChangeKind.PUT if is_new else ChangeKind.UPDATE
        # What another pipeline has taken up since is its own.
        self._add(Change("sessions", kind, key, values, {"epoch": manner.taken_up}))
        if is_new:
            kept = {"manner": manner.model_dump(mode="json", exclude=HEADER)}
            self._add(Change("resumption", kind, {"session_id": manner.conversation}, kept))

    def away(self, session: str) -> None:
        """Its caller is away since now."""
        self._update(session, away_at=self._now())

    def present(self, session: str) -> None:
        """Its caller is here."""
        self._update(session, away_at=None)

    def ended(self, ended: SessionEnded) -> None:
        """A session is over."""
        known = self._open.get(ended.session)
        if known is None:
            return
        self._update(
            ended.session, ended_at=self._now(), reason=ended.reason.value, detail=ended.detail
        )
        key = {"session_id": known.manner.conversation}
        epoch = {"epoch": known.manner.taken_up}
        self._add(Change("resumption", ChangeKind.DELETE, key, {}, epoch))
        del self._open[ended.session]

    def drop(self, conversation: str) -> str | None:
        """Write nothing more of a conversation; return the name of its session if it is open."""
        for name, known in self._open.items():
            if known.manner.conversation == conversation:
                del self._open[name]
                return name
        return None

    def done(self, session: str, position: int, sound: int | None) -> None:
        """The sound before a position belongs to turns that are over; see the table."""
        self._update(session, done_position=position, done_sound=sound)

    def turn(self, closed: TurnClosed, ago: timedelta = NOW) -> None:
        """A turn has its outcome, since a while; the row may be there already."""
        known = self._open.get(closed.session)
        if known is None:
            return
        words = known.keeps_words
        known.close(closed.turn)
        values = {
            "closed_at": self._now() - ago,
            "outcome": closed.outcome.value,
            "backend": closed.by,
            "reason": closed.reason,
            "said": closed.said if words else "",
            "answer": closed.answer if words else "",
            "first_sound_ms": closed.first_sound_ms,
            **_costs(known.costs.get(closed.turn)),
        }
        self._put("turns", known.manner, {"turn": closed.turn}, values)

    def cost(self, session: str, turn: str, cost: TurnCost) -> None:
        """An answer has cost something; there may be several of a turn."""
        known = self._open.get(session)
        if known is None:
            return
        known.costs[turn] = total = known.costs.pop(turn, TurnCost()) + cost
        if len(known.costs) > MOST_TURNS_COSTED:
            del known.costs[next(iter(known.costs))]
        if turn in known.closed:
            key = {**_of(known.manner), "turn": turn}
            self._add(Change("turns", ChangeKind.UPDATE, key, _costs(total)))

    def call(self, call: ToolCall) -> None:
        """The model asks for a function."""
        known = self._open.get(call.session)
        if known is None:
            return
        values = {
            "turn": call.turn,
            "name": call.name,
            "args": call.args if known.keeps_words else {},
            "called_at": self._now(),
        }
        self._put("calls", known.manner, {"call_id": call.call_id}, values)

    def result(self, frame: ToolResult | ToolCancel) -> None:
        """A function has returned, or is wanted no more."""
        known = self._open.get(frame.session)
        if known is None:
            return
        values: dict[str, Any] = {"status": ToolStatus.CANCELLED.value, "answered_at": self._now()}
        if isinstance(frame, ToolResult):
            values["status"] = frame.status.value
            if known.keeps_words:
                values["response"] = frame.response
        key = {**_of(known.manner), "call_id": frame.call_id}
        self._add(Change("calls", ChangeKind.UPDATE, key, values))

    def _put(
        self, table: str, manner: SessionOpened, key: Mapping[str, Any], values: Mapping[str, Any]
    ) -> None:
        self._add(Change(table, ChangeKind.PUT, {**_of(manner), **key}, values))

    def _update(self, session: str, **values: Any) -> None:
        known = self._open.get(session)
        if known is not None:
            key = {"id": known.manner.conversation}
            epoch = {"epoch": known.manner.taken_up}
            self._add(Change("sessions", ChangeKind.UPDATE, key, values, epoch))


def _of(manner: SessionOpened) -> dict[str, Any]:
    return {"session_id": manner.conversation, "epoch": manner.taken_up}


def _costs(cost: TurnCost | None) -> dict[str, Any]:
    if cost is None:
        return {}
    return {"tokens": cost.tokens, "cost": None if cost.money is None else float(cost.money)}
