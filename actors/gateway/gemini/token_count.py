"""`countTokens`: by the published rates, without asking anybody."""

from __future__ import annotations

from typing import Any

from actors.backends.gemini.wire import INVALID_ARGUMENT, invalid, read
from actors.backends.gemini.wire.contents import check_contents
from actors.backends.gemini.wire.media import read_blob
from actors.backends.gemini.wire.tokens import counted, prompt_tokens


def count_tokens(body: Any, version: str) -> dict[str, Any]:
    """Return what the service answers; decodes what came inline, which takes a while.

    Raises:
        Invalid: the request cannot be had, in the service's words.
    """
    given = read("CountTokensRequest", body, version)
    asked = given.pop("generateContentRequest", None)
    if asked is not None and given:
        raise invalid(INVALID_ARGUMENT)
    request = given if asked is None else asked
    contents = request.get("contents", [])
    check_contents(contents)
    tokens = prompt_tokens(request)
    for content in contents:
        for part in content["parts"]:
            if "inlineData" in part:
                tokens.update(read_blob(part["inlineData"]).tokens)
    return counted(tokens)
