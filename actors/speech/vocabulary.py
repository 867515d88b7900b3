"""What people say for the verbs, directions and units that tools are commonly named after."""

from __future__ import annotations

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

QUESTION_VERBS = frozenset({"get", "read", "check", "measure", "query", "show", "report", "list"})
"""A tool of such a name only looks something up: it is asked for, not commanded."""

QUESTION_WORDS = frozenset({*QUESTION_VERBS, "what", "what's", "how", "how's", "tell", "which"})
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

NOT_A_VERB = frozenset(
    "i we they he she it this that there a an the my your his her our their not never no don't "
    "doesn't didn't won't can't cannot shouldn't isn't wasn't why when how what what's where who "
    "which did does do was were is are am be been have has had should might may if".split()
)
"""A clause that begins with one of these tells or asks; it does not command."""

REFUSALS = frozenset("not never no don't doesn't didn't won't can't cannot shouldn't".split())

CONDITIONS = frozenset("if when whenever unless until while before later tomorrow".split())
"""A command under a condition is none for a machine that would obey at once."""

UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), ("length", 1.0)),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), ("length", 0.01)),
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), ("length", 0.001)),
    **dict.fromkeys(("km", "kilometer", "kilometers", "kilometre", "kilometres"), ("length", 1000.0)),
    **dict.fromkeys(("foot", "feet"), ("length", 0.3048)),
    **dict.fromkeys(("inch", "inches"), ("length", 0.0254)),
    **dict.fromkeys(("deg", "degree", "degrees"), ("angle", 1.0)),
    **dict.fromkeys(("rad", "radian", "radians"), ("angle", 57.29577951308232)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), ("time", 1.0)),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), ("time", 0.001)),
    **dict.fromkeys(("min", "minute", "minutes"), ("time", 60.0)),
    **dict.fromkeys(("h", "hour", "hours"), ("time", 3600.0)),
    **dict.fromkeys(("percent", "pct"), ("share", 1.0)),
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
