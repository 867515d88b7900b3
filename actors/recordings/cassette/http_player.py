"""The service's end of HTTP: answers requests as they were answered in the recorded run."""

from __future__ import annotations

import asyncio
import base64
import io
import wave
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from actors.backends.gemini.http.words import REFUSALS
from actors.backends.gemini.wire import INVALID_ARGUMENT, decode_base64, normalise
from actors.backends.gemini.wire.http_error import HttpError
from actors.recordings.cassette.script_cursor import ScriptCursor
from actors.recordings.cassette.service_script import HttpAnswerScript, Round, Voice
from actors.simulator.errors import Refused
from actors.simulator.http_messages import HttpRequest, Responder
from actors.simulator.shapes import as_object, as_objects, content_parts, content_text

METHODS = ["generateContent", "bidiGenerateContent"]


class HttpPlayer:
    """Answers `models.list` and `generateContent`.

    Args:
        cursor: What the client may say.
        answers: By turn.
        models: Those that the client asks for.
        tts_model: The one of them that gives the voice.
    """

    def __init__(
        self,
        cursor: ScriptCursor,
        answers: Mapping[str, HttpAnswerScript],
        models: Collection[str],
        tts_model: str,
    ) -> None:
        self._cursor = cursor
        self._answers = answers
        self._models = [name.removeprefix("models/") for name in models]
        self._tts_model = tts_model.removeprefix("models/")
        self._asked: str | None = None
        self._served: list[str] = []
        self._come_to_nothing: Counter[str] = Counter()
        """Responses by turn that the client asked for once more."""
        self._voices = [voice for answer in answers.values() for voice in answer.voices]

    async def answer(self, request: HttpRequest, responder: Responder) -> None:
        """Answer one request."""
        if request.method == "GET":
            responder.send_json(200, {"models": [_model(name) for name in self._models]})
            return
        model = request.path.rpartition("/")[2].partition(":")[0]
        try:
            contents = _contents(request)
            if model == self._tts_model:
                await self._speak(contents, responder)
            else:
                await self._write(contents, responder)
        except HttpError as error:
            responder.send_json(error.code, error.body())
        except (Refused, ValueError, wave.Error, EOFError) as error:
            self._cursor.strange.append(f"a request that is none of generateContent: {error!r}")
            responder.send_json(400, HttpError(400, "INVALID_ARGUMENT", INVALID_ARGUMENT).body())

    async def _speak(self, contents: list[dict[str, Any]], responder: Responder) -> None:
        text = content_text(contents[-1]).strip()
        voice = next((each for each in self._voices if each.text == text), None)
        if voice is None:
            self._cursor.strange.append(f"the sentence {text!r}")
            raise HttpError(404, "NOT_FOUND", "the recording has no such sentence")
        self._voices.remove(voice)
        if not voice.pieces and voice.refusal is not None:
            self._voices.insert(0, voice)  # The client may ask again.
            await _break_off(voice, responder)
            return
        responder.start_stream()
        for rate_hz, pcm in voice.pieces:
            data = base64.b64encode(pcm).decode("ascii")
            blob = {"mimeType": f"audio/L16;codec=pcm;rate={rate_hz}", "data": data}
            await responder.send_chunk(_response([{"inlineData": blob}]))
        if voice.whole:
            await responder.send_chunk({"candidates": [{"finishReason": voice.finish}]})
        await _end(voice, responder)

    async def _write(self, contents: list[dict[str, Any]], responder: Responder) -> None:
        asked = max(i for i, each in enumerate(contents) if _is_question(each))
        number = sum(_has(each, "functionResponse") for each in contents[asked:])
        if number == 0:
            self._asked = self._turn(contents[asked])
        answer = self._answers.get(self._asked or "")
        if answer is None:
            # A turn that was never answered, as when the user went on speaking.
            await asyncio.Event().wait()
            return
        if answer.rounds[0].refusal is None:
            self._served.append(self._asked or "")
        if number >= len(answer.rounds):
            raise HttpError(404, "NOT_FOUND", "the recording has no such response")
        number = min(number + self._come_to_nothing[self._asked or ""], len(answer.rounds) - 1)
        a_round = answer.rounds[number]
        if a_round.is_nothing:
            self._come_to_nothing[self._asked or ""] += 1
        if not a_round.texts and a_round.refusal is not None:
            await _break_off(a_round, responder)
            return
        responder.start_stream()
        for text in a_round.texts:
            await responder.send_chunk(_response([{"text": text}]))
        calls = [{"functionCall": {"name": name, "args": args}} for name, args in a_round.calls]
        if calls:
            await responder.send_chunk(_response(calls))
        if a_round.blocked and a_round.blocked not in REFUSALS:
            # Of the question, before any answer; an answer that ends so is asked for once more.
            await responder.send_chunk({"promptFeedback": {"blockReason": a_round.blocked}})
        elif a_round.blocked or (a_round.finish and a_round.refusal is None):
            finish = a_round.blocked or a_round.finish
            await responder.send_chunk({"candidates": [{"finishReason": finish}]})
        await _end(a_round, responder)

    def _turn(self, content: dict[str, Any]) -> str | None:
        for part in content_parts(content):
            blob = part.get("inlineData")
            if blob is not None and str(blob.get("mimeType")).startswith("audio/"):
                with wave.open(io.BytesIO(decode_base64(str(blob.get("data"))))) as sound:
                    return self._cursor.spoken(sound.readframes(sound.getnframes()), self._served)
        return self._cursor.typed(content_text(content), self._served)


def _contents(request: HttpRequest) -> list[dict[str, Any]]:
    contents = as_objects(as_object(normalise(request.json())).get("contents"))
    if not any(_is_question(each) for each in contents):
        raise ValueError("it asks nothing")
    return contents


async def _end(given: Round | Voice, responder: Responder) -> None:
    if not given.whole:
        await _break_off(given, responder, begun=True)
        return
    if given.usage is not None:
        await responder.send_chunk({**_response([]), "usageMetadata": given.usage})
    responder.end_stream()


async def _break_off(given: Round | Voice, responder: Responder, *, begun: bool = False) -> None:
    """What it was given in the place of the rest; without a reason, nothing until it leaves."""
    if given.refusal is not None:
        code, message = given.refusal
        if code is not None and not begun:
            raise HttpError(code, "UNKNOWN", message)
        responder.connection.reset()
    await asyncio.Event().wait()


def _response(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}]}


def _model(name: str) -> dict[str, Any]:
    return {"name": f"models/{name}", "supportedGenerationMethods": METHODS}


def _has(content: dict[str, Any], kind: str) -> bool:
    return any(kind in part for part in content_parts(content))


def _is_question(content: dict[str, Any]) -> bool:
    return content.get("role") != "model" and not _has(content, "functionResponse")
