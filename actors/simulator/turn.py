"""One turn of a Live session: hear it, decide, answer it."""

import asyncio
import random
import time
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.wire import model_turn, sound_part
from actors.lib.speech.sentences import sentences
from actors.lib.speech.synthesizer import VOICE_RATE_HZ

from . import brain
from .brain import CallTool, Pictures, Say, SayOutcome, Step
from .journal import ToolCallRecord, TurnRecord
from .listener import TurnInput
from .pacing import Piece, pieces
from .plan import Ending, TurnPlan
from .rule_matcher import RuleMarks
from .usage import IMAGE_TOKENS, audio_tokens, text_tokens

if TYPE_CHECKING:
    from .dialogue import Dialogue

# How often a message carries two parts, and how often the user's transcript comes before the
# answer: both are seen from the service, so a client must take both.
TWO_PARTS = 0.25
TRANSCRIPT_FIRST = 0.7


class Turn:
    """Runs as one task, which is cancelled when the turn is interrupted or the session ends."""

    def __init__(
        self, dialogue: "Dialogue", given: TurnInput, plan: TurnPlan, record: TurnRecord
    ) -> None:
        self._dialogue = dialogue
        self._input = given
        self._random = random.Random(dialogue.services.random.random())
        self._calls: dict[str, asyncio.Future[Any]] = {}
        self._called: list[ToolCallRecord] = []
        self._transcript = ""
        self._said_before = 0
        self.plan = plan
        self.record = record
        self.marks = RuleMarks()

    @property
    def response_tokens(self) -> Counter[str]:
        """Tokens of what has been answered so far."""
        return Counter(AUDIO=audio_tokens(self.record.answer_ms / 1000))

    def respond(self, call_id: str, response: Any) -> None:
        """Takes the response to a pending function call."""
        future = self._calls.get(call_id)
        if future is not None and not future.done():
            future.set_result(response)

    def pending_calls(self) -> list[str]:
        """Ids of function calls without a response."""
        return [call_id for call_id, future in self._calls.items() if not future.done()]

    def owed_transcript(self) -> str:
        """The user's transcript if it has not been sent; it counts as sent afterwards."""
        text, self._transcript = self._transcript, ""
        return text

    async def run(self) -> None:
        """Answers; everything sent goes through the session."""
        # The user's words belong to the conversation even if the answer is interrupted.
        await asyncio.shield(self._dialogue.services.tasks.spawn(self._hear()))
        self._dialogue.heard(self)
        # A scenario may just have ended the session and with it this task.
        await asyncio.sleep(0)
        if self.plan.ending is not Ending.EMPTY:
            await self._answer()
        self._dialogue.answered(self)

    async def _hear(self) -> None:
        dialogue, given = self._dialogue, self._input
        parts = list(given.texts)
        if given.pcm:
            self._transcript = await dialogue.services.stt.hear(given.pcm, given.rate_hz)
            parts.append(self._transcript)
        entries = dialogue.conversation.entries
        heard = " ".join(part for part in parts if part.strip())
        asked = given.asked
        nudge = given.kind == "text" and not heard and not asked
        if nudge and entries and entries[-1].role == "user":
            # What the client put there last is answered.
            asked = range(len(entries) - 1, len(entries))
        self._said_before = asked.start if asked else len(entries)
        if asked:
            heard = " ".join(entry.text for entry in entries[asked.start : asked.stop])
        else:
            dialogue.conversation.add("user", heard)
        self.record.heard = heard
        dialogue.conversation.tokens.update(
            AUDIO=audio_tokens(given.audio_ms / 1000),
            TEXT=sum(text_tokens(text) for text in given.texts),
            IMAGE=dialogue.take_new_pictures() * IMAGE_TOKENS,
        )

    async def _answer(self) -> None:
        if not self.plan.transcript_delay_ms and self._random.random() < TRANSCRIPT_FIRST:
            self._dialogue.send_transcript(self.owed_transcript())
        # Rules that fire during the answer add to these steps.
        steps = self.plan.steps
        if not steps:
            steps.extend(self._decide())
        while steps and not self._cut_short():
            match steps.pop(0):
                case Say(text):
                    await self._speak(text)
                case CallTool(name, args):
                    await self._call(name, args)
                case SayOutcome():
                    await self._speak_outcomes()
        if self._dialogue.services.options.turn_complete_after_playback:
            await self._played()

    def _decide(self) -> list[Step]:
        dialogue = self._dialogue
        if self._input.pcm and not self.record.heard:
            return [Say(f"I heard {self._input.audio_ms / 1000:.1f} seconds of sound.")]
        video = dialogue.record.video
        pictures = Pictures(dialogue.conversation.pictures, video.width, video.height)
        now = datetime.now().astimezone()
        history = dialogue.conversation.entries[: self._said_before]
        return brain.answer(self.record.heard, dialogue.tools, history, pictures, now)

    async def _speak(self, text: str) -> None:
        for sentence in sentences(text):
            pcm = await self._dialogue.services.tts.speak(sentence)
            words, sent, told = sentence.split(), 0, 0
            for piece in pieces(pcm, self.plan.pacing, self._random):
                sent += len(piece.pcm)
                reached = -(-len(words) * sent // len(pcm))
                self._send_words(words[told:reached])
                told = reached
                self._send_piece(piece)
                await self._dialogue.session.socket.drained()
                if self._cut_short():
                    return
                await asyncio.sleep(piece.gap_s)

    def _send_words(self, words: list[str]) -> None:
        if not words:
            return
        text = " ".join(words)
        text = f" {text}" if self.record.said else text
        self.record.said += text
        if self._dialogue.config.transcribe_output:
            self._dialogue.session.send({"serverContent": {"outputTranscription": {"text": text}}})

    def _send_piece(self, piece: Piece) -> None:
        dialogue = self._dialogue
        cuts = [piece.pcm]
        if dialogue.config.family.parts_per_message > 1 and self._random.random() < TWO_PARTS:
            half = len(piece.pcm) // 4 * 2
            cuts = [piece.pcm[:half], piece.pcm[half:]]
        parts = [sound_part(cut, VOICE_RATE_HZ) for cut in cuts if cut]
        if not self.record.first_audio_ns:
            self.record.first_audio_ns = time.monotonic_ns()
        dialogue.session.send(model_turn(*parts))
        self.record.answer_ms += piece.duration_ms
        if not self.plan.transcript_delay_ms:
            dialogue.send_transcript(self.owed_transcript())
        dialogue.answered_ms(self)

    async def _call(self, name: str, args: dict[str, Any]) -> None:
        call = self._dialogue.call_tool(name, args)
        self._called.append(call)
        self._calls[call.id] = asyncio.get_running_loop().create_future()
        self._dialogue.session.send(
            {"toolCall": {"functionCalls": [{"id": call.id, "name": name, "args": args}]}}
        )
        self._dialogue.called(self)
        call.response = await self._calls[call.id]

    async def _speak_outcomes(self) -> None:
        called, self._called = self._called, []
        for call in called:
            await self._speak(brain.outcome(call.name, call.args, call.response))

    def _cut_short(self) -> bool:
        return self.plan.ending is Ending.EARLY and self.record.answer_ms > 0

    async def _played(self) -> None:
        since_first_s = (time.monotonic_ns() - self.record.first_audio_ns) / 1e9
        await asyncio.sleep(max(0.0, self.record.answer_ms / 1000 - since_first_s))
