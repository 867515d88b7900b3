"""One turn of a Live session: hear it, decide, answer it, and wait until it has been played."""

import asyncio
import json
import random
import time
from collections import Counter
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

from actors.backends.gemini.wire.tokens import audio_tokens, text_tokens
from actors.simulator import brain
from actors.simulator.answer_stream import AnswerStream
from actors.simulator.brain import CallTool, Pictures, Speak, SpeakOutcome, Step
from actors.simulator.journal import ToolCallRecord, TurnRecord
from actors.simulator.listener import TurnInput
from actors.simulator.plan import Ending, TurnPlan
from actors.simulator.rule_matcher import RuleMarks
from actors.simulator.turn_hearing import TurnHearing

if TYPE_CHECKING:
    from actors.simulator.dialogue import Dialogue

# How often the user's transcript comes before the answer, and how often a function is called before
# the model says that it takes a moment: both are seen from the service, so a client must take both.
TRANSCRIPT_FIRST = 0.7
CALL_FIRST = 0.5


class TurnProgress(Enum):
    """How far a turn is."""

    HEARING = auto()
    ANSWERING = auto()
    WAITING = auto()
    """For functions that block."""
    PLAYING = auto()
    """All of the answer has been sent; the client still plays it."""


class TurnTask:
    """Runs as one task, which is cancelled when the turn is interrupted or the session ends."""

    def __init__(
        self, dialogue: "Dialogue", given: TurnInput, plan: TurnPlan, record: TurnRecord
    ) -> None:
        self._dialogue = dialogue
        self._input = given
        self._random = random.Random(dialogue.services.random.random())
        self._responses: dict[str, asyncio.Future[None]] = {}
        self._called: list[ToolCallRecord] = []
        self._kept = 0
        self._counted_ms = 0.0
        self._call_tokens = 0
        self._thoughts = 0
        self.plan = plan
        self.record: TurnRecord = record
        self.marks = RuleMarks()
        self.hearing = TurnHearing(dialogue, given, plan, record)
        self._stream = AnswerStream(dialogue, self, self._random)
        self.stage = TurnProgress.HEARING

    def take_tokens(self) -> Counter[str]:
        """Tokens of what has been answered since this was asked last."""
        spoken_ms, self._counted_ms = (
            self.record.answer_ms - self._counted_ms,
            self.record.answer_ms,
        )
        called, self._call_tokens = self._call_tokens, 0
        return Counter(AUDIO=audio_tokens(spoken_ms / 1000), TEXT=called)

    def take_thoughts(self) -> int:
        """Tokens of what has been thought since this was asked last."""
        thoughts, self._thoughts = self._thoughts, 0
        return thoughts

    def take_said(self) -> str:
        """What has been said since this was asked last."""
        said, self._kept = self.record.said[self._kept :], len(self.record.said)
        return said

    def responded(self, call_id: str) -> None:
        """A call that blocks has its response."""
        future = self._responses.get(call_id)
        if future is not None and not future.done():
            future.set_result(None)

    def pending_calls(self) -> list[ToolCallRecord]:
        """Calls that are cancelled if this turn is interrupted now.

        A call that does not block belongs to its turn only while that is being generated.
        """
        if self.stage is TurnProgress.PLAYING:
            return []
        return [call for call in self._called if call.outcome == "pending"]

    async def run(self, hearing: asyncio.Task[None]) -> None:
        """Answers once `hearing` is done; everything sent goes through the session."""
        await asyncio.shield(hearing)
        self._dialogue.on_understood(self)
        # A scenario may just have ended the session and with it this task.
        await asyncio.sleep(0)
        answers = self._dialogue.config.family.role != "transcribes"
        if answers and self.plan.ending is not Ending.EMPTY:
            self.stage = TurnProgress.ANSWERING
            await self._answer()
        await self._end_generation()
        self._dialogue.completed(self)

    async def _answer(self) -> None:
        if self._random.random() < TRANSCRIPT_FIRST:
            self._dialogue.signals.transcripts.send_all()
        # Rules that fire during the answer add to these steps.
        steps = self.plan.steps
        if not steps:
            steps.extend(self._decide())
        if self._thinks_first(steps):
            await self._stream.speak(self._dialogue.services.options.filler)
            await self._end_generation()
            self._dialogue.paused(self)
            self.stage = TurnProgress.ANSWERING
        self._think()
        while steps and not self._stream.cut_short:
            match steps.pop(0):
                case Speak(text=text, query=query):
                    await self._stream.speak(text)
                    if query:
                        self.record.searched = query
                        self._dialogue.signals.grounding(query, text)
                case CallTool() as first:
                    calls = [first]
                    while steps and isinstance(steps[0], CallTool):
                        calls.append(steps[0])
                        del steps[0]
                    await self._call(calls, steps)
                case SpeakOutcome():
                    await self._speak_outcomes()
            if self.plan.endless and not steps:
                steps.append(Speak(self.record.said or "And so on."))

    def _thinks_first(self, steps: list[Step]) -> bool:
        """Whether the model says something before it thinks; with calls that comes with them."""
        thinks = self._dialogue.config.family.idle_status and self._input.kind != "model"
        filler = self._dialogue.services.options.filler
        return bool(thinks and filler) and not any(isinstance(step, CallTool) for step in steps)

    def _think(self) -> None:
        thinking = self._dialogue.config.thinking
        if self._input.kind == "model":
            return
        self._thoughts += thinking.tokens(self.record.heard)
        thought = thinking.summary(self.record.heard)
        if thought:
            self._stream.think(thought)

    async def _end_generation(self) -> None:
        self._dialogue.generated(self)
        self.stage = TurnProgress.PLAYING
        if self.plan.ending in {Ending.NORMAL, Ending.EMPTY}:
            await asyncio.sleep(max(0.0, self._stream.played_at_s - time.monotonic()))

    def _decide(self) -> list[Step]:
        dialogue = self._dialogue
        if dialogue.config.family.role == "interprets":
            return [Speak(self.record.heard)]
        if self.hearing.sound_s and not self.record.heard:
            return [Speak(f"I heard {self.hearing.sound_s:.1f} seconds of sound.")]
        conversation = dialogue.conversation
        pictures = Pictures(conversation.pictures, *conversation.picture_size)
        now = datetime.now().astimezone()
        history = conversation.entries[conversation.start : self.hearing.said_before]
        return brain.answer(
            self.record.heard, dialogue.tools, history, pictures, now, searches=dialogue.searches
        )

    async def _call(self, wanted: list[CallTool], rest: list[Step]) -> None:
        """Calls functions, all in one message, and waits for those that block."""
        dialogue = self._dialogue
        told = " ".join(step.text for step in rest if isinstance(step, Speak))
        calls = [dialogue.calls.make(each.name, each.args, dialogue.tools, told) for each in wanted]
        self._called += calls
        self._call_tokens += sum(text_tokens(call.name + json.dumps(call.args)) for call in calls)
        loop = asyncio.get_running_loop()
        blocking = [call for call in calls if call.behavior == "BLOCKING"]
        self._responses.update({call.id: loop.create_future() for call in blocking})
        filler = dialogue.services.options.filler
        if len(blocking) == len(calls) or not filler:
            dialogue.signals.calls(calls, self.plan)
        elif self._random.random() < CALL_FIRST:
            dialogue.signals.calls(calls, self.plan)
            await self._stream.speak(filler)
        else:
            await self._stream.speak(filler, begun=lambda: dialogue.signals.calls(calls, self.plan))
        if not blocking:
            # What comes after it is said once there is a result.
            rest.clear()
            return
        self.stage = TurnProgress.WAITING
        for call in blocking:
            await self._responses[call.id]
        self.stage = TurnProgress.ANSWERING

    async def _speak_outcomes(self) -> None:
        done = [call for call in self._called if call.behavior == "BLOCKING"]
        self._called = [call for call in self._called if call.behavior != "BLOCKING"]
        for call in done:
            await self._stream.speak(brain.outcome(call.name, call.args, call.response))
