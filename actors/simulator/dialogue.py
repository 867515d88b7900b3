"""The turns of one Live session: whose turn it is, and how each one ends."""

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Literal

from actors.simulator.brain import Speak
from actors.simulator.calls import Calls, Scheduling
from actors.simulator.conversation import ConversationRecord
from actors.simulator.errors import Close, Refused
from actors.simulator.journal import ToolCallRecord, TurnRecord
from actors.simulator.listener import Activity, ActivityStarted, Listener, TurnInput
from actors.simulator.plan import Ending, TurnPlan
from actors.simulator.rule_matcher import RuleMarks
from actors.simulator.setup import SessionConfig
from actors.simulator.shapes import INVALID_ARGUMENT
from actors.simulator.transcripts import Transcripts
from actors.simulator.turn import TurnStage, TurnTask
from actors.simulator.usage import Usage, text_tokens

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
        self.listener = Listener(config)
        self.record = session.record
        self.services = session.services
        self.default_plan = TurnPlan(self.services.pacing)
        self.calls = Calls(self.record.tool_calls, config.family, self.services.random)
        self.transcripts = Transcripts(self._send_transcript, self.services.random)
        self.usage = Usage(conversation.tokens, thinks=config.family.idle_status)
        self.open_entries = range(0)
        """Entries of the conversation that wait for the client to complete its turn."""
        self._next_plan: TurnPlan | None = None
        self._marks = RuleMarks()
        self._new_pictures = 0
        self._turn: TurnTask | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[tuple[TurnInput, TurnPlan]] = deque()
        self._news: deque[str] = deque()
        self._resumable = True

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
        if self.conversation.pictures == 1:
            self.session.pictures_began()

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
        self.usage.add_response(response.get("response", {}))
        chosen = self.services.rules.fire("tool_response", self.record.number)
        self.session.perform(chosen, self._turn.plan if self._turn else self.next_plan())
        if call.behavior == "BLOCKING":
            call.outcome, call.responses = "answered", 1
            call.response = response.get("response", {})
            if self._turn is not None:
                self._turn.respond(call_id, call.response)
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
        self.open_entries = range(0)
        if plan is None:
            plan, self._next_plan = self.next_plan(), None
        if self._turn is not None and self._comes_after(self._turn, given):
            self._waiting.append((given, plan))
            return
        self.interrupt()
        self._start(given, plan)

    def heard(self, turn: TurnTask) -> None:
        """Lets the scenario act on what was understood."""
        window = self.config.model.input_tokens
        total = self.conversation.tokens.total()
        if self.config.compression is None and total > window:
            # Unproven of the service: code and words, which are those of the HTTP side.
            reason = (
                f"The input token count ({total}) exceeds the maximum number of tokens allowed "
                f"({window})."
            )
            self.session.close(Close(1007, reason))
            return
        rules, number = self.services.rules, self.record.number
        chosen = rules.fire("turn", number, float(turn.record.number))
        chosen += rules.fire("heard", number, turn.record.heard)
        self.session.perform(chosen, turn.plan)

    def answered_ms(self, turn: TurnTask) -> None:
        """Lets the scenario act on how much of the answer has been sent."""
        rules = self.services.rules
        if rules.watches("answer_ms"):
            reached = turn.record.answer_ms
            chosen = rules.passed("answer_ms", self.record.number, reached, turn.marks)
            self.session.perform(chosen, turn.plan)

    def generated(self, turn: TurnTask) -> None:
        """All of an answer has been sent, or as much of it as the scenario wants."""
        self.transcripts.send_all()
        if turn.plan.ending in {Ending.NORMAL, Ending.GENERATION_ONLY}:
            self.session.send({"serverContent": {"generationComplete": True}})
        turn.record.outcome = "answered"
        turn.record.generated_ns = time.monotonic_ns()
        self._keep(turn)

    def paused(self, turn: TurnTask) -> None:
        """Something has been said and played, and the model goes on thinking."""
        turn.record.outcome = "open"
        self._send_turn_complete(turn, idle=False)

    def completed(self, turn: TurnTask) -> None:
        """The answer has been played: the next one may begin."""
        self._finish(turn, "answered")
        self._proceed()

    def interrupt(self) -> None:
        """Ends an answer in progress, or its playback, because of new input."""
        # Cancelling the task also ends what it waits for, so this comes first.
        pending = self._turn.pending_calls() if self._turn is not None else []
        turn = self.stop("interrupted")
        if turn is None:
            return
        self._cancel(pending)
        self.transcripts.send_all()
        self.session.send({"serverContent": {"interrupted": True}})
        self._finish(turn, "interrupted")

    def cancel_calls(self) -> None:
        """Tells the client that no pending call is to be carried out."""
        self._cancel([call.id for call in self.calls.pending("NON_BLOCKING")])
        self._rest()

    def _cancel(self, ids: list[str]) -> None:
        if not ids:
            return
        self.session.send({"toolCallCancellation": {"ids": ids}})
        for call in self.record.tool_calls:
            if call.id in ids:
                call.outcome = "cancelled"

    def stop(self, outcome: str) -> TurnTask | None:
        """Ends the turn in progress without a word to the client."""
        turn, task = self._turn, self._task
        self._turn = self._task = None
        if task is not None:
            task.cancel()
        if turn is not None:
            turn.record.outcome = outcome
        return turn

    def call_tool(self, name: str, args: dict[str, Any], told: str) -> ToolCallRecord:
        """A new function call."""
        return self.calls.make(name, args, self.tools, told)

    def send_calls(self, turn: TurnTask, calls: list[ToolCallRecord]) -> None:
        """Sends calls in one message; lets the scenario act while they are pending."""
        listed = [{"id": call.id, "name": call.name, "args": call.args} for call in calls]
        self.session.send({"toolCall": {"functionCalls": listed}})
        chosen = self.services.rules.fire("tool_call", self.record.number)
        self.session.perform(chosen, turn.plan)

    def _start(self, given: TurnInput, plan: TurnPlan) -> None:
        record = TurnRecord(
            len(self.record.turns) + 1,
            given.kind,
            audio_ms=round(given.audio_ms, 1),
            started_ns=time.monotonic_ns(),
        )
        self.record.turns.append(record)
        if self.config.resumption and self._resumable:
            # Documented: a session cannot be resumed while the model generates or calls functions.
            self._resumable = False
            self.session.send({"sessionResumptionUpdate": {"resumable": False}})
        self._turn = TurnTask(self, given, plan, record)
        # The user's words belong to the conversation even if the answer is interrupted at once.
        hearing = self.services.tasks.spawn(self._turn.hear())
        self._task = self.services.tasks.spawn(self._turn.run(hearing))

    def _comes_after(self, turn: TurnTask, given: TurnInput) -> bool:
        """Whether input waits for the end of a turn, which it does not interrupt.

        Recorded: what is typed while a function that blocks is pending is answered after it.
        """
        return not self.config.interruptible or (
            given.kind == "text" and turn.stage is TurnStage.WAITING
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

    def _finish(self, turn: TurnTask, outcome: str) -> None:
        self._turn = self._task = None
        turn.record.outcome = outcome
        turn.record.ended_ns = time.monotonic_ns()
        self._keep(turn)
        if outcome == "interrupted" or turn.plan.ending is not Ending.GENERATION_ONLY:
            self._send_turn_complete(turn, idle=not (self.calls.pending() or self._news))
        compression = self.config.compression
        if compression is None:
            self.conversation.close_turn()
        else:
            self.conversation.close_turn(compression.trigger, compression.target)
        self._issue_handle()

    def _rest(self) -> None:
        """A call is over and there is nothing to tell about it."""
        if self._turn is not None or self.calls.pending():
            return
        if self.config.family.idle_status:
            # Documented: IDLE never comes but with a turnComplete.
            content = {"turnComplete": True, "interactionStatus": "IDLE"}
            self.session.send({"serverContent": content})
        self._issue_handle()

    def _keep(self, turn: TurnTask) -> None:
        """What was said belongs to the conversation; words that are to come late are owed."""
        self.conversation.add("model", turn.take_said())
        late, turn.late_transcript = turn.late_transcript, ""
        if late:
            delay_s = turn.plan.transcript_delay_ms / 1000
            self.session.later(delay_s, self._send_transcript, late)

    def _send_turn_complete(self, turn: TurnTask, *, idle: bool) -> None:
        content: dict[str, Any] = {"turnComplete": True}
        if self.config.family.idle_status:
            content["interactionStatus"] = "IDLE" if idle else "IN_PROGRESS"
        message: dict[str, Any] = {"serverContent": content}
        reported = self.usage.report(turn.take_tokens(), turn.record.heard)
        if turn.plan.usage:
            message["usageMetadata"] = reported
        self.session.send(message)

    def _send_transcript(self, text: str) -> None:
        """Sends what the user said, if the client asked for transcripts."""
        if text and self.config.transcribe_input:
            self.session.send({"serverContent": {"inputTranscription": {"text": text}}})

    def _issue_handle(self) -> None:
        under_way = self.calls.pending() or self._news or self._waiting
        if not self.config.resumption or not self.session.live or under_way:
            return
        handle = self.services.handles.issue(
            self.record.number, self.conversation, self.config.model.id
        )
        self._resumable = True
        self.record.handles.append(handle)
        self.session.send({"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}})
