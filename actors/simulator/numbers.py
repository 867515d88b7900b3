"""Numbers in words: "twenty five" to 25 and back."""

import re

ONES = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SMALL = {word: value for value, word in enumerate(ONES)} | {
    word: 10 * (value + 2) for value, word in enumerate(TENS)
}
SCALES = {"hundred": 100, "thousand": 1000}
HALF = {"half": 0.5}

Number = int | float


def words(text: str) -> list[str]:
    """Lower-case words and numbers of a text, without punctuation; hyphens divide."""
    return re.findall(
        r"-?\d+(?:\.\d+)?|[a-z]+(?:'[a-z]+)?", re.sub(r"(?<=[a-z])-", " ", text.lower())
    )


def numbers_in(text: str) -> list[Number]:
    """All numbers of a text, in order, written in digits or words."""
    found: list[Number] = []
    tokens = words(text)
    index = 0
    while index < len(tokens):
        value, used = _number_at(tokens, index)
        if used:
            found.append(value)
        index += used or 1
    return found


def in_words(value: Number) -> str:
    """`25` becomes "twenty five"; from a million on, digits stay digits."""
    if value < 0:
        return f"minus {in_words(-value)}"
    if isinstance(value, float) and not value.is_integer():
        whole, _, decimals = f"{value:g}".partition(".")
        return f"{in_words(int(whole))} point {' '.join(ONES[int(digit)] for digit in decimals)}"
    whole_value = int(value)
    if whole_value < 20:
        return ONES[whole_value]
    if whole_value < 100:
        tens = TENS[whole_value // 10 - 2]
        return tens if whole_value % 10 == 0 else f"{tens} {ONES[whole_value % 10]}"
    for scale, name in ((1000, "thousand"), (100, "hundred")):
        if scale <= whole_value < 1_000_000:
            rest = f" {in_words(whole_value % scale)}" if whole_value % scale else ""
            return f"{in_words(whole_value // scale)} {name}{rest}"
    return str(whole_value)


def _number_at(tokens: list[str], start: int) -> tuple[Number, int]:
    token = tokens[start]
    if re.fullmatch(r"-?\d+(?:\.\d+)?", token):
        return (float(token) if "." in token else int(token)), 1
    if token in HALF:
        return HALF[token], 1
    if token not in SMALL:
        return 0, 0
    total, current, index = 0, SMALL[token], start + 1
    while index < len(tokens):
        word = tokens[index]
        if word in SCALES:
            total, current = _scaled(total, current, SCALES[word])
        elif word == "and" and tokens[index - 1] in SCALES and _small(tokens, index + 1):
            pass
        elif word in SMALL and _continues(tokens[index - 1], word):
            current += SMALL[word]
        else:
            break
        index += 1
    if _small(tokens, index + 1) and tokens[index] == "point":
        digits = ""
        index += 1
        while index < len(tokens) and SMALL.get(tokens[index], 10) < 10:
            digits += str(SMALL[tokens[index]])
            index += 1
        return float(f"{total + current}.{digits}"), index - start
    return total + current, index - start


def _scaled(total: int, current: int, scale: int) -> tuple[int, int]:
    return (total, current * scale) if scale == 100 else (total + current * scale, 0)


def _small(tokens: list[str], index: int) -> bool:
    return index < len(tokens) and SMALL.get(tokens[index], 100) < 100


def _continues(previous: str, word: str) -> bool:
    if previous in SCALES or previous == "and":
        return True
    return previous in TENS and 0 < SMALL[word] < 10
