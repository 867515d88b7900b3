"""Calls that go wrong: what providers send, spoiled in every way from a seed."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from typing import Any

from fuzzing import any_value, broken, deep, json_text, with_faults
from phone_lines import MESSAGES, PAYLOAD, SOUND, STARTS, tlv

from actors.gateway.events import Message

SPOILED = 0.3
"""Of a call's messages: with more of them hardly a call would get as far as a conversation."""
HUGE = (70_000, 300_000)
"""Bytes of sound in a message: some seconds, and beyond what a line may be ahead of its clock."""
NUMBERS = (
    *(-1, 0, 1, 2**16, 2**31, 2**32 - 1, 2**53, 2**63, -(2**70), 0.5, 1e308),
    *("-1", "4294967295", "9" * 400, "1e3", "\u0661", "", "x", float("nan"), float("inf"), None),
)
"""Of messages, clocks and rates."""
NUMBERED = frozenset(
    {"chunk", "timestamp", "sequenceNumber", "sequence_number", "sampleRate", "sample_rate"}
)
PAYLOADS = ("", "!", "AAA", "=AAA", PAYLOAD[:-3], PAYLOAD + "=", "\u0661" * 8, "A" * 7, "\0")
"""That are no base64, or none of a whole message."""
MARKS = 12
"""Names of marks as the gateway gives them: m1, m2 ..."""
TLV_KINDS = (0x00, 0x01, 0x03, 0x10, 0x11, 0x12, 0x18, 0x77, 0xFF)


class PhoneFuzz:
    """An endless source of calls over one dialect; the same seed gives the same ones."""

    def __init__(self, name: str, seed: int) -> None:
        self._name = name
        self._dice = random.Random(f"{name} {seed}")
        self._number = 0

    def chance(self, probability: float) -> bool:
        """Whether something happens that does with this probability."""
        return self._dice.random() < probability

    def query(self) -> dict[str, str]:
        """What the address of its socket may say."""
        names = ("rate", "rate-out", "sample-rate", "uuid", "call_id", "mixType", "\ud800")
        values = ("8000", "16000", "-1", "9" * 400, "stereo", "\0", "x" * 5000)
        chosen = [name for name in names if self.chance(0.05)]
        return {name: self._dice.choice(values) for name in chosen}

    def call(self, length: int) -> Iterator[Message]:
        """Return the messages of one call: a start, sound and the rest, about so many."""
        self._number = self._dice.choice((0, 1, 65_530, 2**32 - 5))
        messages = [self._start(), *(self._next() for _ in range(length - 1))]
        for at in range(1, len(messages)):
            if self.chance(0.03):
                messages[at - 1], messages[at] = messages[at], messages[at - 1]
        for message in messages:
            yield message
            if self.chance(0.03):
                yield message

    def _start(self) -> Message:
        start = STARTS[self._name]
        return self._spoil(start) if self.chance(0.15) else start

    def _next(self) -> Message:
        """Sound mostly, as on a line; rarely the end of it."""
        true = MESSAGES[self._name]
        ending = self.chance(0.02)
        which = true[0] if self.chance(0.6) else self._dice.choice(true if ending else true[:-1])
        message = self._numbered(true[0] if _ends(which) and not ending else which)
        if self.chance(0.01):
            message = STARTS[self._name]
        return self._spoil(message) if self.chance(SPOILED) else message

    def _numbered(self, message: Message) -> Message:
        """Give a message of sound its number, and a mark one of the names that were asked for."""
        if isinstance(message, bytes):
            return message
        self._number += 1
        message = message.replace('"m1"', f'"m{self._dice.randrange(1, MARKS)}"')
        if '"media"' not in message:
            return message
        fields = json.loads(message)
        number: Any = self._number if self.chance(0.5) else str(self._number)
        fields["media"] |= {"chunk": number, "timestamp": str(20 * self._number)}
        return json.dumps(fields | {"sequenceNumber": number})

    def _spoil(self, message: Message) -> Message:
        dice = self._dice
        if isinstance(message, bytes):
            return self._spoil_bytes(message)
        match dice.randrange(9):
            case 0:
                return message[: dice.randrange(len(message))]
            case 1:
                return message.encode()
            case 2:
                return SOUND
            case 3:
                return broken(dice, message.encode()).decode("utf-8", "replace")
            case 4:
                return json_text(dice, any_value(dice), 0.0) if self.chance(0.5) else "[" * 100_000
        if not message.startswith("{"):
            return message.replace(":", dice.choice((" ", "::", ":\0", ":" + "9" * 400)))
        fields = json.loads(message)
        if self.chance(0.5):
            return json_text(dice, with_faults(dice, fields, 0.1), 0.05)
        return json_text(dice, self._with_odd(fields), 0.0)

    def _with_odd(self, value: Any, name: str = "") -> Any:
        """A message whose numbers, sound and names are such as no provider should send."""
        dice = self._dice
        if isinstance(value, dict):
            made = {key: self._with_odd(each, key) for key, each in value.items()}
            if self.chance(0.02):
                made[dice.choice(("payload", "event", "parameters"))] = deep(dice.choice((70, 300)))
            return made
        if not self.chance(0.4):
            return value
        if name == "payload":
            size = dice.choice(HUGE) if self.chance(0.02) else 1
            return dice.choice((*PAYLOADS, base64.b64encode(bytes(size)).decode()))
        if name in NUMBERED:
            return dice.choice(NUMBERS)
        return dice.choice((value, [value], {name: value}, "x" * 20_000, "\ud800", "", None))

    def _spoil_bytes(self, message: bytes) -> Message:
        dice = self._dice
        match dice.randrange(6):
            case 0:
                return message[: dice.randrange(len(message))]
            case 1:
                return message.decode("latin-1")
            case 2:
                return bytes(dice.choice(HUGE) if self.chance(0.05) else 1)
            case 3:
                return json.dumps({"event": "media", "media": {"payload": PAYLOAD}})
            case 4:
                return tlv(dice.choice(TLV_KINDS), dice.randbytes(dice.randrange(20)))
        return broken(dice, message)


def _ends(message: Message) -> bool:
    """Whether a call is over with it."""
    if isinstance(message, bytes):
        return message[:1] == b"\x00" or message == tlv(0xFF)
    return '"stop"' in message
