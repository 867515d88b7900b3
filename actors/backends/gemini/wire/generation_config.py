"""What `generationConfig` and `toolConfig` ask of an answer, within the limits of the service."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from actors.backends.gemini.wire.encoding import snake_case
from actors.backends.gemini.wire.invalid import INVALID_ARGUMENT, invalid, violation

# Published limits.
MAX_TEMPERATURE = 2.0
MAX_CANDIDATES = 8
MAX_STOP_SEQUENCES = 5
JSON_TYPE, ENUM_TYPE, PLAIN_TYPE = "application/json", "text/x.enum", "text/plain"
MIME_TYPES = (PLAIN_TYPE, JSON_TYPE, "application/xml", "application/yaml", ENUM_TYPE)


class Calling(Enum):
    """Whether functions may, must or must not be called."""

    FREE = "AUTO"
    FORCED = "ANY"
    BARRED = "NONE"


MODES = {
    "MODE_UNSPECIFIED": Calling.FREE,
    "AUTO": Calling.FREE,
    "VALIDATED": Calling.FREE,
    "ANY": Calling.FORCED,
    "NONE": Calling.BARRED,
}


@dataclass(frozen=True)
class GenerationConfig:
    """A checked config. `max_tokens` 0 means no limit but the model's."""

    max_tokens: int = 0
    stop_sequences: list[str] = field(default_factory=list)
    candidates: int = 1
    mime_type: str = PLAIN_TYPE
    schema: dict[str, Any] | None = None
    show_thoughts: bool = False

    @classmethod
    def parse(cls, config: dict[str, Any]) -> "GenerationConfig":
        """Checks a `generationConfig` that has been read. Raises Invalid."""
        check_range(config, "temperature", 0.0, MAX_TEMPERATURE)
        check_range(config, "topP", 0.0, 1.0)
        if config.get("topK") is not None and config["topK"] <= 0:
            raise violation("generation_config.top_k", "top_k must be positive.")
        tokens = config.get("maxOutputTokens")
        if tokens is not None and tokens <= 0:
            raise violation(
                "generation_config.max_output_tokens", "max_output_tokens must be positive."
            )
        candidates = config.get("candidateCount") or 1
        if not 1 <= candidates <= MAX_CANDIDATES:
            raise violation(
                "generation_config.candidate_count",
                f"candidate_count must be in the range [1, {MAX_CANDIDATES}].",
            )
        stops = config.get("stopSequences") or []
        if len(stops) > MAX_STOP_SEQUENCES:
            raise violation(
                "generation_config.stop_sequences",
                f"at most {MAX_STOP_SEQUENCES} stop_sequences are allowed.",
            )
        thinking = config.get("thinkingConfig", {})
        return cls(
            max_tokens=tokens or 0,
            stop_sequences=stops,
            candidates=candidates,
            mime_type=_mime_type(config),
            schema=_schema(config),
            show_thoughts=bool(thinking.get("includeThoughts")),
        )

    @property
    def structured(self) -> bool:
        """Whether the answer is a value and no prose."""
        return self.mime_type in (JSON_TYPE, ENUM_TYPE)


@dataclass(frozen=True)
class ToolConfig:
    """A checked `toolConfig`; without `allowed` any function may be called."""

    calling: Calling = Calling.FREE
    allowed: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, config: dict[str, Any], functions: list[dict[str, Any]]) -> "ToolConfig":
        """Checks a `toolConfig` that has been read. Raises Invalid."""
        wanted = config.get("functionCallingConfig", {})
        mode = wanted.get("mode") or "AUTO"
        allowed = frozenset(wanted.get("allowedFunctionNames") or [])
        path = "tool_config.function_calling_config.allowed_function_names"
        if allowed and mode not in ("ANY", "VALIDATED"):
            raise violation(path, "should only be set when mode is ANY or VALIDATED.")
        unknown = allowed - {str(function.get("name")) for function in functions}
        if unknown:
            raise violation(path, f"not declared: {', '.join(sorted(unknown))}.")
        calling = MODES[str(mode)]
        if calling is Calling.FORCED and not functions:
            raise invalid("Function calling config is set without function_declarations.")
        return cls(calling, allowed)

    def offered(self, functions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of the functions that may be called."""
        if self.calling is Calling.BARRED:
            return []
        return [each for each in functions if not self.allowed or each["name"] in self.allowed]


def check_range(
    config: dict[str, Any],
    name: str,
    least: float,
    most: float,
    request: str = "GenerateContentRequest",
) -> None:
    """Checks a number of a `generationConfig`, if it is there. Raises Invalid."""
    value = config.get(name)
    if value is None or least <= value <= most:
        return
    snake = snake_case(name)
    what = f"{snake} must be in the range [{least}, {most}]."
    raise violation(f"generation_config.{snake}", what, request)


def _mime_type(config: dict[str, Any]) -> str:
    given = str(config.get("responseMimeType") or PLAIN_TYPE)
    if given not in MIME_TYPES:
        raise violation(
            "generation_config.response_mime_type",
            "allowed mimetypes are `text/plain`, `application/json`, `application/xml`, "
            "`application/yaml` and `text/x.enum`.",
        )
    return given


def _schema(config: dict[str, Any]) -> dict[str, Any] | None:
    given = [
        name
        for name in ("responseSchema", "responseJsonSchema", "_responseJsonSchema")
        if config.get(name) is not None
    ]
    if not given:
        return None
    if len(given) > 1:
        raise violation(
            "generation_config", "only one of response_schema and response_json_schema may be set."
        )
    schema = config[given[0]]
    if not isinstance(schema, dict):
        raise invalid(INVALID_ARGUMENT)
    if str(config.get("responseMimeType") or PLAIN_TYPE) not in (JSON_TYPE, ENUM_TYPE):
        raise violation(
            "generation_config.response_schema",
            "response_mime_type must be application/json or text/x.enum with a schema.",
        )
    return schema
