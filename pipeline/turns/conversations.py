"""Every session's conversation: opened when something is heard of it, dropped when it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.config.model import PipelineConfig
from pipeline.frames import Allowance, Fault, Frame, Spending
from pipeline.turns.conversation import Conversation, Said
from pipeline.turns.fault_policy import POLICIES, Reach

CALM_NS = 250_000_000
"""Between two looks at a session without open turns, whose shortest deadline is 2 s."""
SILENT_NS = 600_000_000_000
"""Without a frame: longer than a backend keeps a session of which it hears nothing."""
MOST_SESSIONS = 1000
"""Beyond that, those silent for longest go first; each takes some 20 KB."""


@dataclass
class Visit:
    """Another session than the config's, while it is known."""

    talk: Conversation
    heard_ns: int
    ticked_ns: int


class Conversations:
    """Hands frames to the session they belong to, or to all.

    Args:
        config: The pipeline's config; its session is there from the start, and stays.
        hears: Whether the pipeline plays answers.
        now_ns: Monotonic time.
    """

    def __init__(self, config: PipelineConfig, hears: bool, now_ns: int) -> None:
        self.own = Conversation(config, hears, now_ns)
        self._config = config
        self._hears = hears
        self._visits: dict[str, Visit] = {}
        self._past: Counter[str] = Counter()
        self._epochs: dict[str, int] = {}
        """Of sessions that were dropped: if one comes back, what it was told must stay behind."""

    def take(self, frame: Frame, now_ns: int) -> list[Said]:
        """Note a frame; return what follows from it."""
        session = frame.session
        is_own = session == self._config.session
        match frame:
            case Spending():
                return self.own.take(frame, now_ns)
            case Allowance():
                return _joined(each.take(frame, now_ns) for each in self._all())
            case Fault() if POLICIES[frame.fault].reach is Reach.EVERYBODY:
                return _joined(each.take(frame, now_ns) for each in self._all())
            case Fault() if not is_own and session not in self._visits:
                return []
        if is_own:
            return self.own.take(frame, now_ns)
        visit = self._visits.get(session)
        if visit is None:
            visit = self._open(session, now_ns)
            return [visit.talk.route_frame(), *visit.talk.take(frame, now_ns)]
        visit.heard_ns = now_ns
        return visit.talk.take(frame, now_ns)

    def died(self, actor: str, now_ns: int) -> list[Said]:
        """An actor's process ended."""
        return _joined(each.died(actor, now_ns) for each in self._all())

    def tick(self, now_ns: int) -> list[Said]:
        """Let time pass."""
        said = self.own.tick(now_ns)
        for session, visit in list(self._visits.items()):
            is_open = visit.talk.ledger.has_open_turns()
            if is_open or now_ns - visit.ticked_ns >= CALM_NS:
                visit.ticked_ns = now_ns
                said += visit.talk.tick(now_ns)
            if not is_open and now_ns - visit.heard_ns > SILENT_NS:
                self._drop(session)
        return said

    def hopeless(self) -> Fault | None:
        """A fault that only the operator can mend, if no backend works and none ever did."""
        if self._past["answered"] or any(each.hopeless() is None for each in self._all()):
            return None
        return self.own.hopeless()

    def label(self, session: str) -> dict[str, str]:
        """What a line of the log says of a session: nothing, if it is the config's own."""
        return {} if session == self._config.session else {"session": session}

    def sessions(self) -> list[str]:
        """Those that are known now."""
        return [self._config.session, *self._visits]

    def open_turns(self) -> int:
        """Number of turns without an outcome."""
        return sum(len(each.ledger.open_turns()) for each in self._all())

    def await_answer(self) -> bool:
        """Whether anybody has finished asking, and has not been answered to the end."""
        turns = (turn for each in self._all() for turn in each.ledger.open_turns())
        return any(turn.asked_ns is not None for turn in turns)

    def outcomes(self) -> dict[str, int]:
        """Number of closed turns by outcome, those of sessions that are over included."""
        counts = self._past.copy()
        for each in self._all():
            counts.update(each.ledger.outcomes())
        return dict(counts)

    def _all(self) -> list[Conversation]:
        return [self.own, *(visit.talk for visit in self._visits.values())]

    def _open(self, session: str, now_ns: int) -> Visit:
        if len(self._visits) >= MOST_SESSIONS:
            calm = [each for each in self._visits if self._may_go(each)]
            if calm:
                self._drop(min(calm, key=lambda each: self._visits[each].heard_ns))
        talk = Conversation(self._config, self._hears, now_ns, session, like=self.own.state)
        talk.state = replace(talk.state, epoch=self._epochs.pop(session, 0) + 1)
        visit = self._visits[session] = Visit(talk, now_ns, now_ns)
        return visit

    def _may_go(self, session: str) -> bool:
        return not self._visits[session].talk.ledger.has_open_turns()

    def _drop(self, session: str) -> None:
        talk = self._visits.pop(session).talk
        self._past.update(talk.ledger.outcomes())
        self._epochs[session] = talk.state.epoch
        if len(self._epochs) > MOST_SESSIONS:
            del self._epochs[next(iter(self._epochs))]


def _joined(lists: Iterable[list[Said]]) -> list[Said]:
    return [said for each in lists for said in each]
