"""Which turn is answered, and when an answer is given up: no clock, no socket.

The newest thing the user said counts. What was said before it and got no sound of an answer
becomes the first part of it: a sentence spoken in two breaths is answered as one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from actors.backends.newest import Newest
from actors.backends.turn_kind import SPEAK_FIRST, TurnKind
from actors.backends.turnwise.turn import Material, TurnStage, WholeTurn

KEPT_TURNS = 64
"""Open turns that are kept where nobody says which are closed: more than 120 s of sound hold."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Answer this turn; `line` is what was typed in it, if anything was."""

    turn: str
    epoch: int
    material: Material
    line: str = ""
    kind: TurnKind = TurnKind.SPOKEN


@dataclass(frozen=True, slots=True)
class Interrupt:
    """This turn gets no more of an answer: the user went on, or it is closed."""

    turn: str
    epoch: int


@dataclass(frozen=True, slots=True)
class AbortAnswer:
    """Another backend owns the turn: stop answering it without a word."""

    turn: str


Step = Begin | Interrupt | AbortAnswer


@dataclass
class Turns:
    """The turns of one session, oldest first; `owned` says that they are answered here."""

    owned: bool
    epoch: int = 0
    answered: Newest[int] = field(default_factory=Newest)
    """Epoch in which an answer of a turn last ended here: there is one in each epoch at most."""
    over: Newest[None] = field(default_factory=Newest)
    _turns: dict[str, WholeTurn] = field(default_factory=dict)
    _called: Newest[WholeTurn] = field(default_factory=Newest)
    """Turns that the user went on from while a tool was called for."""

    def speech_started(self, name: str, position: int) -> list[Step]:
        """The user speaks from sample `position` on."""
        if name in self.over or name in self._turns:
            return []
        for turn in self._turns.values():
            if turn.stage is TurnStage.SPEAKING and turn.start is not None:
                self._complete(turn, max(turn.start, position))
        return self._add(WholeTurn(name, start=position))

    def speech_ended(self, name: str, start: int, end: int) -> list[Step]:
        """The last sample of the turn is the one before `end`."""
        steps = self.speech_started(name, start)
        turn = self._turns.get(name)
        if turn is None or turn.stage is not TurnStage.SPEAKING:
            return steps
        self._complete(turn, end)
        # Whatever was typed meanwhile is older than the end of the sentence.
        self._turns[name] = self._turns.pop(name)
        return steps + self._supersede() + self._begin()

    def typed(self, name: str, line: str) -> list[Step]:
        """The user typed a turn."""
        if name in self.over or name in self._turns:
            return []
        return self._write(name, TurnKind.TYPED, line)

    def speak_first(self, name: str) -> list[Step]:
        """The model begins the conversation, if it has not begun."""
        return [] if self.over or self._turns else self._write(name, TurnKind.PROMPTED, SPEAK_FIRST)

    def restore(self, over: list[str], answered: dict[str, int]) -> None:
        """Know what an earlier process knew: what is closed, and which answers have ended."""
        self.over.update(dict.fromkeys(over))
        for name, epoch in answered.items():
            self.note_answered(name, epoch)

    def closed(self, name: str) -> list[Step]:
        """The turn has its outcome."""
        turn = self._turns.get(name)
        self._bury(name)
        answering = turn is not None and turn.stage is TurnStage.ANSWERING
        return [Interrupt(name, self.epoch)] if answering else []

    def answered_elsewhere(self, name: str) -> None:
        """Another backend gave a whole answer."""
        turn = self._turns.get(name)
        if turn is not None and turn.stage is not TurnStage.ANSWERING:
            self._bury(name)

    def route(self, *, owned: bool, epoch: int) -> list[Step]:
        """The route changed."""
        if epoch < self.epoch or (owned, epoch) == (self.owned, self.epoch):
            return []
        steps: list[Step] = []
        for turn in self._turns.values():
            if turn.stage is TurnStage.ANSWERING:
                turn.stage = TurnStage.COMPLETE
                steps.append(AbortAnswer(turn.name))
        self.owned, self.epoch = owned, epoch
        return steps + self._supersede() + self._begin()

    def sounded(self, name: str) -> None:
        """Some of an answer to this turn was sent or heard: it is no part of the next turn."""
        if name in self._turns:
            self._turns[name].sounded = True

    def called(self, name: str) -> None:
        """A tool was called for this turn: what it does must not be asked for again."""
        if name in self._turns:
            self._turns[name].called = True

    def called_off(self, name: str) -> None:
        """The tool was not run, as the user went on: what was asked is part of the next turn."""
        if name in self._turns:
            self._turns[name].called = False
            return
        turn = self._called.pop(name, None)
        newest = next(reversed(self._turns.values()), None)
        if turn is not None and newest is not None and newest.stage is TurnStage.SPEAKING:
            newest.lead = turn.lead + turn.own + newest.lead

    def ended(self, name: str) -> None:
        """The answer in progress ended by itself, however it did."""
        self.note_answered(name, self.epoch)
        if name in self._turns:
            self._turns[name].stage = TurnStage.COMPLETE

    def note_answered(self, name: str, epoch: int) -> None:
        """An answer of that epoch has ended."""
        self.answered[name] = epoch

    def answering(self) -> str | None:
        """The turn whose answer is in progress."""
        return next((t.name for t in self._turns.values() if t.stage is TurnStage.ANSWERING), None)

    def open_turns(self) -> list[str]:
        """Turns that are not over, oldest first."""
        return list(self._turns)

    def hold_from(self) -> int | None:
        """The oldest sample that an answer may still need."""
        starts = [turn.oldest_sample() for turn in self._turns.values()]
        return min((start for start in starts if start is not None), default=None)

    def _write(self, name: str, kind: TurnKind, line: str) -> list[Step]:
        own = Material(lines=(line,), turns=(name,))
        return self._add(WholeTurn(name, kind, own=own, stage=TurnStage.COMPLETE)) + self._begin()

    def _complete(self, turn: WholeTurn, end: int) -> None:
        assert turn.start is not None
        turn.own = Material(spans=((turn.start, end),), turns=(turn.name,))
        turn.stage = TurnStage.COMPLETE

    def _add(self, turn: WholeTurn) -> list[Step]:
        self._turns[turn.name] = turn
        while len(self._turns) > KEPT_TURNS:
            self._bury(next(iter(self._turns)))
        return self._supersede()

    def _supersede(self) -> list[Step]:
        """The newest turn takes the place of all complete ones before it."""
        if not self.owned or not self._turns:
            return []
        *earlier, newest = self._turns.values()
        steps: list[Step] = []
        lead = Material()
        for turn in earlier:
            if turn.stage is TurnStage.SPEAKING:
                continue
            self._bury(turn.name)
            if turn.stage is TurnStage.COMPLETE and self.answered.get(turn.name) == self.epoch:
                continue
            steps.append(Interrupt(turn.name, self.epoch))
            if turn.sounded or turn.kind is TurnKind.PROMPTED:
                continue
            if turn.called:
                self._called[turn.name] = turn
            else:
                lead += turn.lead + turn.own
        newest.lead = lead + newest.lead
        return steps

    def _begin(self) -> list[Step]:
        if not self.owned or not self._turns or self.answering() is not None:
            return []
        newest = next(reversed(self._turns.values()))
        if newest.stage is not TurnStage.COMPLETE or self.answered.get(newest.name) == self.epoch:
            return []
        newest.stage = TurnStage.ANSWERING
        line = "".join(newest.own.lines) if newest.kind is TurnKind.TYPED else ""
        return [Begin(newest.name, self.epoch, newest.lead + newest.own, line, newest.kind)]

    def _bury(self, name: str) -> None:
        self._turns.pop(name, None)
        self.over[name] = None
