"""Models as clients may list them: whatever they choose, the pipeline answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from actors.backends.gemini.http.options import HttpOptions
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.wire import invalid
from actors.backends.gemini.wire.tokens import LETTERS_PER_TOKEN
from actors.gateway.gemini.refusals import UNSERVED
from pipeline.frames.turns import MOST_TEXT_CHARACTERS

METHODS = ("generateContent", "countTokens", "bidiGenerateContent")
DEFAULT_PAGE_SIZE = 50
"""Documented, of models.list."""


def model_names(chosen: Collection[str]) -> list[str]:
    """Return the names of models: those that may be chosen, and those that answer by default."""
    usual = (options.model_fields["model"].default for options in (LiveOptions, HttpOptions))
    return list(dict.fromkeys([*chosen, *usual]))


def serves(model: str) -> bool:
    """Whether a request for a model of this name is answered; what is retired is, too."""
    return bool(model) and UNSERVED.search(model) is None


def model_page(chosen: Collection[str], query: Mapping[str, str]) -> dict[str, Any]:
    """Return a page of the list as the service gives it.

    Raises:
        Invalid: there is no such page.
    """
    models = [model_entry(name) for name in model_names(chosen)]
    try:
        size = int(query.get("pageSize") or DEFAULT_PAGE_SIZE)
        start = int(query.get("pageToken") or 0)
    except ValueError:
        raise invalid("page_size and page_token are numbers.") from None
    if size < 1 or start < 0:
        raise invalid("page_size must be positive.")
    following = {"nextPageToken": str(start + size)} if start + size < len(models) else {}
    return {"models": models[start : start + size], **following}


def model_entry(name: str) -> dict[str, Any]:
    """Return a model as the service lists it."""
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "description": "Answered by the pipeline behind this gateway.",
        "inputTokenLimit": MOST_TEXT_CHARACTERS // LETTERS_PER_TOKEN,
        "supportedGenerationMethods": list(METHODS),
    }
