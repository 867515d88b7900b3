"""Settings that every backend with a model has; a session may ask for other values of them."""

from __future__ import annotations

from pydantic import Field

from pipeline.actor import Options
from pipeline.languages import Languages, languages_of

LONGEST_ANSWER_S = 600.0
"""Gemini keeps a connection for about ten minutes (its documentation): what has not ended
by then never would have on it."""


class MannerOptions(Options):
    """Which model answers, as whom, and in which voice and language."""

    model: str = Field("", description="Name of a model.")
    voice: str | None = Field(None, description="Name of a voice; null: the service's own choice.")
    language: Languages = Field(
        None,
        description="Language to answer in; of several, the one the user speaks; null: whichever "
        "the user speaks.",
    )
    system_instruction: str | None = Field(None, description="Who the model is.")
    temperature: float | None = Field(None, ge=0, le=2)
    longest_answer_s: float = Field(
        LONGEST_ANSWER_S, gt=0, description="An answer that is longer, or takes longer, ends there."
    )


def longest_answer_s(manner: Options) -> float:
    """Return how long an answer may be, in s; a backend without a model has no say in it."""
    return manner.longest_answer_s if isinstance(manner, MannerOptions) else LONGEST_ANSWER_S


def language_instruction(named: str | None) -> str:
    """Return what a model is told of the language of its answers; empty: nothing."""
    languages = languages_of(named)
    if not languages:
        return ""
    if len(languages) == 1:
        return f"Always answer in this language: {languages[0]}."
    return (
        f"Answer in the language that the user speaks, if it is one of these: "
        f"{', '.join(languages)}; else in {languages[0]}."
    )
