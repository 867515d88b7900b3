"""Chat completions as OpenAI defined them and Ollama, llama.cpp, vLLM and others give them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import GreenroomError

MOST_TOKENS = 300
"""Two minutes of speech: a model that does not stop by itself is stopped."""
MOST_CHARACTERS = 6_000
"""Of one completion, text and arguments together: five times as many as so many tokens make."""
MOST_CALLS = 8
"""In one completion: more is a model that has gone astray."""


class MindError(GreenroomError):
    """The model gave no answer, or not to its end."""


class NoToolsError(MindError):
    """The model is not made to call functions."""


@dataclass(frozen=True)
class ChatRequest:
    """What a model is asked.

    Attributes:
        messages: Of system, user, assistant and tool, oldest first.
        tools: Declarations of functions.
        temperature: None: the model's own.
    """

    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    temperature: float | None = None

    def body(self) -> dict[str, Any]:
        """As parameters of a completion."""
        body: dict[str, Any] = {
            "messages": self.messages,
            "stream": True,
            "max_tokens": MOST_TOKENS,
        }
        if self.tools:
            body["tools"] = self.tools
        if self.temperature is not None:
            body["temperature"] = self.temperature
        return body


@dataclass
class ChatCall:
    """A function that the model calls; the arguments come in pieces."""

    call_id: str
    name: str = ""
    arguments: str = ""

    def parsed(self) -> dict[str, Any] | None:
        """The arguments; None: they are no JSON object."""
        try:
            read = json.loads(self.arguments or "{}")
        except (ValueError, RecursionError):
            return None
        return read if isinstance(read, dict) else None

    def to_json(self) -> dict[str, Any]:
        """As the model is shown it again."""
        called = {"name": self.name, "arguments": self.arguments or "{}"}
        return {"id": self.call_id, "type": "function", "function": called}


@dataclass
class Completion:
    """One answer of the model as it comes."""

    text: str = ""
    calls: dict[int, ChatCall] = field(default_factory=dict)
    _size: int = 0

    def add(self, chunk: Any) -> str:
        """Take a chunk of a stream, or a completion that came whole; return its text.

        Raises:
            MindError: it is none, reports an error, or goes on for ever.
        """
        try:
            return self._add(chunk)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise MindError(f"not a chat completion: {str(chunk)[:200]}") from error

    def _add(self, chunk: Any) -> str:
        if not isinstance(chunk, Mapping):
            raise TypeError("no object")
        if chunk.get("error"):
            raise MindError(f"the server says: {str(chunk['error'])[:200]}")
        choices = chunk["choices"]
        if not choices:
            return ""
        said = choices[0].get("delta") or choices[0].get("message") or {}
        for position, call in enumerate(said.get("tool_calls") or []):
            self._called(call, position)
        text = said.get("content")
        text = text if isinstance(text, str) else ""
        self.text += text
        self._size += len(text)
        if self._size > MOST_CHARACTERS:
            raise MindError(f"the model says more than {MOST_CHARACTERS} characters without an end")
        return text

    def _called(self, call: Any, position: int) -> None:
        index = call.get("index", position)
        function = call.get("function") or {}
        known = self.calls.setdefault(index, ChatCall(call.get("id") or f"call_{index}"))
        if len(self.calls) > MOST_CALLS:
            raise MindError(f"the model calls more than {MOST_CALLS} functions at once")
        known.name = known.name or str(function.get("name") or "")
        arguments = function.get("arguments") or ""
        # Some servers send an object where the others send its JSON.
        piece = arguments if isinstance(arguments, str) else json.dumps(arguments)
        known.arguments += piece
        self._size += len(piece)
