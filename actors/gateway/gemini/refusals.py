"""What the service can and a voice pipeline cannot: refused in Google's words, as it refuses them.

A field that changes what is answered, and is not passed on, is refused here; one whose absence
nobody would notice is taken and left alone. docs/gateway.md has the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from actors.backends.gemini.wire import INVALID_ARGUMENT, Invalid, invalid
from actors.backends.gemini.wire.http_error import too_many_tokens
from actors.backends.gemini.wire.tokens import LETTERS_PER_TOKEN, text_tokens
from pipeline.frames import SessionOpened
from pipeline.frames.turns import MOST_TEXT_CHARACTERS
from pipeline.sessions.refusal import refusal

UNSERVED = re.compile(r"embedding|imagen|veo-|lyria|-tts|-image|aqa|computer-use")
"""In the names of models that do something else than converse."""
TOOLS: Mapping[str, str] = {
    "codeExecution": "Code execution",
    "urlContext": "Browse as tool",
    "googleMaps": "Google Maps as tool",
    "computerUse": "Computer Use",
    "fileSearch": "File search as tool",
    "mcpServers": "MCP servers as tool",
}
"""That the service would run, as it calls them when a model has none. Of `googleSearch` a model
makes use when it finds that it should: without it there is an answer all the same."""
OTHER_WORK: Mapping[str, str] = {
    "translationConfig": "Translation",
    "imageConfig": "Image generation",
    "audioTranscriptionConfig": "Audio transcription",
}
"""What other models are for."""
STRICT = ("BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH")
"""Thresholds that block more than the service does by itself, which is nothing (documented)."""


def refuse_tools(tools: Iterable[Mapping[str, Any]], model: str) -> None:
    """Raise if a tool is wanted that the service would run. Raises Invalid."""
    for tool in tools:
        for name, said in TOOLS.items():
            if name in tool:
                raise not_enabled(said, model)


def refuse_calling(config: Mapping[str, Any], model: str) -> None:
    """Raise if a function has to be called, which nobody can promise. Raises Invalid."""
    if config.get("functionCallingConfig", {}).get("mode") == "ANY":
        raise not_enabled("Function calling mode ANY", model)


def refuse_safety(settings: Iterable[Mapping[str, Any]], model: str) -> None:
    """Raise if more is to be blocked than the service blocks by itself. Raises Invalid."""
    for each in settings:
        if each.get("threshold") in STRICT:
            raise not_enabled(f"Safety threshold {each['threshold']}", model)


def refuse_generation(config: Mapping[str, Any], model: str) -> None:
    """Raise if an answer is wanted that cannot be spoken. Raises Invalid."""
    schemas = ("responseSchema", "responseJsonSchema", "_responseJsonSchema")
    kind = config.get("responseMimeType") or "text/plain"
    if kind != "text/plain" or any(config.get(name) is not None for name in schemas):
        raise not_enabled("JSON mode", model)
    if (config.get("candidateCount") or 1) > 1:
        raise not_enabled("Multiple candidates", model)
    if config.get("responseLogprobs") or config.get("logprobs"):
        raise not_enabled("Logprobs", model)
    if "multiSpeakerVoiceConfig" in config.get("speechConfig", {}):
        raise not_enabled("Multi-speaker voice", model)
    for name, said in OTHER_WORK.items():
        if name in config:
            raise not_enabled(said, model)


def refuse_transcription(config: Mapping[str, Any], model: str) -> None:
    """Raise if transcripts are to say what is not known here. Raises Invalid."""
    for name, said in (("diarization", "Diarization"), ("wordTimestamp", "Word timestamps")):
        if config.get(name):
            raise not_enabled(said, model)


def refuse_manner(manner: SessionOpened) -> None:
    """Raise if the pipeline would refuse such a session whenever it is asked. Raises Invalid."""
    if why := refusal(manner.model_copy(update={"session": "any"})):
        raise invalid(f"{INVALID_ARGUMENT} {why}")


def refuse_text(text: str) -> None:
    """Raise if it is more than one turn can hold. Raises Invalid."""
    if len(text) > MOST_TEXT_CHARACTERS:
        most = MOST_TEXT_CHARACTERS // LETTERS_PER_TOKEN
        raise invalid(too_many_tokens(text_tokens(text), most))


def not_enabled(what: str, model: str) -> Invalid:
    """Return the refusal of what a model does not have."""
    return invalid(f"{what} is not enabled for models/{model.removeprefix('models/')}")
