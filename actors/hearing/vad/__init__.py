"""Turn detection: when the user begins and stops speaking."""

from actors.hearing.vad.actor import Vad
from actors.hearing.vad.options import VadOptions

__all__ = ["Vad", "VadOptions"]
