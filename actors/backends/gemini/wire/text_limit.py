"""Where the text of an answer ends: a stop sequence, or so many tokens. Pure."""

from collections.abc import Sequence

from actors.backends.gemini.wire.tokens import LETTERS_PER_TOKEN

STOP, MAX_TOKENS = "STOP", "MAX_TOKENS"
"""Values of `finishReason`."""


class TextLimit:
    """Lets the pieces of a text through up to its end.

    Args:
        stops: A text that has one of these ends before it.
        max_tokens: Most tokens of it; 0: no limit.
    """

    def __init__(self, stops: Sequence[str] = (), max_tokens: int = 0) -> None:
        self._stops = [stop for stop in stops if stop]
        self._left = max_tokens * LETTERS_PER_TOKEN if max_tokens else None
        self._held = ""
        self.finish: str | None = None
        """Why the text ended here; None: it goes on."""

    def take(self, piece: str, *, last: bool = False) -> str:
        """Return what of the text may be said now; what may begin a stop sequence waits."""
        if self.finish is not None:
            return ""
        text, self._held = self._held + piece, ""
        found = [at for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            text, self.finish = text[: min(found)], STOP
        elif not last:
            begun = self._begun(text)
            text, self._held = text[: len(text) - begun], text[len(text) - begun :]
        if self._left is not None:
            if len(text) > self._left:
                text, self.finish = text[: self._left], MAX_TOKENS
            self._left -= len(text)
        return text

    def _begun(self, text: str) -> int:
        """How many letters at the end may be the beginning of a stop sequence."""
        return max(
            (
                count
                for stop in self._stops
                for count in range(1, len(stop))
                if text.endswith(stop[:count])
            ),
            default=0,
        )
