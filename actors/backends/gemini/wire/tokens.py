"""Token counts as `usageMetadata` of a request over HTTP reports them."""

import json
from collections import Counter
from typing import Any

from actors.backends.gemini.wire.contents import text_of

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


def http_usage(prompt: Counter[str], response: Counter[str], thoughts: int = 0) -> dict[str, Any]:
    """`usageMetadata` of one HTTP request; the keys of the counters are modalities."""
    usage: dict[str, Any] = {
        "promptTokenCount": prompt.total(),
        "candidatesTokenCount": response.total(),
        "totalTokenCount": prompt.total() + response.total() + thoughts,
        "promptTokensDetails": details(prompt),
        "candidatesTokensDetails": details(response),
    }
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    return usage


def counted(prompt: Counter[str]) -> dict[str, Any]:
    """The answer of `countTokens`."""
    return {"totalTokens": prompt.total(), "promptTokensDetails": details(prompt)}


def details(tokens: Counter[str]) -> list[dict[str, Any]]:
    """Tokens by modality, as usage has them."""
    return [
        {"modality": modality, "tokenCount": count}
        for modality, count in sorted(tokens.items())
        if count
    ]


def prompt_tokens(request: dict[str, Any]) -> Counter[str]:
    """Tokens of everything but what came inline, which is counted where it is read."""
    texts = [text_of(request.get("systemInstruction", {}))]
    texts += [json.dumps(tool, ensure_ascii=False) for tool in request.get("tools", [])]
    for content in request.get("contents", []):
        texts.append(text_of(content))
        texts += [
            json.dumps(part[kind], ensure_ascii=False)
            for part in content["parts"]
            for kind in ("functionCall", "functionResponse")
            if kind in part
        ]
    return Counter(TEXT=sum(text_tokens(text) for text in texts))
