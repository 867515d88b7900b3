"""What the request that began a stream of Telnyx gave the call."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from actors.gateway.phone.dialects.media_json import (
    MediaJsonError,
    all_texts,
    clean,
    parsed,
    text,
    texts,
)


def telnyx_parameters(start: Mapping[str, Any]) -> dict[str, str]:
    """Return `custom_parameters`, and `client_state` as text and, if it is JSON, its fields."""
    state = decoded(text(start, "client_state"))
    if not state:
        return custom(start)
    try:
        fields = all_texts(parsed(state))
    except MediaJsonError:
        fields = {}
    return {**fields, "client_state": state, **custom(start)}


def custom(start: Mapping[str, Any]) -> dict[str, str]:
    """Return `custom_parameters`; a list of name and value is how the request has them."""
    found = start.get("custom_parameters")
    if not isinstance(found, list):
        return texts(start, "custom_parameters")
    pairs = [each for each in found if isinstance(each, Mapping) and text(each, "name")]
    return {text(each, "name"): text(each, "value") for each in pairs}


def decoded(state: str) -> str:
    """Return `client_state`, which is text in base64; as it is if it is none."""
    try:
        return clean(base64.b64decode(state, validate=True).decode())
    except (binascii.Error, ValueError):
        return state
