"""Whether a Live model thinks before it answers, and whether it shows what it thinks."""

from dataclasses import dataclass
from typing import Any

from actors.backends.gemini.wire import INVALID_ARGUMENT
from actors.backends.gemini.wire.tokens import text_tokens
from actors.simulator.capabilities import LiveFamily
from actors.simulator.errors import Refused

UNSUPPORTED = "Thinking level is not supported for this model"
# Made up: tokens of thoughts for each token of what was asked, by level.
TOKENS_BY_LEVEL = {"MINIMAL": 0, "LOW": 4, "MEDIUM": 8, "HIGH": 16, "XHIGH": 32}
# Documented: without a level the least, without a budget as much as the model sees fit.
DEFAULT_LEVEL, DYNAMIC_BUDGET = "MINIMAL", -1


@dataclass(frozen=True)
class ThinkingConfig:
    """Tokens of thoughts a token of the question, at most `budget` of them; 0 is no thinking."""

    per_token: int = 0
    budget: int | None = None
    shown: bool = False

    @classmethod
    def parse(
        cls, given: dict[str, Any] | None, family: LiveFamily, *, unasked: bool
    ) -> "ThinkingConfig":
        """Takes a `thinkingConfig` that has been read.

        Args:
            given: None if the setup has none.
            family: Of the model.
            unasked: Models with a budget show thoughts unless they are told not to.

        Raises:
            Refused: the model does not think that way.
        """
        config = given or {}
        level, budget = config.get("thinkingLevel", ""), config.get("thinkingBudget")
        if level == "THINKING_LEVEL_UNSPECIFIED":
            level = ""
        _check(given, level, budget, family)
        shown = config.get("includeThoughts", False)
        match family.thinking:
            case "level":
                return cls(TOKENS_BY_LEVEL[level or DEFAULT_LEVEL], shown=shown)
            case "budget":
                most = None if budget in (None, DYNAMIC_BUDGET) else budget
                shown = config.get("includeThoughts", unasked)
                return cls(TOKENS_BY_LEVEL["MEDIUM"], most, shown)
        return cls()

    def tokens(self, asked: str) -> int:
        """Tokens of what is thought about a question."""
        tokens = self.per_token * text_tokens(asked)
        return tokens if self.budget is None else min(tokens, self.budget)

    def summary(self, asked: str) -> str:
        """What is shown of the thoughts; empty for nothing."""
        return thought(asked) if self.shown and self.tokens(asked) else ""


def thought(asked: str) -> str:
    """What a model thinks about a question."""
    return f"The user said: {asked or 'nothing'}. I answer with what fits."


def _check(
    given: dict[str, Any] | None, level: str, budget: int | None, family: LiveFamily
) -> None:
    match family.thinking:
        case "none":
            if given is not None:
                raise Refused(1007, UNSUPPORTED)
        case "level":
            if budget is not None or (family.level_required and not level):
                raise Refused(1007, INVALID_ARGUMENT)
            if level and level not in family.levels:
                raise Refused(1007, UNSUPPORTED)
        case "budget":
            if level:
                raise Refused(1007, UNSUPPORTED)
