"""Conversation: the ledger and the route of one session together, without a socket."""

from __future__ import annotations

from pipeline.config.graph import SUPERVISOR
from pipeline.config.model import PipelineConfig
from pipeline.frames import (
    Allowance,
    AnswerEnd,
    AnswerEnded,
    AnswerFrame,
    BackendStatus,
    Fault,
    Frame,
    Outcome,
    Playback,
    PlaybackState,
    Route,
    SessionEnd,
    SessionEnded,
    SessionOpened,
    Side,
    SpeechEnded,
    SpeechStarted,
    Spending,
    ToolCall,
    ToolResult,
    Transcript,
    TurnClosed,
    UserText,
    first_turn_id,
    is_unasked,
)
from pipeline.logs import get_logger
from pipeline.turns import route
from pipeline.turns.ledger import Ledger

Said = TurnClosed | Route
"""What the supervisor has to publish."""


class Conversation:
    """Takes what the actors say; gives verdicts on turns and changes of the route.

    Args:
        config: The pipeline's config.
        hears: Whether the pipeline plays answers.
        now_ns: Monotonic time.
        session: Whose; None: the one of the config.
        like: Route of another session, for what is known of the backends.
    """

    def __init__(
        self,
        config: PipelineConfig,
        hears: bool,
        now_ns: int,
        session: str | None = None,
        like: route.RouteState | None = None,
    ) -> None:
        self.ledger = Ledger(
            hears=hears,
            speech_deadline_ns=int(config.ledger.speech_deadline_s * 1e9),
            answer_deadline_ns=int(config.ledger.answer_deadline_s * 1e9),
            stall_deadline_ns=int(config.ledger.stall_deadline_s * 1e9),
        )
        self.state = route.initial(config.route, now_ns / 1e9, like)
        self.spending: Spending | None = None
        """What it costs, if somebody counts."""
        self._log = get_logger(SUPERVISOR)
        self._session = session or config.session
        self._is_own = self._session == config.session

    def route_frame(self) -> Route:
        """Who answers now."""
        return Route(
            session=self._session,
            owner=self.state.owner,
            epoch=self.state.epoch,
            reason=self.state.reason,
            unspoken=self.ledger.unspoken(),
        )

    def hopeless(self) -> Fault | None:
        """A fault that only the operator can mend, if no backend works and none ever did."""
        fault = route.hopeless(self.state)
        return None if fault is None or self.ledger.outcomes().get("answered") else fault

    def on_frame(self, frame: Frame, now_ns: int) -> list[Said]:
        """Note a frame; return what follows from it."""
        if isinstance(frame, AnswerFrame) and self._is_stale(frame):
            return []
        if isinstance(frame, Spending):
            self.spending = frame
        if isinstance(frame, AnswerEnded) and frame.unspoken:
            self.ledger.leave_unspoken(frame)
        said: list[Said] = []
        # Whether an answer that failed fails the turn is for the route to say, if anybody asked.
        if not (self.state.owner and _is_no_answer(frame)):
            said += self._closed(self.ledger.on_frame(frame, now_ns), now_ns)
        for event in _events(frame):
            if not (
                isinstance(event, (route.TurnBegan, route.Asked)) and self._is_closed(event.turn)
            ):
                said += self._advance(event, now_ns)
        return said

    def end(self, ended: SessionEnded, now_ns: int) -> list[Said]:
        """The session is over; return the outcomes of the turns that were open."""
        closed: list[TurnClosed] = []
        outcome = Outcome.INTERRUPTED if ended.reason is SessionEnd.HUNG_UP else Outcome.FAILED
        reason = f"the session ended: {ended.reason}"
        if ended.detail:
            reason += f", {ended.detail}"
        for turn in self.ledger.open_turns():
            closed += self.ledger.close(turn.turn, outcome, reason)
        return self._closed(closed, now_ns)

    def died(self, actor: str, now_ns: int) -> list[Said]:
        """An actor's process ended."""
        return self._advance(route.Died(actor), now_ns)

    def excuse(self, now_ns: int) -> None:
        """Nobody could answer until now: the time until then is held against no backend."""
        self.ledger.excuse(now_ns)
        self.state = route.excused(self.state, now_ns / 1e9)

    def learn(self, backend: str, other: Conversation) -> None:
        """Hold nothing against a backend against which another session holds nothing."""
        if route.proved(other.state, backend) is other.state:
            self.state = route.proved(self.state, backend)

    def tick(self, now_ns: int) -> list[Said]:
        """Let time pass."""
        said = self._closed(self.ledger.tick(now_ns), now_ns)
        return said + self._advance(route.Tick(), now_ns)

    def _is_closed(self, turn: str) -> bool:
        known = self.ledger.turns.get(turn)
        return known is not None and known.outcome is not None

    def _is_stale(self, frame: AnswerFrame) -> bool:
        """Words are part of the account whoever said them; the rest is void after a change.

        Unless nobody asked: there is no other answer that it could be taken for.
        """
        if isinstance(frame, Transcript) or is_unasked(frame.turn):
            return False
        return frame.epoch < self.state.epoch

    def _advance(self, event: route.Event, now_ns: int) -> list[Said]:
        overspent = route.overspends(self.state)
        self.state, decisions = route.step(self.state, event, now_ns / 1e9)
        # Once is enough: budgets are those of all sessions.
        if self._is_own and route.overspends(self.state) and not overspent:
            owner = self.state.backends[self.state.owner]
            self._log.error(
                f"nobody within a budget is left: {owner.name} answers all the same",
                because=owner.refused,
            )
        said: list[Said] = []
        for decision in decisions:
            match decision:
                case route.Switch():
                    self.ledger.handed_over(now_ns)
                    said.append(self.route_frame())
                case route.GiveUp(turn, reason):
                    said += self.ledger.close(turn, Outcome.FAILED, reason)
        return said

    def _closed(self, closed: list[TurnClosed], now_ns: int) -> list[Said]:
        said: list[Said] = []
        for each in closed:
            said.append(each)
            said += self._advance(route.Closed(each.turn), now_ns)
        return said


def _is_no_answer(frame: Frame) -> bool:
    if not isinstance(frame, AnswerEnded) or is_unasked(frame.turn):
        return False
    return frame.end in (AnswerEnd.EMPTY, AnswerEnd.FAILED)


def _events(frame: Frame) -> list[route.Event]:
    match frame:
        case BackendStatus() | Fault() | Allowance():
            return [frame]
        case SpeechStarted():
            return [route.TurnBegan(frame.turn)]
        case SpeechEnded() | UserText():
            return [route.Asked(frame.turn)]
        case SessionOpened(speaks_first=True):
            return [route.Asked(first_turn_id(frame.session))]
        case Playback(state=PlaybackState.STARTED | PlaybackState.PLAYING):
            return [route.Sounded(frame.turn, frame.backend)]
        case Transcript(side=Side.MODEL):
            return [route.Working(frame.turn)]
        case ToolCall():
            return [route.Working(frame.turn, tools=1)]
        case ToolResult():
            return [route.Working(frame.turn, tools=-1)]
        case AnswerEnded(end=AnswerEnd.COMPLETE):
            return [route.Delivered(frame.turn, frame.backend)]
        case AnswerEnded(end=AnswerEnd.EMPTY):
            return [route.Broke(frame.turn, frame.backend, frame.detail or "the answer was empty")]
        case AnswerEnded(end=AnswerEnd.FAILED):
            return [route.Broke(frame.turn, frame.backend, frame.detail or "it failed")]
    return []
