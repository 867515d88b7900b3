"""Checks the first message of a Live session against the model's capabilities."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from actors.backends.gemini.wire import INVALID_ARGUMENT, check_functions, read, snake_case
from actors.backends.gemini.wire.http_error import model_not_found, other_modalities
from actors.backends.gemini.wire.tokens import text_tokens
from actors.simulator.capabilities import (
    LIVE_METHOD,
    LiveFamily,
    SimulatedModel,
    SimulatedModels,
    capabilities,
)
from actors.simulator.conversation import SlidingWindow
from actors.simulator.errors import Refused
from actors.simulator.grounding import may_search
from actors.simulator.realtime_config import RealtimeConfig
from actors.simulator.shapes import content_text
from actors.simulator.thinking_config import ThinkingConfig
from actors.simulator.transcription_config import SPOKEN_LANGUAGE, TranscriptionConfig

# Documented: the share of the context window at which it slides, unless the setup says otherwise,
# and the share of that to which it slides.
TRIGGER_SHARE, TARGET_SHARE = 0.8, 0.5
# What Live models have no use for: named in the documentation of each as not supported.
UNSUPPORTED_TOOLS = ("codeExecution", "urlContext", "googleMaps", "computerUse", "fileSearch")


@dataclass(frozen=True)
class SessionConfig:
    """A setup message that was accepted."""

    model: SimulatedModel
    family: LiveFamily
    tools: list[dict[str, Any]]
    searches: bool
    system_instruction: str
    realtime: RealtimeConfig
    thinking: ThinkingConfig
    heard: TranscriptionConfig | None
    """How the user's words are to be transcribed; None if they are not."""
    spoken: TranscriptionConfig | None
    """The same of the model's."""
    resumption: bool
    handle: str | None
    history_first: bool
    compression: SlidingWindow | None


def validate_setup(
    given: Any,
    version: str,
    table: SimulatedModels | None = None,
    *,
    thinks_aloud: bool = True,
) -> SessionConfig:
    """Turns a `setup` into a config, or raises Refused or Invalid with the service's words."""
    table = table or capabilities()
    setup = read("BidiGenerateContentSetup", given, version, "setup")
    name = setup.get("model", "")
    model = table.find(name, version, LIVE_METHOD)
    family = table.families.get(model.family) if model else None
    if model is None or family is None:
        raise Refused(1008, model_not_found(name, version, LIVE_METHOD))
    if not name.startswith("models/"):
        raise Refused(1007, INVALID_ARGUMENT)

    generation = setup.get("generationConfig", {})
    _check_ranges(setup)
    _check_modalities(generation, family)
    _check_version_fields(setup, family)
    system = content_text(setup.get("systemInstruction"))
    tokens = text_tokens(system)
    if tokens > table.max_system_tokens:
        raise Refused(
            1007,
            f"the system instruction has 94 tokens, user system instruction has {tokens} tokens, "
            f"which is more than the limit of {table.max_system_tokens}",
        )
    _check_voice(generation.get("speechConfig", {}), table)
    resumption = setup.get("sessionResumption")
    return SessionConfig(
        model=model,
        family=family,
        tools=declared_functions(setup.get("tools", []), family),
        searches=may_search(setup.get("tools", [])),
        system_instruction=system,
        realtime=RealtimeConfig.parse(setup.get("realtimeInputConfig", {}), family),
        thinking=ThinkingConfig.parse(
            generation.get("thinkingConfig"), family, unasked=thinks_aloud
        ),
        heard=_heard(setup, family),
        spoken=_spoken(setup, family),
        resumption=resumption is not None,
        handle=(resumption or {}).get("handle") or None,
        history_first=setup.get("historyConfig", {}).get("initialHistoryInClientContent", False),
        compression=_compression(setup.get("contextWindowCompression"), model),
    )


def declared_functions(tools: list[dict[str, Any]], family: LiveFamily) -> list[dict[str, Any]]:
    """All functions that a Live session declares in `tools`, which have been read."""
    for tool in tools:
        if any(name in tool for name in UNSUPPORTED_TOOLS):
            raise Refused(1007, INVALID_ARGUMENT)
    # Unproven of the service: the name of the message in these complaints on a Live session.
    declared = check_functions(tools, "BidiGenerateContentSetup")
    for function in declared:
        if function.get("behavior", "UNSPECIFIED") not in (*family.behaviors, "UNSPECIFIED"):
            raise Refused(1007, INVALID_ARGUMENT)
    return declared


def _check_ranges(setup: dict[str, Any]) -> None:
    problem = next(_out_of_range(setup), None)
    if problem:
        raise Refused(1007, f"* BidiGenerateContentSetup.{problem}\n")


def _out_of_range(setup: dict[str, Any]) -> Iterator[str]:
    generation = setup.get("generationConfig", {})
    if not 0 <= generation.get("temperature", 0) <= 2:
        yield "generation_config.temperature: temperature must be in the range [0.0, 2.0]."
    if not 0 <= generation.get("topP", 0) <= 1:
        yield "generation_config.top_p: top_p must be in the range [0.0, 1.0]."
    for name in ("maxOutputTokens", "topK", "candidateCount"):
        if generation.get(name, 1) < 1:
            yield f"generation_config.{snake_case(name)}: must be positive."
    detection = setup.get("realtimeInputConfig", {}).get("automaticActivityDetection", {})
    for name in ("prefixPaddingMs", "silenceDurationMs"):
        if detection.get(name, 0) < 0:
            where = "realtime_input_config.automatic_activity_detection"
            yield f"{where}.{snake_case(name)}: must not be negative."
    compression = setup.get("contextWindowCompression", {})
    if compression.get("triggerTokens", 0) < 0:
        yield "context_window_compression.trigger_tokens: must not be negative."
    if compression.get("slidingWindow", {}).get("targetTokens", 0) < 0:
        yield "context_window_compression.sliding_window.target_tokens: must not be negative."


def _check_modalities(generation: dict[str, Any], family: LiveFamily) -> None:
    only = ["TEXT"] if family.role == "transcribes" else ["AUDIO"]
    modalities = generation.get("responseModalities") or only
    if modalities != only:
        raise Refused(1007, other_modalities(modalities))


def _heard(setup: dict[str, Any], family: LiveFamily) -> TranscriptionConfig | None:
    given = setup.get("inputAudioTranscription")
    if given is None and family.role == "transcribes":
        given = {}
    # Documented: what transcribes or interprets tells the languages apart.
    named = "" if family.role == "converses" else SPOKEN_LANGUAGE
    return TranscriptionConfig.parse(given, named=named)


def _spoken(setup: dict[str, Any], family: LiveFamily) -> TranscriptionConfig | None:
    translation = setup.get("generationConfig", {}).get("translationConfig", {})
    target = translation.get("targetLanguageCode") or SPOKEN_LANGUAGE
    named = target if family.role == "interprets" else ""
    return TranscriptionConfig.parse(setup.get("outputAudioTranscription"), named=named)


def _check_version_fields(setup: dict[str, Any], family: LiveFamily) -> None:
    """What v1alpha has beyond v1beta; families without it are permanently proactive."""
    if "proactivity" in family.extra_fields:
        return
    if setup.get("proactivity", {}).get("proactiveAudio") is False:
        raise Refused(1007, INVALID_ARGUMENT)
    if setup.get("generationConfig", {}).get("enableAffectiveDialog"):
        raise Refused(1007, INVALID_ARGUMENT)


def _check_voice(speech: dict[str, Any], table: SimulatedModels) -> None:
    name = speech.get("voiceConfig", {}).get("prebuiltVoiceConfig", {}).get("voiceName")
    if name and name not in table.voices:
        raise Refused(1007, f"No matching speaker voice found for name: {name}")


def _compression(given: dict[str, Any] | None, model: SimulatedModel) -> SlidingWindow | None:
    if given is None:
        return None
    trigger = given.get("triggerTokens") or int(model.input_tokens * TRIGGER_SHARE)
    target = given.get("slidingWindow", {}).get("targetTokens") or int(trigger * TARGET_SHARE)
    return SlidingWindow(trigger, min(target, trigger))
