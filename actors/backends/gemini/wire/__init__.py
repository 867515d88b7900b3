"""The JSON of the Gemini wire protocol, for all that speak it themselves.

`encoding` spells keys, bytes and close reasons; `schema` knows the fields of every message; `read`
takes a message as Google's parser does, and refuses it in Google's words; `functions` and
`contents` check what the parser lets through and the service does not.
"""

from .encoding import (
    MAX_REASON_BYTES,
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
from .functions import check_functions
from .invalid import Invalid, Violation
from .json_text import parse_json
from .reader import read
from .schema import Schema, schema

__all__ = [
    "MAX_REASON_BYTES",
    "Invalid",
    "Schema",
    "Violation",
    "camel_case",
    "check_functions",
    "cut_reason",
    "decode_base64",
    "encode_base64",
    "encode_message",
    "mime_type_and_rate",
    "model_turn",
    "normalise",
    "parse_json",
    "read",
    "schema",
    "snake_case",
    "sound_part",
]
