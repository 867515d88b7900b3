"""An answer as `GenerateContentResponse`, whole or in pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from actors.backends.gemini.wire import sound_part
from actors.backends.gemini.wire.text_limit import STOP, TextLimit
from actors.backends.gemini.wire.tokens import audio_tokens, http_usage, text_tokens
from actors.gateway.gemini.asked_turn import AskedTurn
from actors.gateway.gemini.content_turn import AnswerPiece, FunctionCalls, SoundPiece, TextPiece
from actors.gateway.gemini.signatures import signature
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import ToolCall

Response = dict[str, Any]
PCM_BYTES = 2


class ContentResponses:
    """Makes the responses to one request.

    Args:
        asked: The request.
        response_id: Its name in every one of them.
        streamed: What was said cannot be taken back.
    """

    def __init__(self, asked: AskedTurn, response_id: str, *, streamed: bool) -> None:
        self._asked = asked
        self._streamed = streamed
        self._id = response_id
        self._limit = self._new_limit()
        self._text = ""
        self._sound = bytearray()
        self._calls: list[dict[str, Any]] = []

    @property
    def is_full(self) -> bool:
        """Whether nothing more is wanted of the answer."""
        return self._limit.finish is not None

    def piece(self, piece: AnswerPiece) -> Response | None:
        """Return a response with a piece of the answer; None: there is nothing in it to say."""
        match piece:
            case TextPiece():
                begin = ""
                if piece.anew and self._streamed:
                    begin = "\n"
                elif piece.anew:
                    self._text, self._limit = "", self._new_limit()
                text = self._limit.take(begin + piece.text)
                self._text += text
                return self._response([{"text": text}]) if text else None
            case SoundPiece():
                self._sound += piece.pcm
                return self._response([sound_part(piece.pcm, RATE_HZ)])
            case FunctionCalls():
                parts = list(_call_parts(piece.calls, piece.session))
                self._calls += parts
                return self._response(parts)

    def end(self) -> Response:
        """Return the last one, which says why the answer ends."""
        text = self._limit.take("", last=True)
        self._text += text
        return self._response([{"text": text}], self._limit.finish or STOP)

    def whole(self) -> Response:
        """Return one for all pieces that were made."""
        end = self.end()
        parts: list[dict[str, Any]] = []
        if self._text or not (self._calls or self._sound):
            parts.append({"text": self._text})
        if self._sound:
            parts.append(sound_part(bytes(self._sound), RATE_HZ))
        end["candidates"][0]["content"]["parts"] = [*parts, *self._calls]
        return end

    def _new_limit(self) -> TextLimit:
        generation = self._asked.generation
        return TextLimit(generation.stop_sequences, generation.max_tokens)

    def _response(self, parts: list[dict[str, Any]], finish: str = "") -> Response:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        said = Counter(TEXT=text_tokens(self._text))
        if self._sound:
            said["AUDIO"] = audio_tokens(len(self._sound) / PCM_BYTES / RATE_HZ)
        return {
            "candidates": [candidate],
            "modelVersion": self._asked.model,
            "responseId": self._id,
            "usageMetadata": http_usage(self._asked.tokens, said),
        }


def _call_parts(calls: Iterable[ToolCall], session: str) -> Iterable[dict[str, Any]]:
    for index, call in enumerate(calls):
        part: dict[str, Any] = {
            "functionCall": {"id": call.call_id, "name": call.name, "args": call.args}
        }
        if index == 0:
            # Documented: of calls made at once the first is signed.
            part["thoughtSignature"] = signature(session)
        yield part
