"""What a Live session wants to read of what was said, and hints for whoever writes it down."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

# The recogniser and the voice of the simulator know this language and no other.
SPOKEN_LANGUAGE = "en-US"
# How alike words must be to be taken for a phrase of the vocabulary: one letter of five may differ.
ALIKE = 0.8
# Documented limit of phrases in a vocabulary.
MAX_PHRASES = 1000


@dataclass(frozen=True)
class TranscriptionConfig:
    """An `AudioTranscriptionConfig`. Without a language transcripts do not name one."""

    language: str = ""
    vocabulary: tuple[str, ...] = ()

    @classmethod
    def parse(
        cls, given: dict[str, Any] | None, *, named: str = ""
    ) -> "TranscriptionConfig | None":
        """Takes a message that has been read; `named` is the language if it has none."""
        if given is None:
            return None
        hints = given.get("languageHints", {}).get("languageCodes", [])
        codes = given.get("languageCodes") or hints
        phrases = [*given.get("customVocabulary", []), *given.get("adaptationPhrases", [])]
        spoken = [phrase for phrase in phrases if phrase.strip()]
        return cls(_language(codes) if codes else named, tuple(spoken[:MAX_PHRASES]))

    def message(self, text: str) -> dict[str, Any]:
        """A `Transcription`."""
        return {"text": text, "languageCode": self.language} if self.language else {"text": text}

    def corrected(self, text: str) -> str:
        """The text with phrases of the vocabulary where something very like them was heard."""
        words = text.split()
        for phrase in self.vocabulary:
            _replace(words, phrase)
        return " ".join(words)


def _language(codes: list[str]) -> str:
    """Of languages that may be spoken, the one that is."""
    spoken = SPOKEN_LANGUAGE.partition("-")[0]
    fitting = [code for code in codes if code.replace("_", "-").partition("-")[0].lower() == spoken]
    return (fitting or codes)[0]


def _replace(words: list[str], phrase: str) -> None:
    length = len(phrase.split())
    wanted = phrase.casefold()
    start = 0
    while start + length <= len(words):
        heard = " ".join(words[start : start + length])
        bare = heard.strip(".,!?;:")
        if _alike(bare.casefold(), wanted):
            words[start : start + length] = [heard.replace(bare, phrase, 1)]
        start += 1


def _alike(heard: str, wanted: str) -> bool:
    longest_ratio = 2 * min(len(heard), len(wanted)) / max(1, len(heard) + len(wanted))
    return longest_ratio >= ALIKE and SequenceMatcher(None, heard, wanted).ratio() >= ALIKE
