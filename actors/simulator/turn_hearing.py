"""Understands what the user gave to one turn: sound, typed text, contents, pictures."""

import asyncio
from typing import TYPE_CHECKING

from actors.backends.gemini.wire import INVALID_ARGUMENT, Invalid
from actors.backends.gemini.wire.media import read_data
from actors.backends.gemini.wire.tokens import IMAGE_TOKENS, audio_tokens, text_tokens
from actors.simulator.errors import Close
from actors.simulator.journal import TurnRecord
from actors.simulator.listener import TurnInput
from actors.simulator.plan import TurnPlan

if TYPE_CHECKING:
    from actors.simulator.dialogue import Dialogue


class TurnHearing:
    """Of one turn; it is not cancelled with it, for the words belong to the conversation."""

    def __init__(
        self, dialogue: "Dialogue", given: TurnInput, plan: TurnPlan, record: TurnRecord
    ) -> None:
        self._dialogue = dialogue
        self._input = given
        self._record = record
        self._plan = plan
        self._late_transcript = ""
        self.said_before = 0
        """Entries of the conversation before what was asked."""
        self.sound_s = given.audio_ms / 1000

    def take_late_transcript(self) -> str:
        """Words that a scenario wants to come late, once."""
        late, self._late_transcript = self._late_transcript, ""
        return late

    async def run(self) -> None:
        """Hears and adds to the conversation; closes the session if a sound cannot be read."""
        dialogue, given = self._dialogue, self._input
        sounds = dialogue.context.take_sounds() if given.kind != "model" else []
        parts = [await self._content(*sound) for sound in sounds]
        parts += given.texts
        if given.pcm:
            transcript = await self._transcribe(given.pcm, given.rate_hz)
            parts.append(transcript)
            if self._plan.transcript_delay_ms:
                self._late_transcript = transcript
            else:
                dialogue.signals.transcripts.add(transcript)
        self._record.heard = self._words(" ".join(part for part in parts if part.strip()))
        dialogue.conversation.tokens.update(
            AUDIO=audio_tokens((given.audio_ms + given.wordless_ms) / 1000),
            TEXT=sum(text_tokens(text) for text in given.texts),
            IMAGE=dialogue.context.take_new_pictures() * IMAGE_TOKENS,
        )
        if self._record.outcome != "open":
            # Nobody waits for this turn any more, but its words are owed all the same.
            dialogue.signals.transcripts.send_all()

    async def _content(self, data: bytes, mime_type: str) -> str:
        """What is said in a sound within a content. Unproven: no transcript is sent of it."""
        try:
            sound = await asyncio.to_thread(read_data, data, mime_type)
        except Invalid:
            self._dialogue.session.close(Close(1007, INVALID_ARGUMENT))
            return ""
        self.sound_s += sound.seconds
        self._dialogue.conversation.tokens.update(sound.tokens)
        return await self._transcribe(sound.pcm, sound.rate_hz)

    async def _transcribe(self, pcm: bytes, rate_hz: int) -> str:
        text = await self._dialogue.services.stt.hear(pcm, rate_hz)
        wanted = self._dialogue.config.heard
        if wanted is None or not wanted.vocabulary:
            return text
        return await asyncio.to_thread(wanted.corrected, text)

    def _words(self, heard: str) -> str:
        conversation, asked = self._dialogue.conversation, self._input.asked
        entries = conversation.entries
        nudge = self._input.kind == "text" and not heard and not asked
        if nudge and entries and entries[-1].role == "user":
            # What the client put there last is answered.
            asked = range(len(entries) - 1, len(entries))
        self.said_before = asked.start if asked else len(entries)
        before = [entry.text for entry in entries[asked.start : asked.stop]] if asked else []
        conversation.add("user", heard)
        return " ".join([*before, heard] if heard else before)
