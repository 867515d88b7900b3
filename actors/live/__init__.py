"""A conversation over the Gemini Live API."""

from actors.live.actor import Live
from actors.live.options import LiveOptions

__all__ = ["Live", "LiveOptions"]
