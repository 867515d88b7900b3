"""The setup message: what the options ask for, less what the model does not take."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.live.capabilities import ModelFamily
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.parameters import arguments_of
from actors.backends.options import language_instruction
from actors.backends.realtime.link import Seed

if TYPE_CHECKING:
    from google.genai import types


def build_setup(
    options: LiveOptions, family: ModelFamily, seed: Seed
) -> tuple[types.LiveConnectConfig, list[str]]:
    """Return the setup and, in words, what was left out of it."""
    from google.genai import types

    warnings: list[str] = []
    # In dicts: google-genai builds each model when one is first made, 5 ms each. This way it
    # needs the outermost alone.
    fields: types.LiveConnectConfigDict = {
        "response_modalities": [types.Modality.AUDIO],
        "temperature": options.temperature,
        "input_audio_transcription": {},
        "output_audio_transcription": {},
        "realtime_input_config": _realtime_input(options, seed),
    }
    if options.media_resolution:
        name = f"MEDIA_RESOLUTION_{options.media_resolution.upper()}"
        fields["media_resolution"] = types.MediaResolution(name)
    if options.voice and "voice" not in seed.left_out:
        fields["speech_config"] = {
            "voice_config": {"prebuilt_voice_config": {"voice_name": options.voice}}
        }
    if instruction := _instruction(options):
        fields["system_instruction"] = {"parts": [{"text": instruction}]}
    if "thinking" not in seed.left_out:
        fields["thinking_config"] = _thinking(options, family, warnings)
    if seed.tools:
        fields["tools"] = [_tools(options, family, seed.tools, warnings)]
    if options.compression and "compression" not in seed.left_out:
        fields["context_window_compression"] = {
            "trigger_tokens": options.compression.trigger_tokens,
            "sliding_window": {"target_tokens": options.compression.target_tokens},
        }
    if options.resumption:
        fields["session_resumption"] = {"handle": seed.handle}
    if seed.history and not seed.handle:
        fields["history_config"] = {"initial_history_in_client_content": True}
    return types.LiveConnectConfig.model_validate(fields), warnings


def behavior(options: LiveOptions, family: ModelFamily) -> str | None:
    """How tools are declared; None: as the model does by itself, which is to wait for them."""
    wanted = (options.tool_behavior or "").upper()
    if wanted in family.behaviors:
        return wanted
    return family.behaviors[0] if family.behaviors else None


def _instruction(options: LiveOptions) -> str:
    """Native audio takes no language code; it does what it is told in words."""
    language = language_instruction(options.language)
    return "\n\n".join(text for text in (options.system_instruction, language) if text)


def _realtime_input(options: LiveOptions, seed: Seed) -> types.RealtimeInputConfigDict:
    from google.genai import types

    if seed.local_turns:
        return {"automatic_activity_detection": {"disabled": True}}
    vad = options.server_vad
    detection: types.AutomaticActivityDetectionDict = {
        "silence_duration_ms": vad.silence_ms,
        "prefix_padding_ms": vad.prefix_ms,
    }
    if vad.start_sensitivity:
        name = f"START_SENSITIVITY_{vad.start_sensitivity.upper()}"
        detection["start_of_speech_sensitivity"] = types.StartSensitivity(name)
    if vad.end_sensitivity:
        name = f"END_SENSITIVITY_{vad.end_sensitivity.upper()}"
        detection["end_of_speech_sensitivity"] = types.EndSensitivity(name)
    return {"automatic_activity_detection": detection}


def _thinking(
    options: LiveOptions, family: ModelFamily, warnings: list[str]
) -> types.ThinkingConfigDict | None:
    from google.genai import types

    wanted = options.thinking
    level = (wanted.level or "").upper() if wanted else ""
    budget = wanted.budget if wanted else None
    if level and (family.thinking != "level" or level not in family.levels):
        takes = f"takes {', '.join(family.levels)}" if family.levels else "takes no level"
        warnings.append(f"thinking.level {level.lower()} left out: {options.model} {takes}")
        level = ""
    if budget is not None and family.thinking != "budget":
        warnings.append(f"thinking.budget left out: {options.model} takes none")
        budget = None
    level = level or family.default_level or ""
    if not level and budget is None:
        return None
    return {
        "thinking_level": types.ThinkingLevel(level) if level else None,
        "thinking_budget": budget,
    }


def _tools(
    options: LiveOptions,
    family: ModelFamily,
    tools: Collection[dict[str, Any]],
    warnings: list[str],
) -> types.ToolDict:
    from google.genai import types

    chosen = behavior(options, family)
    if options.tool_behavior and options.tool_behavior.upper() != (chosen or "BLOCKING"):
        warnings.append(
            f"tool_behavior {options.tool_behavior} left out: {options.model} does not offer it"
        )
    return {
        "function_declarations": [
            {
                "name": tool["name"],
                "description": tool.get("description"),
                "parameters": arguments_of(tool),
                "behavior": types.Behavior(chosen) if chosen else None,
            }
            for tool in tools
        ]
    }
