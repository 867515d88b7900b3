"""Questions that the device answers by itself, in every language that it has a table of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from actors.backends.on_device.connection import Outlook
from actors.lib.languages.line import Line
from actors.lib.languages.phrases import Intent, Phrases, table_of
from actors.lib.languages.tags import ENGLISH

FINE = Outlook()


def english() -> Phrases:
    """The phrases for where no other language is named."""
    return table_of(ENGLISH)


@dataclass(frozen=True)
class Context:
    """What an answer may draw on.

    Attributes:
        now: Local time.
        history: Role (`user` or `model`) and text of what was said before.
        outlook: How it stands with the other backends.
        has_model: A local language model is set up.
        phrases: Of the language that is spoken.
    """

    now: datetime
    history: tuple[tuple[str, str], ...] = ()
    outlook: Outlook = FINE
    has_model: bool = False
    phrases: Phrases = field(default_factory=english)


def reply(text: str, context: Context) -> Line | None:
    """The answer to `text`; None: it is nothing that the device answers by itself."""
    phrases = context.phrases
    match phrases.intent_of(text):
        case Intent.TIME:
            return phrases.clock.say(context.now, phrases.digits)
        case Intent.DATE:
            return phrases.date.say(context.now, phrases.digits)
        case Intent.REPEAT:
            said = _last_of("model", context)
            return Line(said) if said else phrases.say("nothing_said")
        case Intent.MY_WORDS:
            said = _last_of("user", context)
            return phrases.say("you_said", text=said) if said else phrases.say("nothing_from_you")
        case Intent.TROUBLE:
            return context.outlook.explained(phrases)
        case Intent.WHO | Intent.HELLO as intent:
            return phrases.say(intent.value)
        case Intent.STOP:
            return phrases.say("stopped")
        case Intent.THANKS:
            return phrases.say("welcome")
    return None


def _last_of(role: str, context: Context) -> str:
    said = [text for who, text in context.history if who == role and text.strip()]
    return said[-1] if said else ""
