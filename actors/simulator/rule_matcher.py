"""Which scenario rules fire at an event: matching only, no effects."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from actors.simulator.actions import AnyAction
from actors.simulator.scenario import Rule, Scenario, Trigger


@dataclass
class RuleMarks:
    """Which rules with a threshold have fired already; one for each turn of each session."""

    fired: set[int] = field(default_factory=set)


class RuleMatcher:
    """Holds the rules of a scenario and how often each has fired."""

    def __init__(self, scenario: Scenario, seed: int = 0) -> None:
        self._rules: dict[str, list[tuple[int, Rule]]] = defaultdict(list)
        for index, rule in enumerate(scenario.rules):
            self._rules[rule.trigger].append((index, rule))
        self._fired: Counter[int] = Counter()
        self._passed: Counter[int] = Counter()
        self._random = random.Random(seed)

    def fire(
        self, trigger: Trigger, session: int, value: str | float | tuple[str, ...] | None = None
    ) -> list[AnyAction]:
        """Actions for an event; `value` is the heard text, the turn number or the HTTP methods."""
        return [
            action
            for index, rule in self._rules.get(trigger, ())
            if self._matches(rule, value) and self._allowed(index, rule, session)
            for action in rule.do
        ]

    def passed(
        self, trigger: Trigger, session: int, reached: float, marks: RuleMarks
    ) -> list[AnyAction]:
        """Actions of threshold rules (`audio_ms`, `answer_ms`) that `reached` has now passed."""
        actions: list[AnyAction] = []
        for index, rule in self._rules.get(trigger, ()):
            if index in marks.fired or reached < float(rule.value or 0):
                continue
            marks.fired.add(index)
            if self._allowed(index, rule, session):
                actions.extend(rule.do)
        return actions

    def timers(self) -> list[float]:
        """The distinct delays of `after_s` rules, in seconds after setup."""
        return sorted({float(rule.value or 0) for _, rule in self._rules.get("after_s", ())})

    @staticmethod
    def _matches(rule: Rule, value: str | float | tuple[str, ...] | None) -> bool:
        match rule.trigger:
            case "heard":
                return str(rule.value).casefold() in str(value).casefold()
            case "http":
                names = value if isinstance(value, tuple) else (value,)
                return rule.value in ("any", *names)
            case "turn" | "after_s":
                return rule.value == value
        return True

    def _allowed(self, index: int, rule: Rule, session: int) -> bool:
        if rule.session is not None and rule.session != session:
            return False
        if self._passed[index] < rule.skip:
            self._passed[index] += 1
            return False
        if rule.times is not None and self._fired[index] >= rule.times:
            return False
        if self._random.random() >= rule.probability:
            return False
        self._fired[index] += 1
        return True
