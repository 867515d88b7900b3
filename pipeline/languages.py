"""Languages of a session: one or several, in one text."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator


def joined_languages(named: Any) -> Any:
    """Return a list of languages as one text, with commas between them; anything else as it is."""
    if isinstance(named, list) and all(isinstance(each, str) for each in named):
        return ", ".join(each.strip() for each in named) or None
    return named


def languages_of(named: str | None) -> tuple[str, ...]:
    """Return the languages in `de-DE, hi`, the likeliest first; a name counts as one."""
    parts = (part.strip() for part in (named or "").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


Languages = Annotated[
    str | None,
    BeforeValidator(joined_languages, json_schema_input_type=str | list[str] | None),
]
"""One language or several, by name or code; kept with commas between them."""
