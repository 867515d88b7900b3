"""The user's words on their way to the client: in fragments, apart from the turn they are of."""

import random
from collections import deque
from collections.abc import Callable

# Words a fragment holds, as recorded from the service.
FEWEST_WORDS, MOST_WORDS = 1, 3


class Transcripts:
    """Holds what has been understood and not been sent; `send` takes a fragment, or a whole one."""

    def __init__(
        self, send: Callable[[str], None], source: random.Random, *, whole: bool = False
    ) -> None:
        self._send = send
        self._random = source
        self._whole = whole
        self._owed: deque[str] = deque()

    def add(self, text: str) -> None:
        """More words were understood."""
        self._owed.extend([text] if self._whole else fragments(text, self._random))

    def send_one(self) -> None:
        """Sends the next fragment, if there is one."""
        if self._owed:
            self._send(self._owed.popleft())

    def send_all(self) -> None:
        """Sends everything."""
        while self._owed:
            self.send_one()


def fragments(text: str, source: random.Random) -> list[str]:
    """The text in pieces of few words which, joined as they are, make it up again."""
    words, cut, start = text.split(), [], 0
    while start < len(words):
        end = start + source.randint(FEWEST_WORDS, MOST_WORDS)
        cut.append((" " if start else "") + " ".join(words[start:end]))
        start = end
    return cut
