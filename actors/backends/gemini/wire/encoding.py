"""Key spelling, base64 alphabets, close reasons, sound."""

import base64
import binascii
import json
import re
from functools import lru_cache
from typing import Any

# What is below these keys belongs to the client or to a schema: its keys are data, not protocol.
OPAQUE_KEYS = frozenset(
    {
        "args",
        "labels",
        "parameters",
        "parametersJsonSchema",
        "response",
        "responseJsonSchema",
        "responseSchema",
    }
)
# RFC 6455, 5.5: a control frame holds 125 bytes, two of which are the close code.
MAX_REASON_BYTES = 123
# Not `isdigit`: that takes digits that are no number, and more of them than `int` does.
RATE_HZ = re.compile(r"[0-9]{1,9}")
_URL_SAFE_TO_STANDARD = str.maketrans("-_", "+/")


@lru_cache(maxsize=4096)
def camel_case(key: str) -> str:
    """`mime_type` becomes `mimeType`; a key that is in camel case already stays as it is."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), key)


@lru_cache(maxsize=4096)
def snake_case(name: str) -> str:
    """`generationConfig` becomes `generation_config`, as error paths spell it."""
    return re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), name)


def normalise(value: Any) -> Any:
    """The same JSON value with all protocol keys in camelCase."""
    if isinstance(value, dict):
        return {
            (name := camel_case(key)): item if name in OPAQUE_KEYS else normalise(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [normalise(item) for item in value]
    return value


def decode_base64(text: str) -> bytes:
    """Decodes both alphabets, padded or not. Raises ValueError for anything else."""
    if "-" in text or "_" in text:
        text = text.translate(_URL_SAFE_TO_STANDARD)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def encode_base64(data: bytes) -> str:
    """Encodes in the standard alphabet, as the service does."""
    return base64.b64encode(data).decode("ascii")


def sound_part(pcm: bytes, rate_hz: int) -> dict[str, Any]:
    """PCM16 mono as a part of a message."""
    data = {"mimeType": f"audio/pcm;rate={rate_hz}", "data": encode_base64(pcm)}
    return {"inlineData": data}


def model_turn(*parts: dict[str, Any]) -> dict[str, Any]:
    """A message of the Live service with a piece of an answer."""
    return {"serverContent": {"modelTurn": {"role": "model", "parts": list(parts)}}}


def encode_message(message: dict[str, Any]) -> bytes:
    """A server message as it goes into a binary frame."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def cut_reason(reason: str) -> str:
    """The part of a close reason that fits into a close frame."""
    return reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")


def mime_type_and_rate(mime_type: str) -> tuple[str, int | None]:
    """`audio/pcm;rate=16000` gives `("audio/pcm", 16000)`; without a valid rate it is None."""
    kind, *parameters = [part.strip() for part in mime_type.lower().split(";")]
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "rate" and RATE_HZ.fullmatch(value.strip()):
            return kind, int(value)
    return kind, None
