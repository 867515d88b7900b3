"""Tokens billed, from `usageMetadata`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.backends.answer import Tokens

if TYPE_CHECKING:
    from google.genai import types


def tokens_of(model: str, usage: types.GenerateContentResponseUsageMetadata, spoken: str) -> Tokens:
    """Return what a response cost.

    Args:
        model: That was asked.
        usage: As the server reports it.
        spoken: Modality of the output where the report does not tell: text or audio.
    """
    given = _by_modality(usage.prompt_tokens_details)
    if not given and usage.prompt_token_count:
        given = {"text": usage.prompt_token_count}
    made = _by_modality(usage.candidates_tokens_details)
    if not made and usage.candidates_token_count:
        made = {spoken: usage.candidates_token_count}
    if usage.thoughts_token_count:
        made["text"] = made.get("text", 0) + usage.thoughts_token_count
    return Tokens(given, made, usage.total_token_count or 0, model)


def _by_modality(details: list[types.ModalityTokenCount] | None) -> dict[str, int]:
    tokens: dict[str, int] = {}
    for each in details or []:
        name = each.modality.value.lower() if each.modality else "text"
        tokens[name] = tokens.get(name, 0) + (each.token_count or 0)
    return tokens
