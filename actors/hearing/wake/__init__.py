"""When the robot listens: always, after a word, or while a key is held."""

from actors.hearing.wake.actor import Wake
from actors.hearing.wake.options import WakeOptions

__all__ = ["Wake", "WakeOptions"]
