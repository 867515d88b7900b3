"""A body of `generateContent`, as a turn of a session: what is said in it, and in which manner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from actors.backends.gemini.wire import check_functions, invalid, read
from actors.backends.gemini.wire.contents import check_contents, text_of
from actors.backends.gemini.wire.generation_config import GenerationConfig, ToolConfig
from actors.backends.gemini.wire.http_error import no_cached_content, other_modalities
from actors.backends.gemini.wire.tokens import prompt_tokens
from actors.gateway.gemini.attachments import Attached, take_part
from actors.gateway.gemini.declarations import declared
from actors.gateway.gemini.history import calls_of, response_in_words, said_before, split
from actors.gateway.gemini.refusals import (
    refuse_calling,
    refuse_generation,
    refuse_manner,
    refuse_safety,
    refuse_text,
    refuse_tools,
)
from actors.gateway.gemini.setup import chosen_model, chosen_voice, labels_of
from actors.gateway.gemini.signatures import session_of
from actors.gateway.options import GatewayOptions
from pipeline.frames import SessionOpened

REQUEST = "GenerateContentRequest"


@dataclass(frozen=True)
class AskedTurn:
    """A request that can be answered.

    Attributes:
        model: As the client named it.
        manner: Of a session of its own; its name is empty.
        text: What is said in writing.
        attached: What came inline.
        answers: What functions answered, which an earlier request had called.
        goes_on: Name of the session that called them, which may still be there.
        speaks: Whether the answer is wanted as sound.
        generation: Limits of the answer.
        tokens: Of the prompt, by modality.
    """

    model: str
    manner: SessionOpened
    text: str
    attached: Attached
    answers: tuple[dict[str, Any], ...]
    goes_on: str
    speaks: bool
    generation: GenerationConfig
    tokens: Counter[str] = field(default_factory=Counter)

    @property
    def only_answers(self) -> bool:
        """Whether nothing is said but what functions answered."""
        attached = self.attached
        said = self.text or attached.sounds or attached.picture is not None
        return bool(self.answers) and not said

    @property
    def whole_text(self) -> str:
        """What is typed in a session that has not called the functions itself."""
        said = [response_in_words(each) for each in self.answers]
        return "\n".join(filter(None, [*said, self.text]))


def parse_turn(body: Any, model: str, version: str, options: GatewayOptions) -> AskedTurn:
    """Read a body; decodes sound and pictures, which takes a while: not for an event loop.

    Raises:
        Invalid, HttpError: it cannot be had, in the service's words.
        CallerError: what came inline is longer than is taken.
    """
    request = read(REQUEST, body, version)
    contents = request.get("contents", [])
    check_contents(contents)
    if request.get("cachedContent"):
        raise no_cached_content()
    tools = request.get("tools", [])
    config = request.get("generationConfig", {})
    functions = check_functions(tools, REQUEST)
    generation = GenerationConfig.parse(config)
    calling = ToolConfig.parse(request.get("toolConfig", {}), functions)
    refuse_tools(tools, model)
    refuse_calling(request.get("toolConfig", {}), model)
    refuse_safety(request.get("safetySettings", []), model)
    refuse_generation(config, model)
    before, parts = split(contents)
    attached = Attached()
    for part in parts:
        take_part(part, attached, options.file_s)
    speech = config.get("speechConfig", {})
    instruction = text_of(request.get("systemInstruction", {}))
    turn = AskedTurn(
        model=model,
        manner=SessionOpened(
            instruction=instruction or None,
            voice=chosen_voice(speech),
            language=speech.get("languageCode") or None,
            model=chosen_model(model, options.models),
            temperature=config.get("temperature"),
            functions=[declared(each) for each in calling.offered(functions)],
            history=said_before(before),
            lasts_s=options.session_s,
            records=options.record,
            plays=False,
            labels=labels_of(request),
        ),
        text="\n".join([*attached.texts, *_texts(parts)]),
        attached=attached,
        answers=tuple(part["functionResponse"] for part in parts if "functionResponse" in part),
        goes_on=next(filter(None, map(session_of, calls_of(before))), ""),
        speaks=_speaks(config, model),
        generation=generation,
        tokens=prompt_tokens(request) + attached.tokens,
    )
    if not (turn.whole_text or attached.sounds or attached.picture is not None):
        raise invalid("Unable to submit request because it must have a text parameter.")
    refuse_text(turn.whole_text)
    refuse_manner(turn.manner)
    return turn


def _texts(parts: Collection[dict[str, Any]]) -> list[str]:
    return [part["text"] for part in parts if part.get("text", "").strip()]


def _speaks(config: dict[str, Any], model: str) -> bool:
    modalities = config.get("responseModalities") or ["TEXT"]
    if modalities not in (["TEXT"], ["AUDIO"]):
        raise invalid(other_modalities(modalities, model, ("TEXT", "AUDIO")))
    return modalities == ["AUDIO"]
