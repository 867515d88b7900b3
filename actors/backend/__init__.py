"""What backends that answer whole turns have in common."""

from actors.backend.request import (
    AnswerFailedError,
    Heard,
    Part,
    Request,
    Sound,
    Tokens,
    Words,
)
from actors.backend.understudy import Understudy

__all__ = [
    "AnswerFailedError",
    "Heard",
    "Part",
    "Request",
    "Sound",
    "Tokens",
    "Understudy",
    "Words",
]
