"""The turns of one Live session: whose turn it is, and how each one ends."""

import asyncio
import time
from typing import TYPE_CHECKING, Any, Literal

from .conversation import Conversation
from .errors import Refused
from .journal import ToolCallRecord, TurnRecord
from .listener import Activity, ActivityStarted, Listener, TurnInput
from .plan import Ending, TurnPlan
from .rule_matcher import RuleMarks
from .setup import SessionConfig
from .shapes import INVALID_ARGUMENT
from .turn import Turn
from .usage import live_usage, text_tokens

if TYPE_CHECKING:
    from .session import LiveSession


class Dialogue:
    """Exists from setup on. All methods return at once; answering is a task of its own."""

    def __init__(
        self, session: "LiveSession", config: SessionConfig, conversation: Conversation
    ) -> None:
        self.session = session
        self.config = config
        self.conversation = conversation
        self.tools = config.tools
        self.listener = Listener(config)
        self.record = session.record
        self.services = session.services
        self.default_plan = TurnPlan(self.services.pacing)
        self._next_plan: TurnPlan | None = None
        self._marks = RuleMarks()
        self._new_pictures = 0
        self.open_entries = range(0)
        """Entries of the conversation that wait for the client to complete its turn."""
        self._turn: Turn | None = None
        self._task: asyncio.Task[None] | None = None

    # What the user does.

    def activity(self, event: Activity) -> None:
        """The user began or ended a turn."""
        rules, number = self.services.rules, self.record.number
        if isinstance(event, ActivityStarted):
            if self.config.interruptible:
                self.interrupt()
            self._marks = RuleMarks()
            self.session.perform(rules.fire("activity_start", number), self.next_plan())
        else:
            self.session.perform(rules.fire("activity_end", number), self.next_plan())
            self.begin_turn(event.turn)

    def spoken(self) -> None:
        """More audio of the user's turn has arrived."""
        rules = self.services.rules
        if self.listener.active and rules.watches("audio_ms"):
            reached = self.listener.spoken_ms
            chosen = rules.passed("audio_ms", self.record.number, reached, self._marks)
            self.session.perform(chosen, self.next_plan())

    def add_picture(self) -> None:
        """Another picture belongs to the conversation."""
        self._new_pictures += 1
        self.conversation.pictures += 1

    def append(self, role: Literal["user", "model"], text: str) -> None:
        """A content of the client belongs to the conversation; nothing is answered yet."""
        before = len(self.conversation.entries)
        self.conversation.add(role, text)
        after = len(self.conversation.entries)
        if role == "model":
            before = after
        elif self.open_entries:
            before = self.open_entries.start
        self.open_entries = range(before, after)
        self.conversation.tokens["TEXT"] += text_tokens(text)

    def take_new_pictures(self) -> int:
        """How many pictures came since the last turn."""
        count, self._new_pictures = self._new_pictures, 0
        return count

    def tool_response(self, call_id: str, response: Any) -> None:
        """The client answered a function call. Unknown and repeated ids are refused."""
        call = next((call for call in self.record.tool_calls if call.id == call_id), None)
        if call is None and self.config.handle:
            # A call of the connection before this one was lost with it.
            self.record.late_tool_responses.append(call_id)
            return
        if call is None or call.outcome == "answered":
            raise Refused(1007, INVALID_ARGUMENT)
        if call.outcome != "pending" or self._turn is None:
            self.record.late_tool_responses.append(call_id)
            return
        call.outcome, call.response = "answered", response
        turn = self._turn
        chosen = self.services.rules.fire("tool_response", self.record.number)
        self.session.perform(chosen, turn.plan)
        turn.respond(call_id, response)

    # How a turn goes.

    def next_plan(self) -> TurnPlan:
        """The plan of the turn that comes next."""
        if self._next_plan is None:
            self._next_plan = self.default_plan.copy()
        return self._next_plan

    def begin_turn(self, given: TurnInput, plan: TurnPlan | None = None) -> None:
        """Starts to answer; an answer in progress is interrupted."""
        if not self.session.live:
            return
        self.interrupt()
        self.open_entries = range(0)
        if plan is None:
            plan, self._next_plan = self.next_plan(), None
        record = TurnRecord(
            len(self.record.turns) + 1,
            given.kind,
            audio_ms=round(given.audio_ms, 1),
            started_ns=time.monotonic_ns(),
        )
        self.record.turns.append(record)
        self._turn = Turn(self, given, plan, record)
        self._task = self.services.tasks.spawn(self._turn.run())

    def heard(self, turn: Turn) -> None:
        """Lets the scenario act on what was understood."""
        rules, number = self.services.rules, self.record.number
        chosen = rules.fire("turn", number, float(turn.record.number))
        chosen += rules.fire("heard", number, turn.record.heard)
        self.session.perform(chosen, turn.plan)

    def answered_ms(self, turn: Turn) -> None:
        """Lets the scenario act on how much of the answer has been sent."""
        rules = self.services.rules
        if rules.watches("answer_ms"):
            reached = turn.record.answer_ms
            chosen = rules.passed("answer_ms", self.record.number, reached, turn.marks)
            self.session.perform(chosen, turn.plan)

    def answered(self, turn: Turn) -> None:
        """Ends an answer that was given in full, or as far as the scenario wants it."""
        ending, delay_ms = turn.plan.ending, turn.plan.transcript_delay_ms
        if not delay_ms:
            self.send_transcript(turn.owed_transcript())
        if ending in {Ending.NORMAL, Ending.GENERATION_ONLY}:
            self.session.send({"serverContent": {"generationComplete": True}})
        self._finish(turn, "answered")
        if delay_ms:
            self.session.later(delay_ms / 1000, self.send_transcript, turn.owed_transcript())

    def interrupt(self) -> None:
        """Ends an answer in progress because of new input."""
        # Cancelling the task also ends what it waits for, so this comes first.
        pending = self._turn.pending_calls() if self._turn is not None else []
        turn = self.stop("interrupted")
        if turn is None:
            return
        if pending:
            self.session.send({"toolCallCancellation": {"ids": pending}})
            for call in self.record.tool_calls:
                if call.id in pending:
                    call.outcome = "cancelled"
        self.session.send({"serverContent": {"interrupted": True}})
        self._finish(turn, "interrupted")

    def stop(self, outcome: str) -> Turn | None:
        """Ends the turn in progress without a word to the client."""
        turn, task = self._turn, self._task
        self._turn = self._task = None
        if task is not None:
            task.cancel()
        if turn is not None:
            turn.record.outcome = outcome
        return turn

    def call_tool(self, name: str, args: dict[str, Any]) -> ToolCallRecord:
        """A new function call; until it is answered the session cannot be resumed."""
        number = self.services.random.randrange(10**18, 10**19)
        call = ToolCallRecord(f"function-call-{number}", name, args)
        self.record.tool_calls.append(call)
        if self.config.resumption:
            self.session.send({"sessionResumptionUpdate": {"resumable": False}})
        return call

    def called(self, turn: Turn) -> None:
        """Lets the scenario act while a function call is pending."""
        chosen = self.services.rules.fire("tool_call", self.record.number)
        self.session.perform(chosen, turn.plan)

    def send_transcript(self, text: str) -> None:
        """Sends what the user said, if the client asked for transcripts."""
        if text and self.config.transcribe_input:
            self.session.send({"serverContent": {"inputTranscription": {"text": text}}})

    def _finish(self, turn: Turn, outcome: str) -> None:
        self._turn = self._task = None
        turn.record.outcome = outcome
        turn.record.ended_ns = time.monotonic_ns()
        self.conversation.add("model", turn.record.said)
        if outcome == "interrupted" or turn.plan.ending is not Ending.GENERATION_ONLY:
            self._send_turn_complete(turn)
        self.conversation.tokens.update(turn.response_tokens)
        self._issue_handle()

    def _send_turn_complete(self, turn: Turn) -> None:
        content: dict[str, Any] = {"turnComplete": True}
        if self.config.family.idle_status:
            content["interactionStatus"] = "IN_PROGRESS"
        message: dict[str, Any] = {"serverContent": content}
        if turn.plan.usage:
            tokens = self.conversation.tokens
            message["usageMetadata"] = live_usage(tokens, turn.response_tokens)
        self.session.send(message)
        if self.config.family.idle_status:
            self.session.send({"serverContent": {"interactionStatus": "IDLE"}})

    def _issue_handle(self) -> None:
        if self.config.resumption and self.session.live:
            handle = self.services.handles.issue(
                self.record.number, self.conversation, self.config.model.id
            )
            self.record.handles.append(handle)
            self.session.send({"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}})
