"""From a request to what generateContent and Gemini TTS take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from actors.backends.gemini.http.heard import INSTRUCTION
from actors.backends.gemini.http.options import HttpOptions
from actors.backends.gemini.parameters import arguments_of
from actors.backends.options import language_instruction
from actors.backends.turnwise.request import AnswerRequest

if TYPE_CHECKING:
    from google.genai import types

LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
"""BCP-47; the option `language` may be a name, too, which only the model for the words takes."""
SPOKEN = (
    "Your reply is read aloud by a speech synthesiser: write plain sentences, without markup, "
    "lists, links or emoji."
)


def contents_of(request: AnswerRequest) -> list[types.Content]:
    """Return the conversation, ending with the turn: picture, words, sound."""
    from google.genai import types

    said = [
        types.Content(role=role, parts=[types.Part(text=text)]) for role, text in request.history
    ]
    parts: list[types.Part] = []
    if request.picture is not None:
        parts.append(types.Part.from_bytes(data=request.picture, mime_type="image/jpeg"))
    if request.text:
        parts.append(types.Part(text=request.text))
    if request.pcm:
        parts.append(types.Part.from_bytes(data=request.wav(), mime_type="audio/wav"))
    return [*said, types.Content(role="user", parts=parts)]


def config_of(options: HttpOptions, request: AnswerRequest) -> types.GenerateContentConfig:
    """Return how the words are to be made."""
    from google.genai import types

    thinking = None
    if options.thinking_level:
        level = types.ThinkingLevel(options.thinking_level.upper())
        thinking = types.ThinkingConfig(thinking_level=level)
    functions = [
        types.FunctionDeclaration.model_validate(
            {
                "name": tool["name"],
                "description": tool.get("description"),
                "parameters": arguments_of(tool),
            }
        )
        for tool in request.tools
    ]
    return types.GenerateContentConfig(
        system_instruction=_instruction(options, heard=bool(request.pcm)),
        temperature=options.temperature,
        thinking_config=thinking,
        tools=[types.Tool(function_declarations=functions)] if functions else None,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )


def speech_config_of(options: HttpOptions) -> types.GenerateContentConfig:
    """Return how the words are to be spoken; no temperature: the TTS models refuse it."""
    from google.genai import types

    code = options.language if LANGUAGE_CODE.fullmatch(options.language or "") else None
    voice = None
    if options.voice:
        prebuilt = types.PrebuiltVoiceConfig(voice_name=options.voice)
        voice = types.VoiceConfig(prebuilt_voice_config=prebuilt)
    speech = types.SpeechConfig(voice_config=voice, language_code=code) if voice or code else None
    return types.GenerateContentConfig(response_modalities=["AUDIO"], speech_config=speech)


def _instruction(options: HttpOptions, *, heard: bool) -> str:
    language = language_instruction(options.language)
    texts = [options.system_instruction, SPOKEN, language, INSTRUCTION if heard else ""]
    return "\n\n".join(text for text in texts if text)
