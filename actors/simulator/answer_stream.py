"""Speaks an answer: sound and words on the wire, at the pace of the service."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from actors.backends.gemini.wire import model_turn, sound_part
from actors.lib.speech.sentences import sentences
from actors.lib.speech.synthesizer import VOICE_RATE_HZ
from actors.simulator.pacing import PacedAudio, pieces
from actors.simulator.plan import Ending

if TYPE_CHECKING:
    from actors.simulator.dialogue import Dialogue
    from actors.simulator.turn import TurnTask

# How often a message carries two parts if it may, and how often words travel with the sound: both
# are seen from the service, so a client must take both.
TWO_PARTS = 0.25
WORDS_WITH_SOUND = 0.5


class AnswerStream:
    """Of one turn. `played_at_s` is the monotonic time at which the client has played it all."""

    def __init__(self, dialogue: "Dialogue", turn: "TurnTask", source: random.Random) -> None:
        self._dialogue = dialogue
        self._turn = turn
        self._record = turn.record
        self._random = source
        self.played_at_s = 0.0

    @property
    def cut_short(self) -> bool:
        """Whether a scenario wants no more of the answer than has been sent."""
        return self._turn.plan.ending is Ending.EARLY and self._record.answer_ms > 0

    async def speak(self, text: str, begun: Callable[[], None] | None = None) -> None:
        """Speaks; `begun` is called once, when the first of it has been sent."""
        for sentence in sentences(text):
            pcm = await self._dialogue.services.tts.speak(sentence)
            words, sent, told = sentence.split(), 0, 0
            for piece in pieces(pcm, self._turn.plan.pacing, self._random):
                sent += len(piece.pcm)
                reached = -(-len(words) * sent // len(pcm))
                self._send_piece(piece, words[told:reached])
                told = reached
                if begun is not None:
                    begun()
                    begun = None
                await self._dialogue.session.socket.drained()
                if self.cut_short:
                    return
                await asyncio.sleep(piece.gap_s)

    def think(self, thought: str) -> None:
        """Shows a thought, in a message of its own."""
        self._dialogue.session.send(model_turn({"text": thought, "thought": True}))

    def _send_piece(self, piece: PacedAudio, words: list[str]) -> None:
        dialogue = self._dialogue
        bundles = dialogue.config.family.parts_per_message > 1
        cuts = [piece.pcm]
        two_allowed = bundles and dialogue.services.options.audio_parts > 1
        if two_allowed and self._random.random() < TWO_PARTS:
            half = len(piece.pcm) // 4 * 2
            cuts = [piece.pcm[:half], piece.pcm[half:]]
        message = model_turn(*(sound_part(cut, VOICE_RATE_HZ) for cut in cuts if cut))
        if words:
            text = " ".join(words)
            text = f" {text}" if self._record.said else text
            self._record.said += text
            if dialogue.config.spoken is not None:
                content = {"outputTranscription": dialogue.config.spoken.message(text)}
                if bundles and self._random.random() < WORDS_WITH_SOUND:
                    message["serverContent"].update(content)
                else:
                    dialogue.session.send({"serverContent": content})
        now_s = time.monotonic()
        if not self._record.first_audio_ns:
            self._record.first_audio_ns = time.monotonic_ns()
        dialogue.session.send(message)
        self._record.answer_ms += piece.duration_ms
        played_s = piece.duration_ms / 1000 / dialogue.services.options.playback_speed
        if dialogue.services.options.turn_complete_after_playback:
            self.played_at_s = max(now_s, self.played_at_s) + played_s
        dialogue.signals.transcripts.send_one()
        dialogue.answered_ms(self._turn)
