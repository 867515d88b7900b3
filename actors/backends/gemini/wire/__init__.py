"""The JSON of the Gemini wire protocol, for all that speak it themselves.

`encoding` spells keys, bytes and close reasons; `schema` knows the fields of every message; `read`
takes a message as Google's parser does, and refuses it in Google's words; `functions` checks what
the parser lets through and the service does not. What is of HTTP only is imported from where it
is: `auth_tokens`, `contents`, `generation_config`, `http_error`, `media`, `routes`, `stream_form`,
`text_limit`, `tokens`.
"""

from actors.backends.gemini.wire.encoding import (
    camel_case,
    cut_reason,
    decode_base64,
    encode_base64,
    encode_message,
    mime_type_and_rate,
    model_turn,
    normalise,
    snake_case,
    sound_part,
)
from actors.backends.gemini.wire.functions import check_functions
from actors.backends.gemini.wire.invalid import (
    INVALID_ARGUMENT,
    Invalid,
    Violation,
    invalid,
    invalid_value,
    unknown_name,
    violation,
)
from actors.backends.gemini.wire.json_text import parse_json
from actors.backends.gemini.wire.reader import read
from actors.backends.gemini.wire.schema import Schema, schema

__all__ = [
    "INVALID_ARGUMENT",
    "Invalid",
    "Schema",
    "Violation",
    "camel_case",
    "check_functions",
    "cut_reason",
    "decode_base64",
    "encode_base64",
    "encode_message",
    "invalid",
    "invalid_value",
    "mime_type_and_rate",
    "model_turn",
    "normalise",
    "parse_json",
    "read",
    "schema",
    "snake_case",
    "sound_part",
    "unknown_name",
    "violation",
]
