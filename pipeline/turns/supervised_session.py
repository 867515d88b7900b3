"""Supervised session: what the supervisor keeps of it, and when it ends by itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from pipeline.config.model import SessionsConfig
from pipeline.frames import SessionEnd, SessionEnded
from pipeline.sessions import SessionTable
from pipeline.turns.conversation import Conversation

FAREWELL_NS = 6_000_000_000
"""From the failure of a session to its end: a player needs 4.5 s to say that something failed."""
FINISHING_NS = 60_000_000_000
"""Who has used up a budget is given what is under way, but not for longer than a long answer."""


class Farewell(Enum):
    """What is between the reason to end a session and its end."""

    NONE = auto()
    BEGUN = auto()
    UNDER_WAY = auto()


@dataclass
class SupervisedSession:
    """What the supervisor keeps of a session.

    Attributes:
        conversation: Its turns and its route.
        ticked_ns: When time last passed for it.
        brought_by: The actor that opened it.
        lost_ns: Since when that actor's process is gone; None while it lives.
        ending: How it is about to end; None while it goes on.
        ends_ns: When it then does.
    """

    conversation: Conversation
    ticked_ns: int
    brought_by: str = ""
    lost_ns: int | None = None
    ending: SessionEnded | None = None
    ends_ns: int = 0

    def on_ended(self, ended: SessionEnded, now_ns: int) -> Farewell:
        """Somebody ends it; return whether it is over at once."""
        if ended.reason is SessionEnd.FAILED and self.ending is not None:
            return Farewell.UNDER_WAY
        patience_ns = {SessionEnd.FAILED: FAREWELL_NS, SessionEnd.BUDGET: FINISHING_NS}
        if ended.reason not in patience_ns or not self.conversation.ledger.has_open_turns():
            return Farewell.NONE
        self.ending, self.ends_ns = ended, now_ns + patience_ns[ended.reason]
        return Farewell.BEGUN


def overdue(
    table: SessionTable[SupervisedSession], config: SessionsConfig, now_ns: int
) -> list[SessionEnded]:
    """Return the ends of the sessions whose time has come: failed, too long, idle or abandoned."""
    found = [
        state.ending
        for state in table.states()
        if state.ending is not None and (now_ns >= state.ends_ns or _is_finished(state))
    ]
    for name in table.over_time(now_ns):
        found.append(_ended(name, SessionEnd.TIME_OVER, "it has lasted as long as it may"))
    for name in table.expired(now_ns):
        if not table[name].conversation.ledger.has_open_turns():
            found.append(_ended(name, SessionEnd.IDLE, f"nothing heard for {config.idle_s:g} s"))
    patience_s = config.source_lost_s
    for name in table:
        state = table[name]
        if state.lost_ns is not None and now_ns - state.lost_ns > patience_s * 1e9:
            why = f"{state.brought_by} died, and has not come back to it in {patience_s:g} s"
            found.append(_ended(name, SessionEnd.SOURCE_LOST, why))
    return found


def _is_finished(state: SupervisedSession) -> bool:
    """Whether it only waited for its answer; a failed one waits to be told so aloud."""
    if state.ending is None or state.ending.reason is not SessionEnd.BUDGET:
        return False
    return not state.conversation.ledger.has_open_turns()


def _ended(name: str, reason: SessionEnd, detail: str) -> SessionEnded:
    return SessionEnded(session=name, reason=reason, detail=detail)
