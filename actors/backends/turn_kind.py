"""Where a turn comes from, and what stands for the words of one that nobody said."""

from __future__ import annotations

from enum import Enum, auto

RESULT_IS_HERE = (
    "The function {name}, which you called with {args}, has now responded: {response} "
    "Tell the user what came of it."
)
"""What a model is told whose connection broke while a function was under way: the service knows the
call no more."""
SPEAK_FIRST = "Begin the conversation now: speak first, as your instruction says."
"""What a model is told that is to speak first; services wait for the user otherwise."""

SAY_THE_REST = (
    "You have begun to answer this of the user: {said!r} They have heard of your answer: {heard!r} "
    "Say the rest of it now, word for word and nothing else: {rest}"
)
"""What a model is told that is to go on with the answer of another backend."""


class TurnKind(Enum):
    """Where the turn comes from."""

    SPOKEN = auto()
    """Cut by the local voice activity detector."""
    TYPED = auto()
    PROMPTED = auto()
    """Nobody asked: the model is to speak first."""
    CONTINUED = auto()
    """Another backend has given a part of the answer: the model is to say the rest."""
    HEARD = auto()
    """Found by the server in the stream."""
    REPORTED = auto()
    """Nobody asks: the model is told what came of a function, to tell it the user."""
    UNASKED = auto()
    """Nobody asks: the service speaks."""
