"""A body of `generateContent`, read and checked as the service does."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from actors.backends.gemini.wire import check_functions, invalid, read
from actors.backends.gemini.wire.contents import check_contents, text_of
from actors.backends.gemini.wire.generation_config import GenerationConfig, ToolConfig
from actors.backends.gemini.wire.http_error import (
    HttpError,
    no_cached_content,
    other_modalities,
    too_many_tokens,
)
from actors.backends.gemini.wire.tokens import prompt_tokens
from actors.simulator.capabilities import HttpFamily, SimulatedModel
from actors.simulator.grounding import may_search
from actors.simulator.signatures import check_signatures

REQUEST = "GenerateContentRequest"


@dataclass
class ContentRequest:
    """A checked request. `tokens` are those of the prompt, by modality."""

    model: SimulatedModel
    family: HttpFamily
    contents: list[dict[str, Any]]
    config: dict[str, Any]
    generation: GenerationConfig
    functions: list[dict[str, Any]]
    tool_config: ToolConfig
    searches: bool = False
    system_instruction: str = ""
    tokens: Counter[str] = field(default_factory=Counter)

    @classmethod
    def parse(
        cls, body: Any, model: SimulatedModel, family: HttpFamily, version: str = "v1beta"
    ) -> "ContentRequest":
        """Checks a body. Raises Invalid or HttpError."""
        request = read(REQUEST, body, version)
        contents = request.get("contents", [])
        check_contents(contents)
        if family.signatures == "demanded":
            check_signatures(contents)
        if request.get("cachedContent"):
            raise no_cached_content()
        config = request.get("generationConfig", {})
        functions = check_functions(request.get("tools", []), REQUEST)
        return cls(
            model=model,
            family=family,
            contents=contents,
            config=config,
            generation=GenerationConfig.parse(config),
            functions=functions,
            tool_config=ToolConfig.parse(request.get("toolConfig", {}), functions),
            searches=may_search(request.get("tools", [])),
            system_instruction=text_of(request.get("systemInstruction", {})),
            tokens=prompt_tokens(request),
        )

    @property
    def responses(self) -> list[dict[str, Any]]:
        """What functions respond in the newest content."""
        parts = self.contents[-1]["parts"]
        return [part["functionResponse"] for part in parts if "functionResponse" in part]

    def check_window(self) -> None:
        """Raises HttpError if the prompt, with what came inline, is too long for the model."""
        total, window = self.tokens.total(), self.model.input_tokens
        if total > window:
            raise HttpError(400, "INVALID_ARGUMENT", too_many_tokens(total, window))

    def check_modality(self, only: str) -> None:
        """Raises Invalid if the answer is wanted in another modality."""
        wanted = self.config.get("responseModalities") or ["TEXT"]
        if wanted != [only]:
            raise invalid(other_modalities(wanted, self.model.id, (only,)))
