"""What a Live client is told, as server messages of the Gemini protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from actors.backends.gemini.wire import encode_message, model_turn, sound_part
from actors.gateway.events import (
    AnswerInterrupted,
    AnswerSound,
    Event,
    GoingAway,
    Message,
    Problem,
    SpokenWords,
    TimeLeft,
)
from actors.gateway.gemini.setup import LiveSetup
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import Outcome, Side, ToolCall, ToolCancel, TurnClosed


class GeminiCodec:
    """Says events as the service does, in binary frames; nothing before the setup is there.

    Args:
        counters: Of the gateway: `problems_untold`, for which the protocol has no word.

    Attributes:
        setup: What the client asked for.
        session: Name of the session, which is its handle too.
    """

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self.setup: LiveSetup | None = None
        self.session = ""

    def encode(self, event: Event) -> Iterable[Message]:
        """Return the messages that say it."""
        if isinstance(event, Problem):
            self._counters["problems_untold"] += 1
        if self.setup is not None:
            for message in self._told(self.setup, event):
                yield encode_message(message)

    def _told(self, setup: LiveSetup, event: Event) -> Iterator[dict[str, Any]]:
        match event:
            case AnswerSound():
                yield model_turn(sound_part(event.pcm, RATE_HZ))
            case SpokenWords():
                if event.text and event.side is Side.USER and setup.hears_user:
                    yield content(inputTranscription={"text": event.text})
                elif event.text and event.side is Side.MODEL and setup.hears_model:
                    yield content(outputTranscription={"text": event.text})
            case AnswerInterrupted():
                yield content(interrupted=True)
            case TurnClosed():
                if event.outcome is not Outcome.INTERRUPTED:
                    yield content(generationComplete=True)
                yield content(turnComplete=True)
                if setup.resumes:
                    yield resumption(self.session)
            case ToolCall():
                call = {"id": event.call_id, "name": event.name, "args": event.args}
                yield {"toolCall": {"functionCalls": [call]}}
            case ToolCancel():
                yield {"toolCallCancellation": {"ids": [event.call_id]}}
            case GoingAway():
                yield {"goAway": {"timeLeft": "1s"}}
            case TimeLeft():
                yield {"goAway": {"timeLeft": f"{event.seconds:.0f}s"}}


def content(**fields: Any) -> dict[str, Any]:
    """Return a message about the conversation."""
    return {"serverContent": fields}


def resumption(handle: str) -> dict[str, Any]:
    """Return the message that says by which handle the session can be come back to."""
    return {"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}}
