"""Token counts as `usageMetadata` of a Live session reports them."""

import json
from collections import Counter
from typing import Any

from actors.backends.gemini.wire.tokens import details, text_tokens


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
            "promptTokensDetails": details(self._tokens),
            "responseTokensDetails": details(response),
        }
        if tool_use:
            result["toolUsePromptTokenCount"] = tool_use
            result["toolUsePromptTokensDetails"] = details(Counter(TEXT=tool_use))
        if thoughts:
            result["thoughtsTokenCount"] = thoughts
        self._tokens.update(response)
        self._tokens["TEXT"] += tool_use
        return result
