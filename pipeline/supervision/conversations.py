"""Every session's conversation: opened when something is heard of it, dropped when it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from pipeline.config.model import PipelineConfig
from pipeline.frames import Allowance, Fault, Frame, Spending
from pipeline.supervision.breaker import CONCERNS_ALL
from pipeline.supervision.conversation import Conversation, Said

CALM_NS = 250_000_000
"""Between two looks at a session without open turns, whose shortest deadline is 2 s."""
SILENT_NS = 600_000_000_000
"""Without a frame: longer than a backend keeps a session of which it hears nothing."""
MOST_SESSIONS = 1000
"""Beyond that, those silent for longest go first; each takes some 20 KB."""


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
        self._all: dict[str, Conversation] = {config.session: self.own}
        self._heard_ns: dict[str, int] = {}
        self._ticked_ns: dict[str, int] = {}
        self._past: Counter[str] = Counter()
        self._epochs: dict[str, int] = {}
        """Of sessions that were dropped: if one comes back, what it was told must stay behind."""

    def take(self, frame: Frame, now_ns: int) -> list[Said]:
        """Note a frame; return what follows from it."""
        match frame:
            case Spending():
                return self.own.take(frame, now_ns)
            case Allowance():
                return _joined(each.take(frame, now_ns) for each in self._all.values())
            case Fault() if frame.fault in CONCERNS_ALL:
                return _joined(each.take(frame, now_ns) for each in self._all.values())
            case Fault() if frame.session not in self._all:
                return []
        session = frame.session
        self._heard_ns[session] = now_ns
        talk = self._all.get(session)
        if talk is not None:
            return talk.take(frame, now_ns)
        talk = self._open(session, now_ns)
        return [talk.route_frame(), *talk.take(frame, now_ns)]

    def died(self, actor: str, now_ns: int) -> list[Said]:
        """An actor's process ended."""
        return _joined(each.died(actor, now_ns) for each in self._all.values())

    def tick(self, now_ns: int) -> list[Said]:
        """Let time pass."""
        said = self.own.tick(now_ns)
        for session, talk in list(self._all.items()):
            if talk is self.own:
                continue
            is_open = talk.ledger.has_open_turns()
            if is_open or now_ns - self._ticked_ns[session] >= CALM_NS:
                self._ticked_ns[session] = now_ns
                said += talk.tick(now_ns)
            if not is_open and now_ns - self._heard_ns[session] > SILENT_NS:
                self._drop(session)
        return said

    def hopeless(self) -> Fault | None:
        """A fault that only the operator can mend, if no backend works and none ever did."""
        if self._past["answered"] or any(each.hopeless() is None for each in self._all.values()):
            return None
        return self.own.hopeless()

    def label(self, session: str) -> dict[str, str]:
        """What a line of the log says of a session: nothing, if it is the config's own."""
        return {} if session == self._config.session else {"session": session}

    def sessions(self) -> list[str]:
        """Those that are known now."""
        return list(self._all)

    def open_turns(self) -> int:
        """Number of turns without an outcome."""
        return sum(len(each.ledger.open_turns()) for each in self._all.values())

    def outcomes(self) -> dict[str, int]:
        """Number of closed turns by outcome, those of sessions that are over included."""
        counts = self._past.copy()
        for each in self._all.values():
            counts.update(each.ledger.outcomes())
        return dict(counts)

    def _open(self, session: str, now_ns: int) -> Conversation:
        if len(self._all) > MOST_SESSIONS:
            calm = [name for name in self._heard_ns if self._may_go(name)]
            if calm:
                self._drop(min(calm, key=self._heard_ns.__getitem__))
        talk = Conversation(self._config, self._hears, now_ns, session, like=self.own.state)
        talk.state = replace(talk.state, epoch=self._epochs.pop(session, 0) + 1)
        self._all[session] = talk
        self._ticked_ns[session] = now_ns
        return talk

    def _may_go(self, session: str) -> bool:
        talk = self._all.get(session)
        return talk is not None and talk is not self.own and not talk.ledger.has_open_turns()

    def _drop(self, session: str) -> None:
        talk = self._all.pop(session)
        self._past.update(talk.ledger.outcomes())
        self._epochs[session] = talk.state.epoch
        if len(self._epochs) > MOST_SESSIONS:
            del self._epochs[next(iter(self._epochs))]
        del self._heard_ns[session], self._ticked_ns[session]


def _joined(lists: Iterable[list[Said]]) -> list[Said]:
    return [said for each in lists for said in each]
