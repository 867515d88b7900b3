"""Messages made from the wire's own schema, with faults of every kind in them."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence
from typing import Any

from actors.backends.gemini.wire import Schema, schema
from actors.backends.gemini.wire.schema import Field, Shape

WORDS = (
    "",
    " ",
    "hello",
    "go forward ten meters",
    "what do you see?",
    "a" * 300,
    "\u00e9\u4e2d",
    "0",
)
NUMBERS = (0, 1, -1, 0.5, 2**31, -(2**63), 2**70, 1e308, "1", "1e999", "\u0661", 3.0)
ODD: tuple[Any, ...] = (
    None,
    True,
    "",
    "x",
    0,
    -1,
    1.5,
    2**70,
    [],
    [[]],
    {},
    {"a": 1},
    [None],
    [{}],
)
MIME_TYPES = (
    "audio/pcm",
    "audio/pcm;rate=16000",
    "image/jpeg",
    "video/mp4",
    "",
    "AUDIO/PCM;RATE=1",
)
DEEPEST = 5
FAULTY = 0.05


class MessageFuzz:
    """An endless source of messages; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._schema: Schema = schema()
        self._client = self._schema.messages["BidiGenerateContentClientMessage"]

    def chance(self, probability: float) -> bool:
        """Whether something happens that does with this probability."""
        return self._random.random() < probability

    def pick(self, among: Sequence[str]) -> str:
        """Any of them."""
        return self._random.choice(among)

    def sound(self, call_ids: list[str]) -> dict[str, Any]:
        """A message in which nothing is wrong; results are for one of the calls."""
        source = self._random
        text = source.choice(WORDS)
        pcm = source.randbytes(640) * source.choice((1, 20))
        blob = {"inlineData": self._blob(pcm)}
        part = source.choice(({"text": text}, [{"text": text}, {"text": "x"}], blob))
        turn = {"role": source.choice(("user", "user", "model")), "parts": part}
        result = (
            {
                "id": source.choice(call_ids),
                "name": "move",
                "response": source.choice(
                    ({}, {"ok": True}, {"error": "stuck"}, {"status": "half"})
                ),
                "willContinue": source.random() < 0.3,
                "scheduling": source.choice(("SILENT", "WHEN_IDLE", "INTERRUPT")),
            }
            if call_ids
            else None
        )
        return source.choice(
            (
                {"realtimeInput": {"text": text}},
                {"realtimeInput": {"audio": self._blob(pcm)}},
                {"realtimeInput": {"audioStreamEnd": True}},
                {"clientContent": {"turns": turn, "turnComplete": source.random() < 0.5}},
                {"toolResponse": {"functionResponses": result}},
            )
        )

    def _blob(self, data: bytes) -> dict[str, str]:
        return {"data": base64.b64encode(data).decode(), "mimeType": "audio/pcm;rate=16000"}

    def message(self, kind: str | None = None) -> Any:
        """A client message; of a kind, or of any."""
        source = self._random
        if source.random() < 0.02:
            return source.choice(ODD)
        field = self._client.fields[kind or source.choice(sorted(self._client.fields))]
        result = {self._name(field): self._field(field, DEEPEST)}
        if source.random() < 0.01:
            result[source.choice(sorted(self._client.fields))] = {}
        return result

    def setup(self) -> dict[str, Any]:
        """A setup that is most likely refused; half of them for the right reasons."""
        given = self.message("setup")
        content = next(iter(given.values()), None) if isinstance(given, dict) else None
        if isinstance(content, dict) and self._random.random() < 0.8:
            content["model"] = "models/gemini-3.8-live"
            if self._random.random() < 0.8:
                content.pop("generationConfig", None)
                content.pop("generation_config", None)
        return given if isinstance(given, dict) else {"setup": given}

    def _name(self, field: Field) -> str:
        return field.snake if self._random.random() < 0.2 else field.name

    def _field(self, field: Field, depth: int) -> Any:
        source = self._random
        if source.random() < FAULTY:
            return self._fault()
        if field.shape is Shape.MAP:
            return {source.choice(WORDS): self._value(field, depth) for _ in range(2)}
        if field.shape is Shape.MANY:
            items = [self._value(field, depth) for _ in range(source.choice((0, 1, 1, 2)))]
            return items[0] if items and source.random() < 0.2 else items
        return self._value(field, depth)

    def _fault(self) -> Any:
        source = self._random
        pick = source.random()
        if pick < 0.05:
            return "x" * source.randrange(100_000)
        if pick < 0.1:
            value: Any = {}
            for _ in range(source.randrange(1, 150)):
                value = {"a": value} if source.random() < 0.5 else [value]
            return value
        if pick < 0.12:
            return [source.choice(ODD)] * source.randrange(2_000)
        return source.choice(ODD)

    def _value(self, field: Field, depth: int) -> Any:
        source, kind = self._random, field.type
        if kind in self._schema.messages:
            fields = self._schema.messages[kind].fields
            if depth == 0 or not fields:
                return {}
            few = source.randrange(1, 4)
            chosen = [f for f in fields.values() if source.random() < few / len(fields)]
            result = {self._name(f): self._field(f, depth - 1) for f in chosen}
            if source.random() < 0.01:
                result["unheardOf"] = 1
            return result
        if kind in self._schema.enums:
            name = source.choice(self._schema.enums[kind])
            return source.choice((name, name, name.lower(), source.randrange(-1, 9), "X"))
        match kind:
            case "string":
                return source.choice(MIME_TYPES if field.name == "mimeType" else WORDS)
            case "bytes":
                data = source.randbytes(source.choice((0, 2, 3, 640)))
                return source.choice((base64.b64encode(data).decode(), "***"))
            case "bool":
                return source.choice((True, False, "true", 1))
            case "duration":
                return source.choice(("1s", "1.5s", "x", 3))
            case "Struct":
                return source.choice(({}, {"a": [1, {"b": None}]}, {"error": "no"}, "text", []))
            case "Value":
                return source.choice(ODD)
        return source.choice(NUMBERS)
