"""Answers over plain HTTP: generateContent for the words, Gemini TTS for the voice."""

from actors.http.actor import Http
from actors.http.options import HttpOptions

__all__ = ["Http", "HttpOptions"]
