"""Questions that the device answers by itself: a pattern, and what is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from actors.backends.on_device.connection import Outlook

NOTHING_SAID = "I have not said anything yet."
FINE = Outlook()
WHO = "I am the part of this robot that works without a connection."


@dataclass(frozen=True)
class Context:
    """What an answer may draw on.

    Attributes:
        now: Local time.
        history: Role (`user` or `model`) and text of what was said before.
        outlook: How it stands with the other backends.
        has_model: A local language model is set up.
    """

    now: datetime
    history: tuple[tuple[str, str], ...] = ()
    outlook: Outlook = FINE
    has_model: bool = False


def reply(text: str, context: Context) -> str | None:
    """The answer to `text` (lower-case words, no punctuation); None: it is none of these."""
    return next((answer(context) for pattern, answer in INTENTS if pattern.search(text)), None)


def _time(context: Context) -> str:
    return f"It is {context.now.hour % 12 or 12}:{context.now:%M %p}."


def _date(context: Context) -> str:
    return f"Today is {context.now:%A, %B} {context.now.day}, {context.now.year}."


def _last_of(role: str, before: str, nothing: str) -> Callable[[Context], str]:
    def answer(context: Context) -> str:
        said = [text for who, text in context.history if who == role and text.strip()]
        return f"{before}{said[-1]}" if said else nothing

    return answer


def _always(text: str) -> Callable[[Context], str]:
    return lambda _context: text


INTENTS: list[tuple[re.Pattern[str], Callable[[Context], str]]] = [
    (re.compile(pattern, re.VERBOSE), answer)
    for pattern, answer in (
        (
            r"\bwhat\ time\ is\ it\b (?!\ (in|at)\b) | \bwhat('s|\ is)\ the\ (current\ )?time$"
            r"| \btell\ me\ (the|what)\ time(\ it\ is)?$ | \b(have|got)\ the\ time$",
            _time,
        ),
        (
            r"\b(what|which)\ (day|date|year|month)\ (is|do\ we\ have)\b (?!\ (the|your|my)\b)"
            r"| \bwhat('s|\ is)\ (the|today's)\ (date|day)(\ today)?$ | \bwhat('s|\ is)\ today$"
            r"| \bwhat\ day\ of\ the\ week\b | \btell\ me\ the\ date$",
            _date,
        ),
        (
            r"\b(repeat|say)\ (that|it|this|yourself)(\ again)?(\ please)?$"
            r"| \brepeat\ (what\ you|your|the\ last)\b | \bwhat\ did\ you\ (just\ )?say\b"
            r"| ^(please\ )?(repeat|come\ again|pardon|what|sorry|once\ more)(\ me|\ please)*$"
            r"| \bi\ (didn't|did\ not|couldn't)\ (hear|understand|catch|get)\ (that|you|it)\b",
            _last_of("model", "", NOTHING_SAID),
        ),
        (
            r"\bwhat\ did\ i\ (just\ )?(say|ask)\b | \bwhat\ was\ my\ (last\ )?question\b",
            _last_of("user", "You said: ", "You have not said anything yet."),
        ),
        (
            r"\bwhy\ (are|were)\ you\ (\w+\ )?(slow|offline|different|quiet|silent|broken)\b"
            r"| \bwhy\ (do|does|did|is|are)\ (you|it|your|this|the)\ .*(sound|voice|long|slow)"
            r"| \bare\ you\ (still\ )?(online|offline|connected|broken|okay|ok|all\ right)\b"
            r"| \bwhat('s|\ is)\ (wrong|the\ (matter|problem)|going\ on)"
            r"(\ with\ (you|the|your|this)\b.*)?$"
            r"| \b(is|are|how's|how\ is|what\ about)\ (the|your|there)\ (\w+\ )?"
            r"(connection|internet|network|wi\ ?fi)\b"
            r"| \b(do|have)\ (you\ )?(have\ |got\ )?(a\ |an\ )?(connection|internet|network)\b"
            r"| \bwhy\ (can't|cannot|can|don't|won't)\ you\ (not\ )?(answer|hear|talk|work)\b"
            r"| \bwhat\ happened(\ to\ you)?$",
            lambda context: context.outlook.explained(),
        ),
        (
            r"\bwho\ are\ you\b | \bwhat\ are\ you$ | \bwhat('s|\ is)\ your\ name\b"
            r"| \bintroduce\ yourself\b",
            _always(WHO),
        ),
        (
            r"^((please|okay|ok|no|now|just)\ )*(stop|be\ quiet|quiet|silence|hush|enough|cancel"
            r"|shut\ up|never\ mind|forget\ it|that's\ enough)(\ (it|that|talking|please|now))*$",
            _always("All right."),
        ),
        (
            r"^(many\ )?(thank\ you|thanks)(\ (very\ much|a\ lot|so\ much|robot))*$",
            _always("You are welcome."),
        ),
        (
            r"^(hello|hi|hey|good\ (morning|afternoon|evening|day))(\ (there|robot))*$",
            _always("Hello."),
        ),
    )
]
