"""Checks the first message of a Live session against the model's capabilities."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .capabilities import LIVE_METHOD, Capabilities, Family, Model, capabilities
from .errors import Refused, model_not_found, unknown_field
from .shapes import INVALID_ARGUMENT, as_count, as_object, as_objects, content_text
from .usage import text_tokens

# Documented default of automaticActivityDetection.silenceDurationMs is not published; 800 ms is
# what the service was seen to wait.
DEFAULT_SILENCE_MS = 800


@dataclass(frozen=True)
class SessionConfig:
    """A setup message that was accepted."""

    model: Model
    family: Family
    voice: str
    tools: list[dict[str, Any]]
    system_instruction: str
    manual_activity: bool
    silence_ms: int
    interruptible: bool
    transcribe_input: bool
    transcribe_output: bool
    resumption: bool
    handle: str | None
    history_first: bool
    raw: dict[str, Any] = field(repr=False)


@cache
def known_fields() -> dict[str, Any]:
    """The tree of `fields.yaml`."""
    text = Path(__file__).with_name("fields.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def snake_case(name: str) -> str:
    """`generationConfig` becomes `generation_config`, as error paths spell it."""
    return re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), name)


def check_fields(message: Any, tree: dict[str, Any] | None, path: str, extra: list[str]) -> None:
    """Refuses fields that are not in `tree`; `extra` are allowed at any level of it."""
    if tree is None:
        return
    for name, value in as_object(message).items():
        if name in extra:
            continue
        if name not in tree:
            raise Refused(1007, unknown_field(name, path))
        below = snake_case(name)
        check_fields(value, tree[name], f"{path}.{below}" if path else below, extra)


def validate_setup(setup: Any, version: str, table: Capabilities | None = None) -> SessionConfig:
    """Turns a normalised `setup` into a config, or raises Refused with the service's words."""
    table = table or capabilities()
    setup = as_object(setup)
    name = str(setup.get("model") or "")
    model = table.find(name, version, LIVE_METHOD)
    family = table.families[model.family] if model else None
    check_fields(setup, known_fields()["setup"], "setup", family.extra_fields if family else [])
    if model is None or family is None:
        raise Refused(1008, model_not_found(name, version, LIVE_METHOD))
    if not name.startswith("models/"):
        raise Refused(1007, INVALID_ARGUMENT)

    generation = as_object(setup.get("generationConfig"))
    _check_modalities(generation)
    _check_thinking(generation.get("thinkingConfig"), family)
    voice = _voice(generation.get("speechConfig"), table)
    system = content_text(setup.get("systemInstruction"))
    tokens = text_tokens(system)
    if tokens > table.max_system_tokens:
        raise Refused(
            1007,
            f"the system instruction has 94 tokens, user system instruction has {tokens} tokens, "
            f"which is more than the limit of {table.max_system_tokens}",
        )
    realtime = as_object(setup.get("realtimeInputConfig"))
    detection = as_object(realtime.get("automaticActivityDetection"))
    resumption = setup.get("sessionResumption")
    return SessionConfig(
        model=model,
        family=family,
        voice=voice,
        tools=function_declarations(setup.get("tools"), family),
        system_instruction=system,
        manual_activity=bool(detection.get("disabled")),
        silence_ms=as_count(detection.get("silenceDurationMs"), DEFAULT_SILENCE_MS),
        interruptible=realtime.get("activityHandling") != "NO_INTERRUPTION",
        transcribe_input=setup.get("inputAudioTranscription") is not None,
        transcribe_output=setup.get("outputAudioTranscription") is not None,
        resumption=resumption is not None,
        handle=_handle(resumption),
        history_first=bool((setup.get("historyConfig") or {}).get("initialHistoryInClientContent")),
        raw=setup,
    )


def function_declarations(tools: Any, family: Family | None) -> list[dict[str, Any]]:
    """All functions declared in `tools`; `family` None means any behaviour is accepted."""
    declared: list[dict[str, Any]] = []
    for tool in as_objects(tools):
        for function in as_objects(tool.get("functionDeclarations")):
            behavior = function.get("behavior")
            if family and behavior and behavior not in (*family.behaviors, "UNSPECIFIED"):
                raise Refused(1007, INVALID_ARGUMENT)
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}", str(function.get("name"))):
                raise Refused(1007, INVALID_ARGUMENT)
            schema = function.get("parameters") or function.get("parametersJsonSchema")
            for description in as_object(as_object(schema).get("properties")).values():
                as_object(description)
            declared.append(function)
    return declared


def _check_modalities(generation: dict[str, Any]) -> None:
    modalities = generation.get("responseModalities") or ["AUDIO"]
    if modalities != ["AUDIO"]:
        if not isinstance(modalities, list):
            raise Refused(1007, INVALID_ARGUMENT)
        named = ", ".join(str(modality) for modality in modalities)
        raise Refused(
            1007,
            f"The requested combination of response modalities ({named}) "
            "is not supported by the model",
        )


def _check_thinking(thinking: Any, family: Family) -> None:
    unsupported = "Thinking level is not supported for this model"
    level = str(as_object(thinking).get("thinkingLevel") or "").upper()
    budget = as_object(thinking).get("thinkingBudget")
    match family.thinking:
        case "none":
            if thinking is not None:
                raise Refused(1007, unsupported)
        case "level":
            if budget is not None or (family.level_required and not level):
                raise Refused(1007, INVALID_ARGUMENT)
            if level and level not in family.levels:
                raise Refused(1007, unsupported)
        case "budget":
            if level:
                raise Refused(1007, unsupported)


def _voice(speech: Any, table: Capabilities) -> str:
    voice = as_object(as_object(as_object(speech).get("voiceConfig")).get("prebuiltVoiceConfig"))
    name = voice.get("voiceName") or "Puck"
    if name not in table.voices:
        raise Refused(1007, f"No matching speaker voice found for name: {name}")
    return str(name)


def _handle(resumption: Any) -> str | None:
    handle = as_object(resumption).get("handle") or None
    if handle is not None and not isinstance(handle, str):
        raise Refused(1007, INVALID_ARGUMENT)
    return handle
