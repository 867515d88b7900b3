"""Tokens billed, from `usageMetadata` of either API; what no count can be is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.backends.answer import Tokens

if TYPE_CHECKING:
    from google.genai import types

MOST_TOKENS = 2**31 - 1
"""`int32` is what the API documents for every count."""


def live_tokens(usage: types.UsageMetadata) -> Tokens:
    """Return what a piece of a Live conversation cost."""
    given = _by_modality(usage.prompt_tokens_details, usage.tool_use_prompt_tokens_details)
    made = _by_modality(usage.response_tokens_details)
    _fill(given, "text", usage.prompt_token_count)
    _fill(made, "audio", usage.response_token_count)
    _think(made, usage.thoughts_token_count)
    return Tokens(given, made, _count(usage.total_token_count))


def http_tokens(
    model: str, usage: types.GenerateContentResponseUsageMetadata, spoken: str
) -> Tokens:
    """Return what a response cost.

    Args:
        model: That was asked.
        usage: As the server reports it.
        spoken: Modality of the output where the report does not tell: text or audio.
    """
    given = _by_modality(usage.prompt_tokens_details)
    made = _by_modality(usage.candidates_tokens_details)
    _fill(given, "text", usage.prompt_token_count)
    _fill(made, spoken, usage.candidates_token_count)
    _think(made, usage.thoughts_token_count)
    return Tokens(given, made, _count(usage.total_token_count), model)


def _by_modality(*groups: list[types.ModalityTokenCount] | None) -> dict[str, int]:
    tokens: dict[str, int] = {}
    for group in groups:
        for each in group or []:
            name = each.modality.value.lower() if each.modality else "text"
            tokens[name] = tokens.get(name, 0) + _count(each.token_count)
    return tokens


def _fill(tokens: dict[str, int], modality: str, count: int | None) -> None:
    """Where the report has no details, all is of one modality."""
    if not tokens and (known := _count(count)):
        tokens[modality] = known


def _think(made: dict[str, int], count: int | None) -> None:
    if known := _count(count):
        made["text"] = made.get("text", 0) + known


def _count(reported: int | None) -> int:
    return reported if reported is not None and 0 < reported <= MOST_TOKENS else 0
