"""Turn detection: when the user begins and stops speaking."""

from actors.vad.actor import Vad
from actors.vad.options import VadOptions

__all__ = ["Vad", "VadOptions"]
