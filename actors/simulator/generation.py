"""generateContent and streamGenerateContent of the models that answer in text."""

import asyncio
import io
import wave
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from actors.backends.gemini.wire import decode_base64, mime_type_and_rate, normalise

from . import brain
from .brain import CallTool, Pictures, Say
from .capabilities import Model
from .conversation import Entry
from .errors import HttpError, http_preset, unknown_field
from .http_messages import Responder
from .journal import RequestRecord
from .pictures import jpeg_size
from .plan import TurnPlan
from .services import Services
from .setup import function_declarations, known_fields
from .shapes import as_object, as_objects, content_parts, content_text
from .usage import IMAGE_TOKENS, audio_tokens, http_usage, text_tokens

# A text model writes some 150 words a second; a chunk of the stream holds a few.
WORDS_PER_CHUNK = 4
CHUNK_GAP_S = 0.02


@dataclass
class ContentRequest:
    """A checked request body. `contents` are in camelCase."""

    model: Model
    contents: list[dict[str, Any]]
    config: dict[str, Any]
    tools: list[dict[str, Any]]
    system_instruction: str = ""
    tokens: Counter[str] = field(default_factory=Counter)

    @classmethod
    def parse(cls, body: Any, model: Model) -> "ContentRequest":
        """Checks a body. Raises HttpError."""
        request = normalise(body)
        if not isinstance(request, dict) or not isinstance(request.get("contents"), list):
            raise HttpError(
                400,
                "INVALID_ARGUMENT",
                "* GenerateContentRequest.contents: contents is not specified",
            )
        for name in request:
            if name not in known_fields()["generateContent"]:
                raise HttpError(400, "INVALID_ARGUMENT", unknown_field(name, ""))
        return cls(
            model=model,
            contents=as_objects(request["contents"]),
            config=as_object(request.get("generationConfig")),
            tools=function_declarations(request.get("tools"), None),
            system_instruction=content_text(request.get("systemInstruction")),
        )

    @property
    def text(self) -> str:
        """All text of all contents."""
        return "\n".join(content_text(content) for content in self.contents)

    @property
    def last_parts(self) -> list[dict[str, Any]]:
        """Parts of the newest content."""
        return content_parts(self.contents[-1]) if self.contents else []


async def answer(
    services: Services,
    request: ContentRequest,
    responder: Responder,
    *,
    streamed: bool,
    plan: TurnPlan,
    record: RequestRecord,
) -> None:
    """Understands the newest content and answers with text or a function call."""
    if (request.config.get("responseModalities") or ["TEXT"]) != ["TEXT"]:
        raise http_preset("invalid_argument")
    heard, pictures = await _understand(services, request, record)
    record.heard = heard
    parts = _parts(request, heard, pictures, plan)
    record.said = " ".join(part["text"] for part in parts if "text" in part)
    record.tool_call = next((p["functionCall"] for p in parts if "functionCall" in p), None)
    if not streamed:
        responder.send_json(200, _response(request, parts, record.said, record, last=True))
        return
    responder.start_stream()
    chunks = [chunk for part in parts for chunk in _chunks(part)]
    sent = ""
    for index, chunk in enumerate(chunks):
        last = index == len(chunks) - 1
        sent += chunk.get("text", "")
        await responder.send_chunk(_response(request, [chunk], sent, record, last))
        if not last:
            await asyncio.sleep(CHUNK_GAP_S)
    responder.end_stream()


async def _understand(
    services: Services, request: ContentRequest, record: RequestRecord
) -> tuple[str, Pictures]:
    heard: list[str] = []
    size = (0, 0)
    for content in request.contents:
        newest = content is request.contents[-1]
        for part in content_parts(content):
            if newest and isinstance(part.get("text"), str):
                heard.append(part["text"])
            if "inlineData" not in part:
                continue
            data, kind, rate_hz = _inline(part["inlineData"])
            if kind.startswith("image/"):
                record.images += 1
                size = _picture_size(data, kind)
            elif kind.startswith("audio/"):
                pcm, rate_hz = _samples(data, kind, rate_hz)
                seconds = len(pcm) / 2 / rate_hz
                record.audio_ms += seconds * 1000
                request.tokens["AUDIO"] += audio_tokens(seconds)
                if newest:
                    heard.append(await services.stt.hear(pcm, rate_hz))
            else:
                raise HttpError(400, "INVALID_ARGUMENT", f"Unsupported MIME type: {kind}")
    request.tokens["IMAGE"] += record.images * IMAGE_TOKENS
    request.tokens["TEXT"] += text_tokens(request.text + request.system_instruction)
    return " ".join(text for text in heard if text), Pictures(record.images, *size)


def _parts(
    request: ContentRequest, heard: str, pictures: Pictures, plan: TurnPlan
) -> list[dict[str, Any]]:
    steps = list(plan.steps)
    responses = as_objects(
        [p["functionResponse"] for p in request.last_parts if "functionResponse" in p]
    )
    if not steps and responses:
        return [{"text": _outcome(request, response)} for response in responses]
    if not steps:
        history = [
            Entry("model" if content.get("role") == "model" else "user", content_text(content))
            for content in request.contents[:-1]
        ]
        now = datetime.now().astimezone()
        steps = brain.answer(heard, request.tools, history, pictures, now)
    parts: list[dict[str, Any]] = []
    for step in steps:
        if isinstance(step, Say):
            parts.append({"text": step.text})
        elif isinstance(step, CallTool):
            parts.append({"functionCall": {"name": step.name, "args": step.args}})
    return parts


def _outcome(request: ContentRequest, response: dict[str, Any]) -> str:
    args: dict[str, Any] = {}
    for content in request.contents:
        for part in content_parts(content):
            call = as_object(part.get("functionCall"))
            if call.get("name") == response.get("name"):
                args = as_object(call.get("args"))
    return brain.outcome(str(response.get("name")), args, response.get("response"))


def _response(
    request: ContentRequest,
    parts: list[dict[str, Any]],
    said: str,
    record: RequestRecord,
    last: bool,
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    response: dict[str, Any] = {
        "candidates": [candidate],
        "modelVersion": request.model.id,
        "responseId": f"simulated-{record.at_s:.3f}",
        "usageMetadata": http_usage(request.tokens, Counter(TEXT=text_tokens(said))),
    }
    if last:
        candidate["finishReason"] = "STOP"
    return response


def _chunks(part: dict[str, Any]) -> list[dict[str, Any]]:
    if "text" not in part:
        return [part]
    words = part["text"].split(" ")
    groups = [words[i : i + WORDS_PER_CHUNK] for i in range(0, len(words), WORDS_PER_CHUNK)]
    return [
        {"text": " ".join(group) + (" " if index < len(groups) - 1 else "")}
        for index, group in enumerate(groups)
    ]


def _inline(blob: Any) -> tuple[bytes, str, int | None]:
    try:
        data = decode_base64(blob["data"])
    except (KeyError, TypeError, ValueError):
        raise http_preset("invalid_argument") from None
    kind, rate_hz = mime_type_and_rate(str(blob.get("mimeType") or ""))
    return data, kind, rate_hz


def _picture_size(data: bytes, kind: str) -> tuple[int, int]:
    if kind != "image/jpeg":
        return 0, 0
    try:
        return jpeg_size(data)
    except ValueError:
        message = "Unable to process input image. Please retry or report in the help center."
        raise HttpError(400, "INVALID_ARGUMENT", message) from None


def _samples(data: bytes, kind: str, rate_hz: int | None) -> tuple[bytes, int]:
    if kind in {"audio/pcm", "audio/l16"} and rate_hz:
        return data, rate_hz
    if kind not in {"audio/wav", "audio/x-wav", "audio/wave"}:
        raise HttpError(400, "INVALID_ARGUMENT", f"Unsupported MIME type: {kind}")
    try:
        with wave.open(io.BytesIO(data)) as sound:
            if sound.getsampwidth() != 2 or sound.getnchannels() != 1:
                raise http_preset("invalid_argument")
            return sound.readframes(sound.getnframes()), sound.getframerate()
    except (wave.Error, EOFError):
        raise http_preset("invalid_argument") from None
