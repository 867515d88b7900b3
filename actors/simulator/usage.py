"""Token counts as `usageMetadata` reports them."""

import json
from collections import Counter
from typing import Any

# Published rates: audio is 25 tokens a second, an image 258 tokens, text about four letters each.
AUDIO_TOKENS_PER_S = 25
IMAGE_TOKENS = 258
LETTERS_PER_TOKEN = 4


def text_tokens(text: str) -> int:
    """Tokens of a text, at least one for any text."""
    return -(-len(text) // LETTERS_PER_TOKEN)


def audio_tokens(seconds: float) -> int:
    """Tokens of so many seconds of audio."""
    return round(seconds * AUDIO_TOKENS_PER_S)


class TokenUsage:
    """Counts what one Live session costs; `tokens` is what its context window holds."""

    def __init__(self, tokens: Counter[str]) -> None:
        self._tokens = tokens
        self._responses = 0

    def add_response(self, response: Any) -> None:
        """A function responded: that is read in the turn in progress, and context from then on."""
        self._responses += text_tokens(json.dumps(response, ensure_ascii=False))

    def report(self, response: Counter[str], thoughts: int) -> dict[str, Any]:
        """`usageMetadata` of a turn; what it cost, but for thoughts, is context from then on."""
        tool_use, self._responses = self._responses, 0
        prompt = self._tokens.total()
        result: dict[str, Any] = {
            "promptTokenCount": prompt,
            "responseTokenCount": response.total(),
            "totalTokenCount": prompt + response.total() + tool_use + thoughts,
            "promptTokensDetails": _details(self._tokens),
            "responseTokensDetails": _details(response),
        }
        if tool_use:
            result["toolUsePromptTokenCount"] = tool_use
            result["toolUsePromptTokensDetails"] = _details(Counter(TEXT=tool_use))
        if thoughts:
            result["thoughtsTokenCount"] = thoughts
        self._tokens.update(response)
        self._tokens["TEXT"] += tool_use
        return result


def http_usage(prompt: Counter[str], response: Counter[str], thoughts: int = 0) -> dict[str, Any]:
    """`usageMetadata` of one HTTP request; the keys of the counters are modalities."""
    usage: dict[str, Any] = {
        "promptTokenCount": prompt.total(),
        "candidatesTokenCount": response.total(),
        "totalTokenCount": prompt.total() + response.total() + thoughts,
        "promptTokensDetails": _details(prompt),
        "candidatesTokensDetails": _details(response),
    }
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    return usage


def counted(prompt: Counter[str]) -> dict[str, Any]:
    """The answer of `countTokens`."""
    return {"totalTokens": prompt.total(), "promptTokensDetails": _details(prompt)}


def _details(tokens: Counter[str]) -> list[dict[str, Any]]:
    return [
        {"modality": modality, "tokenCount": count}
        for modality, count in sorted(tokens.items())
        if count
    ]
