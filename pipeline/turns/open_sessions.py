"""The sessions that are open, as the supervisor decides, each with turns and a route. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pipeline.config.model import PipelineConfig
from pipeline.frames import (
    Allowance,
    Fault,
    FaultClass,
    Frame,
    Playback,
    SessionEnd,
    SessionEnded,
    SessionOpened,
    Spending,
)
from pipeline.sessions import Opening, PlaybackScope, SessionEntry, SessionTable
from pipeline.sessions.refusal import refusal
from pipeline.turns.callers import CallerSummary
from pipeline.turns.conversation import Conversation, Said
from pipeline.turns.ended_sessions import EndedSessions, caller_of
from pipeline.turns.fault_policy import POLICIES, Cause, Reach
from pipeline.turns.route_state import for_another_model
from pipeline.turns.supervised_session import Farewell, SupervisedSession, overdue

CALM_NS = 250_000_000
"""Between two looks at a session without open turns, whose shortest deadline is 2 s."""
SAME_FAULT_NS = 1_000_000_000
"""Each session reports a fault of the key by itself, all within a second; one report tells all."""

Told = Said | SessionOpened | SessionEnded
"""What the supervisor has to publish."""


class OpenSessions:
    """Opens and ends sessions, and hands frames to the session they belong to, or to all.

    Args:
        config: The pipeline's config; its session is there from the start, and stays.
        heard: Of which sessions an actor reports what was heard of their answers. A session of
            which nobody does is opened for all as one that is not played.
        now_ns: Monotonic time.
    """

    def __init__(self, config: PipelineConfig, heard: PlaybackScope, now_ns: int) -> None:
        self.counters: Counter[str] = Counter()
        """As in `Status.session_counts`."""
        self._config = config
        self._heard = heard
        self._now_ns = now_ns
        self._table: SessionTable[SupervisedSession] = SessionTable(
            self._make,
            most=config.sessions.most,
            idle_ns=int(config.sessions.idle_s * 1e9),
            permanent=config.session,
        )
        self._past = EndedSessions()
        self._told: dict[tuple[str, FaultClass, str | None], int] = {}
        """When other sessions were told of a fault, by backend, class and model asked for."""
        own = SessionOpened(
            session=config.session,
            language=config.language,
            plays=heard is not PlaybackScope.NONE,
        )
        self._table.open(own, now_ns)
        self.own = self._table[config.session].conversation

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, session: str) -> bool:
        return session in self._table

    def handle(self, actor: str, frame: Frame, now_ns: int) -> list[Told]:
        """Take a frame of an actor; return what follows from it."""
        match frame:
            case SessionOpened():
                return self._opened(actor, frame, now_ns)
            case SessionEnded():
                return self._ended(frame, now_ns)
            case Spending():
                return [*self.own.on_frame(frame, now_ns)]
            case Allowance():
                return _joined(
                    each.conversation.on_frame(frame, now_ns) for each in self._table.states()
                )
            case Fault() if alike := self._alike(frame, now_ns):
                return _joined(each.conversation.on_frame(frame, now_ns) for each in alike)
        entry = self._table.entry(frame.session)
        if entry is None:
            self.counters["unopened"] += 1
            return []
        self._table.touch(frame.session, now_ns)
        said: list[Told] = [*entry.state.conversation.on_frame(frame, now_ns)]
        if self._config.sessions.callers_only and isinstance(frame, Playback):
            self._learn(frame.backend, entry)
        return said

    def died(self, actor: str, now_ns: int) -> list[Told]:
        """An actor's process ended."""
        for each in self._table.states():
            if each.brought_by == actor and each.lost_ns is None:
                each.lost_ns = now_ns
        return _joined(each.conversation.died(actor, now_ns) for each in self._table.states())

    def tick(self, now_ns: int) -> list[Told]:
        """Let time pass."""
        said: list[Told] = []
        for each in self._table.states():
            if each.conversation.ledger.has_open_turns() or now_ns - each.ticked_ns >= CALM_NS:
                each.ticked_ns = now_ns
                said += each.conversation.tick(now_ns)
        for ended in overdue(self._table, self._config.sessions, now_ns):
            said += self._end(ended, now_ns)
        return said

    def excuse(self, now_ns: int) -> None:
        """Everything may have been stopped until now: begin anew to wait for answers."""
        for each in self._table.states():
            each.conversation.excuse(now_ns)
            if each.lost_ns is not None:
                each.lost_ns = now_ns

    def hopeless(self) -> Fault | None:
        """A fault that only the operator can mend, if no backend works and none ever did."""
        if self._past.outcomes["answered"]:
            return None
        if any(each.conversation.hopeless() is None for each in self._table.states()):
            return None
        return self.own.hopeless()

    def labels(self, session: str) -> Mapping[str, str]:
        """What a line of the log says of a session: nothing, if it is the config's own."""
        entry = self._table.entry(session)
        if entry is not None:
            return entry.labels
        return self._past.labels(session)

    def callers(self, now_ns: int) -> tuple[list[CallerSummary], int]:
        """Return the newest callers, gone or not, and how many others there were."""
        entries = [self._table.entry(name) for name in self._table if name != self._config.session]
        return self._past.callers.and_open([caller_of(each, now_ns) for each in entries if each])

    def names(self) -> list[str]:
        """Those that are open now."""
        return list(self._table)

    def open_turns(self) -> int:
        """Number of turns without an outcome."""
        return sum(len(each.conversation.ledger.open_turns()) for each in self._table.states())

    def await_answer(self) -> bool:
        """Whether anybody has finished asking, and has not been answered to the end."""
        states = self._table.states()
        turns = (turn for each in states for turn in each.conversation.ledger.open_turns())
        return any(turn.asked_ns is not None for turn in turns)

    def outcomes(self) -> dict[str, int]:
        """Number of closed turns by outcome, those of sessions that are over included."""
        counts = self._past.outcomes.copy()
        for each in self._table.states():
            counts.update(each.conversation.ledger.outcomes())
        return dict(counts)

    def _alike(self, fault: Fault, now_ns: int) -> list[SupervisedSession]:
        """The sessions that meet the same fault: if it is the model's, those that asked for it.
        Empty: it is its session's alone, or they have been told already."""
        policy = POLICIES[fault.fault]
        if policy.reach is not Reach.EVERYBODY:
            return []
        is_of_model, model = policy.cause is Cause.MODEL, None
        if is_of_model:
            asked = self._table.entry(fault.session)
            if asked is None:
                return []  # Nobody knows any more which model that was.
            model = asked.opened.model
        # Callers choose the names of models: what is past is not kept.
        self._told = {each: at for each, at in self._told.items() if now_ns - at < SAME_FAULT_NS}
        key = (fault.backend, fault.fault, model)
        if key in self._told:
            return []
        self._told[key] = now_ns
        entries = [entry for name in self._table if (entry := self._table.entry(name))]
        return [each.state for each in entries if not is_of_model or each.opened.model == model]

    def _learn(self, backend: str, entry: SessionEntry[SupervisedSession]) -> None:
        """Nobody asks in the config's own session; what its route knows is what callers find.

        That another model answers says nothing of the one that is at fault.
        """
        known = self.own.state.backends.get(backend)
        if entry.opened.model is None or known is None or not known.is_of_model:
            self.own.learn(backend, entry.state.conversation)

    def _make(self, opened: SessionOpened) -> SupervisedSession:
        name = opened.session
        own = name == self._config.session
        like = None if own else self.own.state
        if like is not None and opened.model is not None:
            like = for_another_model(like, self._now_ns / 1e9)
        conversation = Conversation(self._config, opened.plays, self._now_ns, name, like=like)
        if not own:
            conversation.state = replace(conversation.state, epoch=self._past.next_epoch(name))
        return SupervisedSession(conversation, self._now_ns)

    def _opened(self, actor: str, opened: SessionOpened, now_ns: int) -> list[Told]:
        said: list[Told] = []
        known = self._table.get(opened.session)
        if known is not None and known.ending is not None:
            # Whoever opens it anew does not wait for the farewell of the one before.
            said += self._end(known.ending, now_ns)
            known = None
        if known is not None:
            self.counters["opened_again"] += 1
            if known.brought_by == actor:
                known.lost_ns = None
            return said
        self._now_ns = now_ns
        if self._heard is not PlaybackScope.ALL:
            opened = opened.model_copy(update={"plays": False})
        why = refusal(opened)
        if not why and self._table.open(opened, now_ns) is Opening.REFUSED:
            most = self._config.sessions.most
            why = f"{most} sessions are open, and more are not taken (sessions.most)"
        if why:
            self.counters["refused"] += 1
            return [*said, *self._past.refuse(opened, why)]
        state = self._table[opened.session]
        state.brought_by = actor
        self.counters["opened"] += 1
        return [
            *said,
            opened,
            state.conversation.route_frame(),
            *state.conversation.on_frame(opened, now_ns),
        ]

    def _ended(self, ended: SessionEnded, now_ns: int) -> list[Told]:
        state = self._table.get(ended.session)
        if state is None or state.conversation is self.own:
            self.counters["ended_unopened"] += 1
            return []
        match state.on_ended(ended, now_ns):
            case Farewell.NONE:
                return self._end(ended, now_ns)
            case Farewell.BEGUN if ended.reason is SessionEnd.FAILED:
                # Its turns fail at once, which its player says aloud.
                return [*state.conversation.end(ended, now_ns)]
        return []

    def _end(self, ended: SessionEnded, now_ns: int) -> list[Told]:
        name = ended.session
        entry = self._table.entry(name)
        state = self._table.end(name)
        if state is None or entry is None:
            return []
        said = state.conversation.end(ended, now_ns)
        self._past.add(entry, ended, now_ns)
        return [*said, ended]


def _joined(lists: Iterable[list[Said]]) -> list[Told]:
    return [said for each in lists for said in each]
