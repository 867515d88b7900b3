"""One turn as the ledger keeps it. Pure; times in ns."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.frames import Outcome, Side, TurnClosed


@dataclass
class Turn:
    """What is known of one turn."""

    turn: str
    session: str
    opened_ns: int
    asked_ns: int | None = None
    """When the user had finished asking."""
    first_sound_ns: int | None = None
    progress_ns: int = 0
    """When playback last moved."""
    typed: str = ""
    words: dict[tuple[Side, str, int], str] = field(default_factory=dict)
    """Transcripts by side, backend and epoch: several may have heard, or begun to answer."""
    by: str = ""
    unspoken: str = ""
    """What is left to say of an answer whose backend could not go on."""
    continued_from: int | None = None
    """Epoch of the answer that later ones go on with."""
    outcome: Outcome | None = None
    reason: str = ""

    @property
    def said(self) -> str:
        """What the user said: as typed, or as the answering backend understood it."""
        return self.typed or self._words(Side.USER)

    @property
    def answer(self) -> str:
        """What was answered, by the last backend that did, with what it went on with."""
        if self.continued_from is None:
            return self._words(Side.MODEL)
        own = sorted(
            (epoch, text)
            for (side, _, epoch), text in self.words.items()
            if side is Side.MODEL and epoch >= self.continued_from
        )
        return " ".join(text.strip() for _, text in own if text.strip())

    def _words(self, side: Side) -> str:
        heard = {key: text for key, text in self.words.items() if key[0] is side and text.strip()}
        own = [key for key in heard if key[1] == self.by]
        keys = own or list(heard)
        return heard[max(keys, key=lambda key: key[2])] if keys else ""

    @property
    def first_sound_ms(self) -> float | None:
        """From the end of the question to the first sound of the answer."""
        if self.first_sound_ns is None or self.asked_ns is None:
            return None
        return (self.first_sound_ns - self.asked_ns) / 1e6

    def closed(self) -> TurnClosed:
        """Return the verdict as a frame."""
        assert self.outcome is not None
        return TurnClosed(
            session=self.session,
            turn=self.turn,
            outcome=self.outcome,
            by=self.by if self.outcome is not Outcome.FAILED else "",
            reason=self.reason,
            said=self.said,
            answer=self.answer,
            first_sound_ms=self.first_sound_ms,
        )
