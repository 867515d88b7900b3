"""What a text model answers to a request over HTTP: decisions, nothing is sent."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from actors.backends.gemini.wire.contents import text_of
from actors.backends.gemini.wire.generation_config import ENUM_TYPE, Calling
from actors.backends.gemini.wire.text_limit import STOP, TextLimit
from actors.backends.gemini.wire.tokens import text_tokens
from actors.simulator import brain
from actors.simulator.brain import CallTool, Pictures, Speak, Step
from actors.simulator.content_request import ContentRequest
from actors.simulator.conversation import ConversationEntry
from actors.simulator.signatures import signature, turn_start
from actors.simulator.structured import as_json, instance, schema_in
from actors.simulator.thinking_config import thought

# As long as the ids that the service gives to calls.
CALL_ID_BYTES = 4


@dataclass
class Candidate:
    """One candidate: a thought, text and function calls, and why it ends; `query` was looked up."""

    text: str = ""
    thought: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    finish: str = STOP
    query: str = ""
    signature: str = ""

    @property
    def tokens(self) -> int:
        """Tokens of text and calls."""
        calls = [json.dumps(call, ensure_ascii=False) for call in self.calls]
        return sum(text_tokens(text) for text in (self.text, *calls))

    def call_parts(self) -> list[dict[str, Any]]:
        """The calls; the first of them carries the signature."""
        parts: list[dict[str, Any]] = [{"functionCall": call} for call in self.calls]
        if parts and self.signature:
            parts[0]["thoughtSignature"] = self.signature
        return parts


def make_reply(
    request: ContentRequest, heard: str, pictures: Pictures, scripted: Sequence[Step], number: int
) -> Candidate:
    """The reply to a request.

    Args:
        request: Checked.
        heard: What the newest content says.
        pictures: What came in all contents.
        scripted: Steps of a scenario, which come before everything else.
        number: Tells the request from others, for the signature.
    """
    demanded = request.family.signatures == "demanded"
    reply = Candidate(signature=signature(number) if demanded else "")
    steps = scripted or _steps(request, heard, pictures)
    texts = [step.text for step in steps if isinstance(step, Speak)]
    reply.calls = [_call(step, request) for step in steps if isinstance(step, CallTool)]
    reply.text = "\n".join(texts)
    reply.query = next((step.query for step in steps if isinstance(step, Speak)), "")
    if request.generation.structured and not scripted and not reply.calls:
        reply.text = _structured(request, reply.text, heard)
    if request.generation.show_thoughts:
        reply.thought = thought(heard)
    _shorten(reply, request)
    return reply


def _steps(request: ContentRequest, heard: str, pictures: Pictures) -> list[Step]:
    offered = request.tool_config.offered(request.functions)
    if request.tool_config.calling is Calling.FORCED:
        return _forced(request, offered, heard)
    if request.family.transcribes:
        return [Speak(heard)]
    if request.responses:
        return [Speak(" ".join(_outcome(request, response) for response in request.responses))]
    history = [
        ConversationEntry("model" if content.get("role") == "model" else "user", text_of(content))
        for content in request.contents[:-1]
    ]
    now = datetime.now().astimezone()
    return brain.answer(heard, offered, history, pictures, now, searches=request.searches)


def _forced(request: ContentRequest, offered: list[dict[str, Any]], heard: str) -> list[Step]:
    """A call at any price: what was said, else the next function that was not called yet."""
    called = {part["functionCall"]["name"] for part in _turn(request) if "functionCall" in part}
    steps = brain.answer(heard, offered, [], Pictures(), datetime.now().astimezone())
    calls = [step for step in steps if isinstance(step, CallTool) and step.name not in called]
    if calls:
        return list(calls)
    fresh = [function for function in offered if function["name"] not in called] or offered
    said = _said(request, heard)
    args = instance(_parameters(fresh[0]), f"You said: {said.strip()}", _material(request, said))
    return [CallTool(fresh[0]["name"], args if isinstance(args, dict) else {})]


def _structured(request: ContentRequest, text: str, heard: str) -> str:
    schema = request.generation.schema or schema_in(request.system_instruction)
    value = instance(schema, text, _material(request, _said(request, heard)))
    return str(value) if request.generation.mime_type == ENUM_TYPE else as_json(value)


def _material(request: ContentRequest, said: str) -> str:
    results = [json.dumps(each.get("response", {})) for each in request.responses]
    return " ".join([said, *results])


def _said(request: ContentRequest, heard: str) -> str:
    return heard or "\n".join(part["text"] for part in _turn(request) if "text" in part)


def _turn(request: ContentRequest) -> list[dict[str, Any]]:
    """Parts of the current turn: from what the user said last on."""
    turn = request.contents[turn_start(request.contents) :]
    return [part for content in turn for part in content["parts"]]


def _outcome(request: ContentRequest, response: dict[str, Any]) -> str:
    name = response["name"]
    args = [
        part["functionCall"].get("args", {})
        for content in request.contents
        for part in content["parts"]
        if part.get("functionCall", {}).get("name") == name
    ]
    return brain.outcome(name, args[-1] if args else {}, response.get("response"))


def _parameters(function: dict[str, Any]) -> dict[str, Any]:
    schema = function.get("parameters") or function.get("parametersJsonSchema") or {}
    return {"type": "OBJECT", **schema}


def _call(step: CallTool, request: ContentRequest) -> dict[str, Any]:
    call: dict[str, Any] = {"name": step.name, "args": step.args}
    # Documented: models from Gemini 3 on give each call an id.
    if request.family.signatures == "demanded":
        call["id"] = secrets.token_hex(CALL_ID_BYTES)
    return call


def _shorten(reply: Candidate, request: ContentRequest) -> None:
    limit = TextLimit(request.generation.stop_sequences, request.generation.max_tokens)
    reply.text = limit.take(reply.text, last=True)
    reply.finish = limit.finish or STOP
