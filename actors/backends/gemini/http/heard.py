"""What the user said, in front of the answer.

The model is told to begin with a line of what it heard, which costs no request of its own and a
few words of delay. It is a request, not a rule: a model that leaves the line out, forgets its end
or puts something around it must still be understood.
"""

from __future__ import annotations

import re
from enum import Enum, auto

INSTRUCTION = (
    "The newest message of the user is a sound recording. Begin your reply with one line that "
    "holds exactly the words spoken in it, in their language, like this: <heard>the words</heard> "
    "Then give your answer on the next line, without a word about the first line."
)
OPEN, CLOSE = "<heard>", "</heard>"
LONGEST = 4000
"""Characters of transcript after which its end was forgotten: four minutes of fast talk."""
_FRAME = " \t\r\n`*_\"'"
"""What models put around a line of markup."""
_END = re.compile(re.escape(CLOSE) + r"[`*_\"']*\s*", re.IGNORECASE)


class ReplyPhase(Enum):
    """Where in the reply."""

    BEFORE = auto()
    HEARD = auto()
    AFTER = auto()


class HeardSplitter:
    """Takes a reply in pieces; parts the user's words from the answer."""

    def __init__(self) -> None:
        self.heard = ""
        """The user's words, once `feed` or `flush` has seen their end."""
        self._phase = ReplyPhase.BEFORE
        self._held = ""

    def feed(self, text: str) -> str:
        """Return what of the text belongs to the answer for certain."""
        self._held += text
        if self._phase is ReplyPhase.BEFORE:
            self._look_for_start()
        if self._phase is ReplyPhase.HEARD:
            self._look_for_end()
        return self._take() if self._phase is ReplyPhase.AFTER else ""

    def flush(self) -> str:
        """The reply ends; return what is left of the answer."""
        if self._phase is ReplyPhase.HEARD:
            self._look_for_end(over=True)
        self._phase = ReplyPhase.AFTER
        return self._take()

    def _take(self) -> str:
        held, self._held = self._held, ""
        return held

    def _look_for_start(self) -> None:
        begun = self._held.lstrip(_FRAME).casefold()
        if begun.startswith(OPEN):
            at = self._held.casefold().index(OPEN) + len(OPEN)
            self._held = self._held[at:]
            self._phase = ReplyPhase.HEARD
        elif begun and not OPEN.startswith(begun):
            self._phase = ReplyPhase.AFTER

    def _look_for_end(self, *, over: bool = False) -> None:
        found = _END.search(self._held)
        if found is not None:
            words, rest = self._held[: found.start()], self._held[found.end() :]
            # What frames the line may go on in the next piece.
            ends = bool(rest) or over
        else:
            # An end that never came: the first line are the words, the rest is the answer.
            words, _, rest = self._held.partition("\n")
            ends = over or len(self._held) > LONGEST
        if found is not None or ends:
            self.heard = " ".join(words.split())
        if ends:
            self._held = rest
            self._phase = ReplyPhase.AFTER
