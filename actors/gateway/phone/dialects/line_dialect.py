"""What dialects have in common: sound is cut, marks keep their place, a call begins once."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from actors.gateway.events import Message
from actors.gateway.phone.dialect import (
    NO_QUERY,
    CallStarted,
    Encoding,
    LineEnded,
    LineEvent,
    LineProblem,
    LineSound,
    LineTraits,
)
from actors.gateway.phone.dialects.media_json import MediaJsonError, clean, parsed, text
from actors.gateway.phone.dialects.sized_sound import Piece, SizedSound


class LineDialect(ABC):
    """Says sound and marks in the sizes of its traits; a dialect adds its own words."""

    traits: ClassVar[LineTraits]

    def __init__(self, query: Mapping[str, str] = NO_QUERY) -> None:
        self._query = {clean(name): clean(said) for name, said in query.items()}
        self._call: CallStarted | None = None
        self._out = LineSound(Encoding.PCM16, 8000)
        self._sized = self._cutter(self._out)

    def held_ms(self, block_ms: float) -> float:
        """Return how much sound may wait for a message to be full while blocks come."""
        held = self._sized.held_with(self._out.bytes_of(block_ms))
        return 1000 * held / self._out.bytes_of(1000)

    def sound(self, payload: bytes) -> list[Message]:
        """Say sound; what does not fill a message waits."""
        return self._all_said(self._sized.add(payload))

    def mark(self, name: str) -> list[Message]:
        """Ask to be told when what was sent so far is played, where there are marks."""
        return self._all_said(self._sized.mark(name)) if self.traits.marks else []

    def finish(self) -> list[Message]:
        """Say what waits, filled up with silence."""
        return self._all_said(self._sized.finish())

    def clear(self) -> list[Message]:
        """Throw away what waits, here and there."""
        self._sized.clear()
        return self._cleared()

    def press(self, keys: str) -> list[Message]:
        """There is no message for it."""
        return []

    def hang_up(self) -> list[Message]:
        """There is no message for it."""
        return []

    def _begin(self, call: CallStarted, *, least_ms: float = 0.0) -> CallStarted:
        """Note that the line is up."""
        self._call = call
        self._out = call.sound_out
        self._sized = self._cutter(call.sound_out, least_ms)
        return call

    def _in_time(self, events: list[LineEvent]) -> list[LineEvent]:
        """Return what may be said of a line that is not up: that it never will be, and why."""
        if self._call is not None:
            return events
        return [event for event in events if isinstance(event, LineEnded | LineProblem)]

    def _cutter(self, sound: LineSound, least_ms: float = 0.0) -> SizedSound:
        traits = self.traits
        if traits.unit_ms is not None:
            unit = sound.bytes_of(traits.unit_ms)
            return SizedSound(sound.encoding, multiple=unit, least=unit, most=unit)
        return SizedSound(
            sound.encoding,
            multiple=math.lcm(traits.multiple_bytes, sound.sample_bytes),
            least=max(traits.least_bytes, sound.bytes_of(least_ms)),
            most=traits.most_bytes,
        )

    @property
    def _stream_id(self) -> str:
        return "" if self._call is None else self._call.stream_id

    def _all_said(self, pieces: list[Piece]) -> list[Message]:
        return [self._said(piece) for piece in pieces]

    @abstractmethod
    def _said(self, piece: Piece) -> Message:
        """Return the message of sound, or of a mark."""

    def _cleared(self) -> list[Message]:
        """Return what makes the provider throw away what waits there."""
        return []


class TextDialect(LineDialect):
    """Its every message is JSON, sound too, with its kind in `event`."""

    def take(self, message: Message) -> list[LineEvent]:
        """Understand a message."""
        try:
            fields = parsed(message)
            event = text(fields, "event")
            if event != "start":
                return self._in_time(self._events(event, fields))
            if self._call is not None:
                raise MediaJsonError("this line was started before")
            return [self._started(fields)]
        except MediaJsonError as error:
            return [error.problem]

    @abstractmethod
    def _started(self, fields: Mapping[str, Any]) -> CallStarted:
        """Begin the call of a start message, or raise `MediaJsonError`."""

    @abstractmethod
    def _events(self, event: str, fields: Mapping[str, Any]) -> list[LineEvent]:
        """Understand any other message, or raise `MediaJsonError`."""


def compact(fields: Mapping[str, Any]) -> str:
    """Return a message in JSON without blanks."""
    return json.dumps(fields, separators=(",", ":"))
