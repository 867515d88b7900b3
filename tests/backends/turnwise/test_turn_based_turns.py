"""Which turn is answered: a table of situations, and what holds in all of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.backends.turnwise.turn import Material
from actors.backends.turnwise.turns import AbortAnswer, Begin, Interrupt, Step, Turns


def begin(turn: str, epoch: int, *spans: tuple[int, int], lines: tuple[str, ...] = ()) -> Begin:
    return Begin(turn, epoch, Material(spans, lines), lines[-1] if lines else "")


def play(*events: tuple[Any, ...], owned: bool = False) -> list[Step]:
    """What the last event makes it do; the turns that material is from are left out."""
    machine = Turns(owned=owned)
    steps: list[Step] = []
    for name, *arguments in events:
        if name == "route":
            steps = machine.route(owned=arguments[0], epoch=arguments[1])
        else:
            steps = getattr(machine, name)(*arguments) or []
    return [
        Begin(s.turn, s.epoch, Material(s.material.spans, s.material.lines), s.line)
        if isinstance(s, Begin)
        else s
        for s in steps
    ]


OURS = ("route", True, 2)
THEIRS = ("route", False, 3)
A = (("speech_started", "a", 100), ("speech_ended", "a", 100, 200))
B = (("speech_started", "b", 300), ("speech_ended", "b", 300, 400))


@pytest.mark.parametrize(
    ("events", "steps"),
    [
        pytest.param(A, [], id="what another backend owns is only listened to"),
        pytest.param((*A, OURS), [begin("a", 2, (100, 200))], id="a turn from before the change"),
        pytest.param((OURS, *A), [begin("a", 2, (100, 200))], id="a turn of its own"),
        pytest.param((OURS, A[0]), [], id="not before the turn is complete"),
        pytest.param((A[0], OURS), [], id="spoken during the change: not before it ends"),
        pytest.param((A[0], OURS, A[1]), [begin("a", 2, (100, 200))], id="but then"),
        pytest.param((OURS, A[1]), [begin("a", 2, (100, 200))], id="an end without a start"),
        pytest.param((*A, ("closed", "a"), OURS), [], id="what is closed is not answered"),
        pytest.param(
            (*A, ("answered_elsewhere", "a"), OURS), [], id="what is being played is not answered"
        ),
        pytest.param((OURS, *A, ("answered_elsewhere", "a"), ("ended", "a")), [], id="too late"),
        pytest.param((OURS, *A, *A), [], id="once an epoch, while it is answered"),
        pytest.param((OURS, *A, ("ended", "a"), A[1]), [], id="once an epoch, afterwards"),
        pytest.param((OURS, *A, OURS), [], id="the same route again changes nothing"),
        pytest.param((OURS, *A, ("route", False, 1)), [], id="an older route changes nothing"),
        pytest.param(
            (OURS, *A, ("ended", "a"), THEIRS, ("route", True, 4)),
            [begin("a", 4, (100, 200))],
            id="again in a later epoch, while it is not closed",
        ),
        pytest.param(
            (OURS, *A, THEIRS), [AbortAnswer("a")], id="without a word if the route is lost"
        ),
        pytest.param(
            (OURS, *A, ("route", True, 3)),
            [AbortAnswer("a"), begin("a", 3, (100, 200))],
            id="anew in a new epoch",
        ),
        pytest.param((OURS, *A, B[0]), [Interrupt("a", 2)], id="the user goes on speaking"),
        pytest.param(
            (OURS, *A, *B),
            [begin("b", 2, (100, 200), (300, 400))],
            id="what got no sound becomes part of the next turn",
        ),
        pytest.param(
            (OURS, *A, ("sounded", "a"), *B),
            [begin("b", 2, (300, 400))],
            id="what got some does not",
        ),
        pytest.param(
            (OURS, *A, ("ended", "a"), *B),
            [begin("b", 2, (300, 400))],
            id="what was answered does not",
        ),
        pytest.param((OURS, *A, ("closed", "a")), [Interrupt("a", 2)], id="closed in mid-answer"),
        pytest.param(
            (*A, *B, OURS),
            [Interrupt("a", 2), begin("b", 2, (100, 200), (300, 400))],
            id="two that nobody answered are answered as one",
        ),
        pytest.param(
            (*A, B[0], OURS), [Interrupt("a", 2)], id="the user speaks again during the change"
        ),
        pytest.param(
            (OURS, *A, ("typed", "t", "hi")),
            [Interrupt("a", 2), begin("t", 2, (100, 200), lines=("hi",))],
            id="typing interrupts",
        ),
        pytest.param(
            (OURS, A[0], ("typed", "t", "hi")),
            [begin("t", 2, lines=("hi",))],
            id="typed while speaking",
        ),
        pytest.param(
            (OURS, A[0], ("typed", "t", "hi"), ("sounded", "t"), A[1]),
            [Interrupt("t", 2), begin("a", 2, (100, 200))],
            id="the end of a sentence is newer than what was typed during it",
        ),
        pytest.param((OURS, ("typed", "t", "hi"), ("typed", "t", "hi")), [], id="typed once"),
    ],
)
def test_what_is_done(events: tuple[Any, ...], steps: list[Step]) -> None:
    assert play(*events) == steps


def test_without_a_route_every_turn_is_answered() -> None:
    assert play(*A, owned=True) == [begin("a", 0, (100, 200))]


def test_sound_of_open_turns_is_held() -> None:
    machine = Turns(owned=False)
    machine.speech_ended("a", 100, 200)
    machine.speech_ended("b", 300, 400)
    assert machine.hold_from() == 100
    machine.closed("a")
    assert machine.hold_from() == 300


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("speak"), st.booleans()),
        st.tuples(st.just("type"), st.none()),
        st.tuples(st.just("route"), st.tuples(st.booleans(), st.integers(0, 1))),
        st.tuples(st.just("close"), st.integers(0, 3)),
        st.tuples(st.just("elsewhere"), st.integers(0, 3)),
        st.tuples(st.just("sound"), st.none()),
        st.tuples(st.just("end"), st.none()),
    ),
    max_size=60,
)


class World:
    """A user, a ledger and a supervisor, and all that the machine did."""

    def __init__(self) -> None:
        self.turns = Turns(owned=False)
        self.position = 0
        self.speaking: str | None = None
        self.names: list[str] = []
        self.running: str | None = None
        self.begun: list[tuple[str, int]] = []
        self.settled: set[str] = set()
        """Closed, interrupted, or answered by somebody."""
        self.answered: dict[str, int] = {}

    def step(self, event: str, argument: Any) -> None:
        machine = self.turns
        self.position += 10
        match event:
            case "speak" if self.speaking is None:
                self.speaking = self.name(f"s{self.position}")
                self.do(machine.speech_started(self.speaking, self.position))
            case "speak" if argument:
                name, self.speaking = self.speaking, None
                assert name is not None
                self.do(machine.speech_ended(name, int(name[1:]), self.position))
            case "type":
                name = self.name(f"t{self.position}")
                self.do(machine.typed(name, name))
            case "route":
                owned, step = argument
                # The epoch grows at every change.
                owned = owned if step else machine.owned
                self.do(machine.route(owned=owned, epoch=machine.epoch + step))
            case "close" if argument < len(self.names):
                name = self.names[-1 - argument]
                self.settled.add(name)
                self.do(machine.closed(name))
            case "elsewhere" if argument < len(self.names) and not machine.owned:
                name = self.names[-1 - argument]
                self.settled.add(name)
                machine.answered_elsewhere(name)
            case "sound" if self.running is not None:
                machine.sounded(self.running)
            case "end" if self.running is not None:
                machine.ended(self.running)
                self.answered[self.running] = machine.epoch
                self.running = None

    def name(self, name: str) -> str:
        self.names.append(name)
        return name

    def do(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case Begin(turn, epoch, material):
                    assert self.turns.owned
                    assert self.running is None, "two answers at once"
                    assert turn not in self.settled
                    assert (turn, epoch) not in self.begun, "twice in one epoch"
                    assert turn in material.turns
                    self.begun.append((turn, epoch))
                    self.running = turn
                case Interrupt(turn, epoch):
                    assert self.turns.owned
                    assert epoch == self.turns.epoch
                    if self.running == turn:
                        self.running = None
                    self.settled.add(turn)
                case AbortAnswer(turn):
                    assert self.running == turn
                    self.running = None

    def check(self) -> None:
        assert self.turns.answering() == self.running
        if not self.turns.owned:
            assert self.running is None
            return
        for name in self.names:
            complete = name != self.speaking
            answered = name == self.running or self.answered.get(name) == self.turns.epoch
            # Answered in an older epoch and spoken over since: nobody wants it again.
            superseded = name in self.answered and name not in self.turns.open_turns()
            assert not complete or answered or name in self.settled or superseded, f"{name} lost"


@settings(max_examples=400)
@given(EVENTS)
def test_no_turn_is_lost_and_none_is_answered_twice(events: list[tuple[str, Any]]) -> None:
    world = World()
    for event, argument in events:
        world.step(event, argument)
        world.check()
