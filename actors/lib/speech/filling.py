"""Slot filling: the parameters of one tool from the words of one clause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from actors.lib.speech.clauses import Quantity, quantities_in
from actors.lib.speech.grammar import Parameter, ParameterKind, SpokenTool
from actors.lib.speech.numbers import Number, words
from actors.lib.speech.vocabulary import ASKING_WORDS, DIRECTIONS, IDLE_WORDS, SWITCHES, UNITS

MEANT_AS_PRONOUN = "one"


@dataclass(frozen=True)
class Filled:
    """What the words gave.

    Attributes:
        arguments: By name, in the order of the parameters.
        lacking: What else has to be said, in words.
        left_over: A quantity that no parameter takes.
        used: Number of words that were of use.
        unused: The others, without those that say nothing.
    """

    arguments: dict[str, Any]
    lacking: str
    left_over: str
    used: int
    unused: tuple[str, ...]

    @property
    def complaint(self) -> str:
        """Why it is no command; empty if it is one.

        A robot that leaves out a quantity it did not understand does something else than it was
        told.
        """
        return self.left_over or self.lacking


@dataclass
class _Clause:
    tokens: Sequence[str]
    free: set[int]
    quantities: list[Quantity]
    asks: bool
    lacking: list[str] = field(default_factory=list)

    def use_up(self, indices: set[int]) -> None:
        self.free -= indices


def fill(tokens: Sequence[str], tool: SpokenTool) -> Filled:
    """Arguments of `tool` from what was said."""
    clause = _Clause(tokens, set(range(len(tokens))), quantities_in(tokens), tool.asks)
    verb_and_objects = {
        i for i, token in enumerate(tokens) if _is_named(token, tool) and token not in DIRECTIONS
    }
    arguments: dict[str, Any] = {}
    for kind in (
        ParameterKind.CHOICE,
        ParameterKind.NUMBER,
        ParameterKind.SWITCH,
        ParameterKind.TEXT,
    ):
        if kind is ParameterKind.SWITCH:
            clause.use_up(verb_and_objects)
        for parameter in tool.parameters:
            if parameter.kind is kind:
                _fill_one(parameter, clause, arguments)
    clause.use_up(verb_and_objects)
    left_over = next((q for q in clause.quantities if _counts(q, tokens)), None)
    unused = tuple(tokens[i] for i in sorted(clause.free) if tokens[i] not in IDLE_WORDS)
    ordered = {p.name: arguments[p.name] for p in tool.parameters if p.name in arguments}
    return Filled(
        ordered,
        " and ".join(clause.lacking),
        " ".join(tokens[left_over.start : left_over.end]) if left_over else "",
        len(tokens) - len(unused),
        unused,
    )


def _fill_one(parameter: Parameter, clause: _Clause, arguments: dict[str, Any]) -> None:
    value, complaint = _value(parameter, clause)
    if complaint:
        clause.lacking.append(complaint)
    elif value is not None:
        arguments[parameter.name] = value
    elif parameter.required:
        clause.lacking.append(f"the {parameter.spoken}")


def _value(parameter: Parameter, clause: _Clause) -> tuple[Any, str]:
    match parameter.kind:
        case ParameterKind.CHOICE:
            return _choice(parameter, clause)
        case ParameterKind.NUMBER:
            return _number(parameter, clause)
        case ParameterKind.SWITCH:
            for index in sorted(clause.free):
                if clause.tokens[index] in SWITCHES:
                    clause.use_up({index})
                    return SWITCHES[clause.tokens[index]], ""
        case ParameterKind.TEXT if parameter.required:
            rest = [clause.tokens[i] for i in sorted(clause.free)]
            clause.use_up(set(clause.free))
            clause.quantities.clear()
            while rest and clause.asks and rest[0] in ASKING_WORDS:
                rest.pop(0)
            return " ".join(rest).replace(" ,", ",") or None, ""
    return None, ""


def _choice(parameter: Parameter, clause: _Clause) -> tuple[Any, str]:
    found: list[tuple[Any, set[int]]] = []
    spelled = [(choice, words(str(choice).replace("_", " "))) for choice in parameter.choices]
    # "living room" before "room": the longer name leaves no words for the shorter.
    for choice, wanted in sorted(spelled, key=lambda each: -len(each[1])):
        taken = {i for i, quantity in _number_words(choice, clause)} or _places(wanted, clause)
        if taken and not any(taken & others for _, others in found):
            found.append((choice, taken))
    if len(found) > 1:
        return None, f"one {parameter.spoken}"
    for choice, taken in found:
        clause.use_up(taken)
        clause.quantities = [q for q in clause.quantities if q.start not in taken]
        return choice, ""
    return None, ""


def _number_words(choice: Any, clause: _Clause) -> list[tuple[int, Quantity]]:
    if isinstance(choice, str | bool):
        return []
    same = [q for q in clause.quantities if q.value == choice and not q.unit]
    return [(i, q) for q in same[:1] for i in range(q.start, q.end)]


def _places(wanted: list[str], clause: _Clause) -> set[int]:
    """Where the words of a choice are said, each once; empty if one of them is not."""
    places: set[int] = set()
    for word in wanted:
        place = next(
            (
                i
                for i in sorted(clause.free - places)
                if clause.tokens[i] == word
                or DIRECTIONS.get(clause.tokens[i], "") == DIRECTIONS.get(word, word)
            ),
            None,
        )
        if place is None:
            return set()
        places.add(place)
    return places


def _number(parameter: Parameter, clause: _Clause) -> tuple[Number | None, str]:
    kind = UNITS[parameter.unit][0] if parameter.unit else ""
    fitting = sorted(
        (q for q in clause.quantities if not (kind and q.kind) or q.kind == kind),
        key=lambda q: (q.kind != kind, q.start),
    )
    if not fitting:
        return None, ""
    quantity = fitting[0]
    clause.quantities.remove(quantity)
    clause.use_up(set(range(quantity.start, quantity.end)))
    value = quantity.in_unit(parameter.unit)
    if parameter.whole:
        if value != int(value):
            return None, f"a whole number for the {parameter.spoken}"
        value = int(value)
    return value, parameter.complaint(value)


def _is_named(token: str, tool: SpokenTool) -> bool:
    return token in tool.verbs or any(token in {each, f"{each}s"} for each in tool.objects)


def _counts(quantity: Quantity, tokens: Sequence[str]) -> bool:
    """Whether it was meant as a number: "the red one" has none."""
    return not (quantity.end - quantity.start == 1 and tokens[quantity.start] == MEANT_AS_PRONOUN)
