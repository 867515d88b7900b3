"""generateContent and streamGenerateContent of the models that answer in text."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

from actors.backends.gemini.wire.media import Attachment, read_blob, read_data
from actors.backends.gemini.wire.tokens import http_usage, text_tokens
from actors.simulator.answer_actions import BreakOff
from actors.simulator.brain import Pictures
from actors.simulator.content_request import ContentRequest
from actors.simulator.grounding import metadata
from actors.simulator.http_messages import Responder
from actors.simulator.journal import RequestRecord
from actors.simulator.plan import TurnPlan
from actors.simulator.reply import Candidate, make_reply
from actors.simulator.services import Services

# A text model writes some 150 words a second; a chunk of the stream holds a few.
WORDS_PER_CHUNK = 4
CHUNK_GAP_S = 0.02


async def answer(
    services: Services,
    request: ContentRequest,
    responder: Responder,
    *,
    streamed: bool,
    plan: TurnPlan,
    record: RequestRecord,
) -> None:
    """Understands the newest content and answers with text or function calls."""
    request.check_modality("TEXT")
    heard, pictures = await _understand(services, request, record)
    request.check_window()
    record.heard = heard
    reply = make_reply(request, heard, pictures, plan.steps, record.at_ns)
    record.said = reply.text
    record.tool_call = reply.calls[0] if reply.calls else None
    candidates = request.generation.candidates
    response = _Responses(request, reply, record)
    if not streamed:
        responder.send_json(200, response.whole(candidates, plan.break_off))
        return
    responder.start_stream()
    chunks = [chunk for index in range(candidates) for chunk in response.chunks(index)]
    if plan.break_off is not None:
        chunks = chunks[: int(len(chunks) * plan.break_off.at)]
        if plan.break_off.reason:
            chunks.append(response.ending(plan.break_off.reason))
    for index, chunk in enumerate(chunks):
        await responder.send_chunk(chunk)
        if index < len(chunks) - 1:
            await asyncio.sleep(CHUNK_GAP_S)
    responder.end_stream()


async def count(services: Services, request: ContentRequest) -> Counter[str]:
    """Tokens of a request by modality, with what came inline."""
    tokens = Counter(request.tokens)
    for content in request.contents:
        for part in content["parts"]:
            attachment = await _attachment(services, part)
            if attachment is not None:
                tokens.update(attachment.tokens)
    return tokens


async def _understand(
    services: Services, request: ContentRequest, record: RequestRecord
) -> tuple[str, Pictures]:
    heard: list[str] = []
    size = (0, 0)
    for content in request.contents:
        newest = content is request.contents[-1]
        for part in content["parts"]:
            if newest and "text" in part and not part.get("thought"):
                heard.append(part["text"])
            attachment = await _attachment(services, part)
            if attachment is None:
                continue
            request.tokens.update(attachment.tokens)
            record.audio_ms += attachment.seconds * 1000
            if attachment.kind in ("image", "video"):
                record.images += 1
                size = attachment.width, attachment.height
            if newest and attachment.pcm:
                heard.append(await services.stt.hear(attachment.pcm, attachment.rate_hz))
    return " ".join(text for text in heard if text), Pictures(record.images, *size)


async def _attachment(services: Services, part: dict[str, Any]) -> Attachment | None:
    if "fileData" in part:
        return await asyncio.to_thread(read_data, *services.files.named(part["fileData"]))
    if "inlineData" not in part:
        return None
    return await asyncio.to_thread(read_blob, part["inlineData"])


class _Responses:
    """A reply as one response or as the chunks of a stream."""

    def __init__(self, request: ContentRequest, reply: Candidate, record: RequestRecord) -> None:
        self._request = request
        self._reply = reply
        self._record = record

    def whole(self, candidates: int, cut: BreakOff | None) -> dict[str, Any]:
        """One response with so many candidates, which are all the same, or with a part of each."""
        if cut is not None:
            parts = self._parts()
            return self._broken_off(parts[: int(len(parts) * cut.at)], candidates, cut.reason)
        reply = self._reply
        parts = [{"text": reply.thought, "thought": True}] if reply.thought else []
        if reply.text or not reply.calls:
            parts.append({"text": reply.text, **self._closing_signature()})
        parts += reply.call_parts()
        made = [self._candidate(index, parts, reply.finish) for index in range(candidates)]
        return self._response(made, reply.tokens * candidates)

    def chunks(self, index: int) -> Iterator[dict[str, Any]]:
        """The chunks of one candidate; the last one says why it ends."""
        reply, parts = self._reply, self._parts()
        said = reply.tokens * index
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            if not part.get("thought"):
                said += text_tokens(part.get("text", ""))
            if last:
                said = reply.tokens * (index + 1)
            candidate = self._candidate(index, [part], reply.finish if last else "")
            yield self._response([candidate], said)

    def ending(self, reason: str) -> dict[str, Any]:
        """The last chunk of a reply that is not whole."""
        return self._response([self._candidate(0, [], reason)], 0)

    def _parts(self) -> list[dict[str, Any]]:
        """The parts of a candidate, a chunk each."""
        reply = self._reply
        parts: list[dict[str, Any]] = []
        if reply.thought:
            parts.append({"text": reply.thought, "thought": True})
        parts += [{"text": text} for text in _pieces(reply.text)]
        parts += reply.call_parts()
        if not reply.calls:
            # Documented: the signature of a text may come with an empty one at the very end.
            parts.append({"text": "", **self._closing_signature()})
        return parts

    def _broken_off(
        self, parts: list[dict[str, Any]], candidates: int, reason: str
    ) -> dict[str, Any]:
        spoken = "".join(part["text"] for part in parts if "text" in part and "thought" not in part)
        whole = [part for part in parts if "text" not in part or "thought" in part]
        if spoken:
            whole.insert(sum("thought" in part for part in whole), {"text": spoken})
        made = [self._candidate(index, whole, reason) for index in range(candidates)]
        return self._response(made, text_tokens(spoken) * candidates)

    def _closing_signature(self) -> dict[str, str]:
        signed = self._reply.signature and not self._reply.calls
        return {"thoughtSignature": self._reply.signature} if signed else {}

    def _candidate(self, index: int, parts: list[dict[str, Any]], finish: str) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": index}
        if finish:
            candidate["finishReason"] = finish
            if self._reply.query:
                candidate["groundingMetadata"] = metadata(self._reply.query, self._reply.text)
        return candidate

    def _response(self, candidates: list[dict[str, Any]], said: int) -> dict[str, Any]:
        thoughts = text_tokens(self._reply.thought)
        return {
            "candidates": candidates,
            "modelVersion": self._request.model.id,
            "responseId": f"simulated-{self._record.at_s:.3f}",
            "usageMetadata": http_usage(self._request.tokens, Counter(TEXT=said), thoughts),
        }


def _pieces(text: str) -> list[str]:
    words = text.split(" ") if text else []
    groups = [words[i : i + WORDS_PER_CHUNK] for i in range(0, len(words), WORDS_PER_CHUNK)]
    return [
        " ".join(group) + (" " if index < len(groups) - 1 else "")
        for index, group in enumerate(groups)
    ]
