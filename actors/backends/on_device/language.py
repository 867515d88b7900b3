"""Which of a session's languages a turn is in."""

from __future__ import annotations

from actors.backends.on_device.intents import english
from actors.lib.languages.phrases import Phrases, phrases_of
from actors.lib.languages.tags import ENGLISH, script_of, tabled, written_in

DEFAULT = (ENGLISH,)


def language_of(said: str, languages: tuple[str, ...]) -> str:
    """Return the language of what was typed, or is to be read out.

    Args:
        said: The words.
        languages: Of the session, the likeliest first; none: any that the device has a table of.
    """
    candidates = languages or tabled()
    script = written_in(said)
    alike = [each for each in candidates if script_of(each) == script]
    # Signs that Chinese and Japanese share.
    alike = alike or [each for each in candidates if script == "zh" and script_of(each) == "ja"]
    known = (each for each in alike if _means_something(said, each))
    return next(known, alike[0] if alike else candidates[0])


def phrases_for(language: str) -> tuple[Phrases, str]:
    """Return what the device says by itself in a language, and which language that is then."""
    phrases = phrases_of(language)
    return (phrases, language) if phrases is not None else (english(), DEFAULT[0])


def _means_something(said: str, language: str) -> bool:
    phrases = phrases_of(language)
    return phrases is not None and phrases.intent_of(said) is not None
