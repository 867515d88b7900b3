"""Vocabulary: words for the verbs, directions and units that tools are commonly named after."""

from __future__ import annotations

from math import pi


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SYNONYMS: dict[str, frozenset[str]] = {
    verb: frozenset({verb, *said.split()})
    for verb, said in {
        "move": "go drive walk roll run step come head travel back reverse advance",
        "go": "move drive walk run come head travel",
        "drive": "move go roll run head travel",
        "walk": "move go step run",
        "turn": "rotate spin swing",
        "rotate": "turn spin swing",
        "stop": "halt freeze wait",
        "set": "make put change adjust turn",
        "change": "set make put adjust",
        "switch": "turn put",
        "toggle": "switch turn",
        "start": "begin run launch",
        "play": "start",
        "pick": "grab take lift",
        "grab": "pick take grip",
        "open": "",
        "close": "shut",
        "look": "turn face",
        "say": "speak",
        "speak": "say",
        "wave": "",
        "raise": "lift",
        "lift": "raise",
        "lower": "drop",
        "dance": "",
        "wait": "pause",
        "follow": "",
    }.items()
}
"""By the verb in a tool's name. A verb that is not here is said as it is."""

QUESTION_VERBS = _words("get read check measure query show report list")
"""A tool of such a name only looks something up: it is asked for, not commanded."""

QUESTION_WORDS = QUESTION_VERBS | _words("what what's how how's tell which")
"""With one of these a clause asks."""

DIRECTIONS = {
    "forward": "forward",
    "forwards": "forward",
    "ahead": "forward",
    "straight": "forward",
    "advance": "forward",
    "backward": "backward",
    "backwards": "backward",
    "back": "backward",
    "reverse": "backward",
    "left": "left",
    "leftwards": "left",
    "right": "right",
    "rightwards": "right",
    "up": "up",
    "upwards": "up",
    "down": "down",
    "downwards": "down",
    "clockwise": "right",
    "counterclockwise": "left",
}

SWITCHES = {
    "on": True,
    "off": False,
    "true": True,
    "false": False,
    "enabled": True,
    "disabled": False,
}

NOT_A_VERB = _words(
    "i we they he she it this that there a an the my your his her our their not never no don't "
    "doesn't didn't won't can't cannot shouldn't isn't wasn't why when how what what's where who "
    "which did does do was were is are am be been have has had should might may if"
)
"""A clause that begins with one of these tells or asks; it does not command."""

HEARD_FOR_NUMBERS = {
    "won": "one",
    "too": "two",
    "tree": "three",
    "fore": "four",
    "ate": "eight",
    "tent": "ten",
    "tenth": "ten",
}
"""What recognition makes of numbers that are spoken softly or cut short; before a unit they are no
words. "To" and "for" are: "from feet to meters"."""

REFUSALS = _words("not never no don't doesn't didn't won't can't cannot shouldn't")

CONDITIONS = _words("if when whenever unless until while before later tomorrow")
"""A command under a condition is none for a machine that would obey at once."""

IDLE_WORDS = _words(
    "the a an to and then more again another by for please also it of at in with back up ,"
)
"""Words that say nothing about an argument."""

ASKING_WORDS = IDLE_WORDS | QUESTION_WORDS | _words("is are me about on like")
"""Words of a question before what it is about."""

UNITS: dict[str, tuple[str, float]] = {
    word: (kind, size)
    for kind, size, names in (
        ("length", 1.0, "m meter meters metre metres"),
        ("length", 0.01, "cm centimeter centimeters centimetre centimetres"),
        ("length", 0.001, "mm millimeter millimeters millimetre millimetres"),
        ("length", 1000.0, "km kilometer kilometers kilometre kilometres"),
        ("length", 0.3048, "foot feet"),
        ("length", 0.0254, "inch inches"),
        ("angle", 1.0, "deg degree degrees"),
        ("angle", 180 / pi, "rad radian radians"),
        ("time", 1.0, "s sec second seconds"),
        ("time", 0.001, "ms millisecond milliseconds"),
        ("time", 60.0, "min minute minutes"),
        ("time", 3600.0, "h hour hours"),
        ("share", 1.0, "percent pct"),
    )
    for word in names.split()
}
"""By word or suffix of a parameter: kind, and size in metres, degrees, seconds or percent."""

KINDS_BY_NAME = {
    "distance": "meters",
    "angle": "degrees",
    "duration": "seconds",
    "percent": "percent",
    "percentage": "percent",
}
"""The unit that a parameter of this name is taken to have if nothing says otherwise."""

SPOKEN_UNITS = {
    "m": "meters",
    "cm": "centimeters",
    "mm": "millimeters",
    "km": "kilometers",
    "deg": "degrees",
    "rad": "radians",
    "s": "seconds",
    "sec": "seconds",
    "ms": "milliseconds",
    "min": "minutes",
    "h": "hours",
    "pct": "percent",
}
"""How a suffix is said."""
