"""The turns of one Live session: whose turn it is, and how each one ends."""

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.wire import INVALID_ARGUMENT
from actors.backends.gemini.wire.http_error import too_many_tokens
from actors.simulator.brain import Speak
from actors.simulator.calls import Calls, Scheduling
from actors.simulator.context import SessionContext
from actors.simulator.conversation import ConversationRecord
from actors.simulator.errors import Close, Refused
from actors.simulator.journal import TurnRecord
from actors.simulator.listener import Activity, ActivityStarted, Listener, TurnInput
from actors.simulator.plan import Ending, TurnPlan
from actors.simulator.rule_matcher import RuleMarks
from actors.simulator.setup import SessionConfig
from actors.simulator.signals import Signals
from actors.simulator.turn import TurnProgress, TurnTask

if TYPE_CHECKING:
    from actors.simulator.session import LiveSession


class Dialogue:
    """Exists from setup on. All methods return at once; answering is a task of its own."""

    def __init__(
        self, session: "LiveSession", config: SessionConfig, conversation: ConversationRecord
    ) -> None:
        self.session = session
        self.config = config
        self.conversation = conversation
        self.tools = config.tools
        self.searches = config.searches
        self.awaiting_history = config.history_first
        self.listener = Listener(config.realtime)
        self.record = session.record
        self.services = session.services
        self.default_plan = TurnPlan(self.services.pacing)
        self.calls = Calls(self.record.tool_calls, config.family, self.services.random)
        self.signals = Signals(session, config, conversation)
        self.context = SessionContext(conversation, session.pictures_began)
        self._next_plan: TurnPlan | None = None
        self._marks = RuleMarks()
        self._turn: TurnTask | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[tuple[TurnInput, TurnPlan]] = deque()
        self._news: deque[str] = deque()

    # What the user does.

    def activity(self, event: Activity) -> None:
        """The user began or ended a turn."""
        if isinstance(event, ActivityStarted):
            if self.config.realtime.interruptible:
                self.interrupt()
            self._marks = RuleMarks()
            self.session.fire("activity_start", self.next_plan())
        else:
            self.session.fire("activity_end", self.next_plan())
            self.begin_turn(event.turn)

    def spoken(self) -> None:
        """More audio of the user's turn has arrived."""
        if self.listener.active:
            number, reached = self.record.number, self.listener.spoken_ms
            if chosen := self.services.rules.passed("audio_ms", number, reached, self._marks):
                self.session.perform(chosen, self.next_plan())

    def tool_response(self, response: dict[str, Any]) -> None:
        """The client answered a function call. Unknown and repeated ids are refused."""
        call_id = response.get("id", "")
        call = self.calls.find(call_id)
        if call is None and self.config.handle:
            # A call of the connection before this one was lost with it.
            self.record.late_tool_responses.append(call_id)
            return
        if call is None or (call.outcome == "answered" and call.behavior == "BLOCKING"):
            raise Refused(1007, INVALID_ARGUMENT)
        if call.outcome != "pending":
            self.record.late_tool_responses.append(call_id)
            return
        body = response.get("response", {})
        self.signals.usage.add_response(body)
        self.session.fire("tool_response", self._turn.plan if self._turn else self.next_plan())
        if call.behavior == "BLOCKING":
            call.outcome, call.responses, call.response = "answered", 1, body
            if self._turn is not None:
                self._turn.responded(call_id)
            return
        news = self.calls.news(call, response)
        if not news.text or news.scheduling is Scheduling.SILENT:
            self.conversation.add("function", news.text)
            self._rest()
            return
        self._news.append(news.text)
        if news.scheduling is Scheduling.INTERRUPT and not self.listener.active:
            self.interrupt()
        self._proceed()

    # How a turn goes.

    def next_plan(self) -> TurnPlan:
        """The plan of the turn that comes next."""
        if self._next_plan is None:
            self._next_plan = self.default_plan.copy()
        return self._next_plan

    def begin_turn(self, given: TurnInput, plan: TurnPlan | None = None) -> None:
        """Starts to answer; an answer in progress is interrupted, or comes to its end first."""
        if not self.session.live:
            return
        self.context.turn_began()
        if plan is None:
            plan, self._next_plan = self.next_plan(), None
        if self._turn is not None and self._comes_after(self._turn, given):
            self._waiting.append((given, plan))
            return
        self.interrupt()
        self._start(given, plan)

    def on_understood(self, turn: TurnTask) -> None:
        """Lets the scenario act on what was understood."""
        window = self.config.model.input_tokens
        total = self.conversation.tokens.total()
        if self.config.compression is None and total > window:
            # Unproven: code and words, which are those over HTTP.
            self.session.close(Close(1007, too_many_tokens(total, window)))
            return
        self.session.fire("turn", turn.plan, float(turn.record.number))
        self.session.fire("heard", turn.plan, turn.record.heard)

    def answered_ms(self, turn: TurnTask) -> None:
        """Lets the scenario act on how much of the answer has been sent."""
        number, reached = self.record.number, turn.record.answer_ms
        chosen = self.services.rules.passed("answer_ms", number, reached, turn.marks)
        self.session.perform(chosen, turn.plan)

    def generated(self, turn: TurnTask) -> None:
        """All of an answer has been sent, or as much of it as the scenario wants."""
        self.signals.transcripts.send_all()
        if turn.plan.ending in {Ending.NORMAL, Ending.GENERATION_ONLY}:
            self.signals.generation_complete()
        turn.record.outcome = "answered"
        turn.record.generated_ns = time.monotonic_ns()
        self._keep(turn)

    def paused(self, turn: TurnTask) -> None:
        """Something has been said and played, and the model goes on thinking."""
        turn.record.outcome = "open"
        self.signals.turn_complete(turn, idle=False)

    def completed(self, turn: TurnTask) -> None:
        """The answer has been played: the next one may begin."""
        self._turn = self._task = None
        self._finish(turn)
        if turn.plan.unasked is not None:
            text = turn.plan.unasked.text or turn.record.said
            self.session.later(turn.plan.unasked.after_s, self._speak_unasked, text)
        self._proceed()

    def interrupt(self) -> None:
        """Ends an answer in progress, or its playback, because of new input."""
        if (turn := self._turn) is None:
            return
        # Cancelling the task also ends what it waits for, so this comes first.
        pending = turn.pending_calls()
        turn.record.outcome = "interrupted"
        self._stop()
        self.signals.cancelled(pending)
        self.signals.transcripts.send_all()
        self.signals.interrupted()
        self._finish(turn)

    def cancel_calls(self) -> None:
        """No pending call is to be carried out, but those that block: for them a turn waits."""
        if pending := self.calls.pending("NON_BLOCKING"):
            self.signals.cancelled(pending)
            self._rest()

    def break_off(self) -> None:
        """Ends the turn in progress without a word; what was sent to its end stays answered."""
        if self._turn is not None and self._turn.record.outcome == "open":
            self._turn.record.outcome = "broken"
        self._stop()

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._turn = self._task = None

    def _start(self, given: TurnInput, plan: TurnPlan) -> None:
        record = TurnRecord(
            len(self.record.turns) + 1,
            given.kind,
            audio_ms=round(given.audio_ms, 1),
            started_ns=time.monotonic_ns(),
        )
        self.record.turns.append(record)
        self.signals.not_resumable()
        self._turn = TurnTask(self, given, plan, record)
        # The user's words belong to the conversation even if the answer is interrupted at once.
        hearing = self.services.tasks.spawn(self._turn.hearing.run())
        self._task = self.services.tasks.spawn(self._turn.run(hearing))

    def _comes_after(self, turn: TurnTask, given: TurnInput) -> bool:
        """Whether input waits for the end of a turn, which it does not interrupt.

        Recorded: what is typed while a function that blocks is pending is answered after it.
        """
        return not self.config.realtime.interruptible or (
            given.kind == "text" and turn.stage is TurnProgress.WAITING
        )

    def _proceed(self) -> None:
        """What has waited for its turn comes next: the user's first, then the model's own."""
        if self._turn is not None or not self.session.live:
            return
        if self._waiting:
            self._start(*self._waiting.popleft())
        elif self._news and not self.listener.active:
            plan = self.default_plan.copy()
            plan.steps = [Speak(text) for text in self._news]
            self._news.clear()
            self._start(TurnInput("model"), plan)

    def _speak_unasked(self, text: str) -> None:
        self._news.append(text)
        self._proceed()

    def _finish(self, turn: TurnTask) -> None:
        turn.record.ended_ns = time.monotonic_ns()
        self._keep(turn)
        if turn.record.outcome == "interrupted" or turn.plan.ending is not Ending.GENERATION_ONLY:
            self.signals.turn_complete(turn, idle=not (self.calls.pending() or self._news))
        self.conversation.close_turn(self.config.compression)
        self._handle()

    def _rest(self) -> None:
        """A call is over and there is nothing to tell about it."""
        if self._turn is None and not self.calls.pending():
            self.signals.idle()
            self._handle()

    def _keep(self, turn: TurnTask) -> None:
        """What was said belongs to the conversation."""
        self.conversation.add("model", turn.take_said())
        self.signals.transcript_later(turn)

    def _handle(self) -> None:
        if not (self.calls.pending() or self._news or self._waiting):
            self.signals.handle()
