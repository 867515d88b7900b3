"""Turn detection: when the user begins and stops speaking."""

from actors.vad.actor import Vad, VadOptions

__all__ = ["Vad", "VadOptions"]
