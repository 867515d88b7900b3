"""Answers over plain HTTP: generateContent for the words, Gemini TTS for the voice."""

from actors.backends.gemini.http.actor import Http
from actors.backends.gemini.http.options import HttpOptions

__all__ = ["Http", "HttpOptions"]
