"""The first message of a Live client, as the manner of a session."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from actors.backends.gemini.live.capabilities import known_voice
from actors.backends.gemini.wire import check_functions, invalid, read
from actors.backends.gemini.wire.contents import text_of
from actors.backends.gemini.wire.generation_config import MAX_TEMPERATURE, check_range
from actors.backends.gemini.wire.http_error import other_modalities
from actors.gateway.gemini.declarations import declared
from actors.gateway.gemini.refusals import (
    not_enabled,
    refuse_calling,
    refuse_generation,
    refuse_manner,
    refuse_safety,
    refuse_tools,
    refuse_transcription,
)
from actors.gateway.options import GatewayOptions
from pipeline.frames import SessionOpened

SETUP = "BidiGenerateContentSetup"
PROTOCOL = "gemini"
SOUND = ["AUDIO"]
"""The modalities that are answered in."""


@dataclass(frozen=True)
class LiveSetup:
    """A setup message.

    Attributes:
        manner: As which session the client is served; its name is empty.
        handle: Name of the session that the client comes back to; None: a new one.
        resumes: Handles are wanted.
        hears_user: Transcripts of the user's words are wanted.
        hears_model: The same of the model's.
        marks_activity: The client says itself when it speaks.
    """

    manner: SessionOpened
    handle: str | None
    resumes: bool
    hears_user: bool
    hears_model: bool
    marks_activity: bool


def parse_setup(given: Any, version: str, options: GatewayOptions) -> LiveSetup:
    """Read a `setup`.

    Raises:
        Invalid: it cannot be had, in the service's words.
    """
    setup = read(SETUP, given, version, "setup")
    generation = setup.get("generationConfig", {})
    modalities = generation.get("responseModalities") or SOUND
    if modalities != SOUND:
        raise invalid(other_modalities(modalities))
    _refuse(setup, generation)
    check_range(generation, "temperature", 0.0, MAX_TEMPERATURE, SETUP)
    speech = generation.get("speechConfig", {})
    resumption = setup.get("sessionResumption")
    detection = setup.get("realtimeInputConfig", {}).get("automaticActivityDetection", {})
    manner = SessionOpened(
        instruction=text_of(setup.get("systemInstruction", {})) or None,
        voice=chosen_voice(speech),
        language=speech.get("languageCode") or None,
        model=chosen_model(setup.get("model", ""), options.models),
        temperature=generation.get("temperature"),
        functions=[declared(each) for each in check_functions(setup.get("tools", []), SETUP)],
        lasts_s=options.session_s,
        records=options.record,
        labels=labels_of(setup),
    )
    refuse_manner(manner)
    return LiveSetup(
        manner=manner,
        handle=(resumption or {}).get("handle") or None,
        resumes=resumption is not None,
        hears_user="inputAudioTranscription" in setup,
        hears_model="outputAudioTranscription" in setup,
        marks_activity=bool(detection.get("disabled")),
    )


def labels_of(request: dict[str, Any]) -> dict[str, str]:
    """Return the labels of a session that a client asked for."""
    return {**request.get("labels", {}), "protocol": PROTOCOL}


def _refuse(setup: dict[str, Any], generation: dict[str, Any]) -> None:
    model = setup.get("model", "")
    refuse_tools(setup.get("tools", []), model)
    refuse_calling(setup.get("toolConfig", {}), model)
    refuse_safety(setup.get("safetySettings", []), model)
    refuse_generation(generation, model)
    if setup.get("realtimeInputConfig", {}).get("activityHandling") == "NO_INTERRUPTION":
        raise not_enabled("Activity handling NO_INTERRUPTION", model)
    for side in ("inputAudioTranscription", "outputAudioTranscription"):
        refuse_transcription(setup.get(side, {}), model)


def chosen_model(name: str, models: Collection[str]) -> str | None:
    """Return a model that may be chosen; None for others, retired ones too: as backends have it."""
    plain = name.removeprefix("models/")
    return plain if plain in models else None


def chosen_voice(speech: dict[str, Any]) -> str | None:
    """Return the voice that is asked for, as the service spells it. Raises Invalid."""
    name = speech.get("voiceConfig", {}).get("prebuiltVoiceConfig", {}).get("voiceName")
    try:
        return known_voice(name or None)
    except ValueError:
        raise invalid(f"No matching speaker voice found for name: {name}") from None
