"""Ended sessions: what the supervisor keeps of sessions that are over or were refused. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pipeline.frames import SessionEnd, SessionEnded, SessionOpened
from pipeline.logs import session_labels
from pipeline.sessions import MOST_SESSIONS, SessionEntry
from pipeline.sessions.refusal import (
    MOST_LABEL_CHARACTERS,
    MOST_NAME_CHARACTERS,
    label_characters,
)
from pipeline.turns.callers import CallerSummary, PastCallers
from pipeline.turns.supervised_session import SupervisedSession

KEPT_EPOCHS = 1000
"""Of sessions that are over: an hour of callers."""


class EndedSessions:
    """Outcomes of their turns, the newest callers, and what is needed if a session comes back."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.callers = PastCallers()
        self._epochs: dict[str, int] = {}
        self._labels: dict[str, Mapping[str, str]] = {}

    def add(self, entry: SessionEntry[SupervisedSession], ended: SessionEnded, now_ns: int) -> None:
        """Take over a session that has ended; its turns are closed."""
        name, conversation = ended.session, entry.state.conversation
        how = f"{ended.reason.value}: {ended.detail}" if ended.detail else ended.reason.value
        self._keep_labels(name, entry.labels)
        self.outcomes.update(conversation.ledger.outcomes())
        self.callers.add(caller_of(entry, now_ns, how))
        self._epochs[name] = conversation.state.epoch
        if len(self._epochs) > KEPT_EPOCHS:
            del self._epochs[next(iter(self._epochs))]

    def refuse(self, opened: SessionOpened, why: str) -> list[SessionEnded]:
        """Return the end of a session that is not opened; none if it has no name."""
        name = opened.session[:MOST_NAME_CHARACTERS]
        if label_characters(opened) <= MOST_LABEL_CHARACTERS:
            self._keep_labels(name, session_labels(name, opened.labels))
        if not name:
            return []
        return [SessionEnded(session=name, reason=SessionEnd.REFUSED, detail=why)]

    def next_epoch(self, session: str) -> int:
        """Return the first epoch of a session: what one of its name was told must stay behind."""
        return self._epochs.pop(session, 0) + 1

    def labels(self, session: str) -> Mapping[str, str]:
        """Return what a line of the log says of a session."""
        return self._labels.get(session, {"session": session})

    def _keep_labels(self, session: str, labels: Mapping[str, str]) -> None:
        """Keep the labels of a session for the lines of the log about its end or refusal."""
        self._labels.pop(session, None)
        self._labels[session] = labels
        if len(self._labels) > MOST_SESSIONS:
            del self._labels[next(iter(self._labels))]


def caller_of(
    entry: SessionEntry[SupervisedSession], now_ns: int, ended: str = ""
) -> CallerSummary:
    """Return the line about a session; `ended` says how it did, in words."""
    opened, lasted_s = entry.opened, (now_ns - entry.opened_ns) / 1e9
    outcomes = entry.state.conversation.ledger.outcomes()
    return CallerSummary(opened.session, opened.labels, lasted_s, outcomes, ended)
