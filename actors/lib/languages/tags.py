"""Names of languages: BCP-47 codes, one or several, and what people call them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

TABLES = Path(__file__).parent
ENGLISH = "en"
OLD_CODES = {"iw": "he", "in": "id", "ji": "yi", "cmn": "zh"}
"""Codes that ISO 639 replaced, and the one by which voices call Chinese."""
ENGLISH_NAMES = {
    "arabic": "ar",
    "chinese": "zh",
    "english": "en",
    "french": "fr",
    "german": "de",
    "hebrew": "he",
    "hindi": "hi",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
    "thai": "th",
    "turkish": "tr",
}
"""The option `language` takes a name, too; any other is said by its code."""
WITHOUT_SPACES = ("ja", "zh", "th")
"""Languages that put no space between words."""
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
)
"""The language that most people write in a script; kana first, as Japanese has Han signs, too."""
_WRITTEN_LIKE = {
    **{code: code for code, _ in _SCRIPTS},
    **dict.fromkeys(("mr", "ne", "sa", "kok"), "hi"),
    **dict.fromkeys(("fa", "ur", "ps", "sd", "ug"), "ar"),
    **dict.fromkeys(("uk", "bg", "be", "sr", "mk", "kk", "ky"), "ru"),
    **dict.fromkeys(("yue", "hak"), "zh"),
    "yi": "he",
}
"""By language, the one that stands for its script, unless it is Latin."""


def script_of(language: str) -> str | None:
    """Return the language that stands for the script of another; None: it has Latin letters."""
    return _WRITTEN_LIKE.get(base_of(language))


def base_of(language: str) -> str:
    """Return the code without script and region: `de` of `de-AT`, `German` and `DE_de`."""
    plain = language.strip().casefold().replace("_", "-")
    plain = ENGLISH_NAMES.get(plain, plain).split("-")[0]
    return OLD_CODES.get(plain, plain)


def scripts_in(text: str) -> set[str]:
    """Return the languages that the scripts of a text tell of."""
    return {code for code, script in _SCRIPTS if script.search(text)}


def written_in(text: str) -> str | None:
    """Return the language that a script tells of; None for those of Latin letters."""
    return next((code for code, script in _SCRIPTS if script.search(text)), None)


@cache
def tabled() -> tuple[str, ...]:
    """Return the languages that have a table, English first."""
    codes = sorted(path.stem for path in TABLES.glob("*.yaml"))
    return (ENGLISH, *(code for code in codes if code != ENGLISH))
