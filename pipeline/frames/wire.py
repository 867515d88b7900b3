"""Frames to bytes and back: one msgpack map a frame; a frame within a frame has no tag."""

from __future__ import annotations

from typing import Any, NoReturn

import msgpack
from pydantic import BaseModel, ValidationError

from pipeline.errors import UnsendableError, WireError
from pipeline.frames import FRAME_TYPES, SCHEMA_VERSION, Frame
from pipeline.frames.plain import construct
from pipeline.frames.values import whole_text

MAX_FRAME_BYTES = 8 * 1024 * 1024
"""Largest frame taken from a socket: 40 times a 768x768 JPEG at best quality (200 KB)."""


def _plain(value: object) -> dict[str, Any]:
    if isinstance(value, BaseModel):
        return value.__dict__
    raise TypeError(f"a {type(value).__name__} cannot travel in a frame")


def encode(frame: Frame, *, seq: int, boot: int, sent_ns: int) -> bytes:
    """Return the frame as msgpack, its header completed; `origin_ns` 0 becomes `sent_ns`.

    Half a surrogate pair, which JSON can hold and UTF-8 cannot, is sent as U+FFFD.

    Raises:
        WireError: it names no session.
        UnsendableError: a field holds what msgpack has no form for, such as an integer above 64
            bits, or the frame is larger than any that is taken.
    """
    if not frame.session:
        raise WireError(f"{frame.type_name} cannot be sent: it names no session")
    fields = {"v": SCHEMA_VERSION, "type": frame.type_name, **frame.__dict__}
    fields["seq"] = seq
    fields["boot"] = boot
    fields["sent_ns"] = sent_ns
    fields["origin_ns"] = frame.origin_ns or sent_ns
    try:
        packed = _packed(fields)
    except (OverflowError, TypeError, ValueError, RecursionError) as error:
        raise UnsendableError(f"{frame.type_name} cannot be sent: {error}") from error
    if len(packed) > MAX_FRAME_BYTES:
        size = f"{len(packed)} bytes, more than {MAX_FRAME_BYTES}"
        raise UnsendableError(f"{frame.type_name} cannot be sent: {size}")
    return packed


def _packed(fields: dict[str, Any]) -> bytes:
    try:
        packed: bytes = msgpack.packb(fields, default=_plain)
    except UnicodeEncodeError:
        packed = msgpack.packb(whole_text(fields), default=_with_whole_text)
    return packed


def _with_whole_text(value: object) -> Any:
    return whole_text(_plain(value))


def decode(payload: bytes) -> Frame:
    """Return the frame in `payload`.

    Raises:
        WireError: it is no msgpack map, of another schema version, of an unknown type, or its
            fields do not fit; the message says which.
    """
    try:
        # A time becomes a number; other extensions are of somebody else's making.
        fields = msgpack.unpackb(payload, timestamp=1, ext_hook=_no_extension)
    except (ValueError, msgpack.UnpackException) as error:
        raise WireError(f"not msgpack: {error}") from error
    if not isinstance(fields, dict):
        raise WireError(f"not a msgpack map but a {type(fields).__name__}")
    version = fields.pop("v", None)
    if version != SCHEMA_VERSION:
        raise WireError(f"schema version {version!r}, this side speaks {SCHEMA_VERSION}")
    name = fields.pop("type", None)
    frame_type = FRAME_TYPES.get(name) if isinstance(name, str) else None
    if frame_type is None:
        raise WireError(f"unknown frame type {name!r}")
    if not fields.get("session"):
        raise WireError(f"{name}: session: names none")
    try:
        return construct(frame_type, fields) or frame_type.model_validate(fields)
    except (ValidationError, TypeError) as error:
        raise WireError(f"{name}: {_first_problem(error)}") from error


def _no_extension(code: int, _data: bytes) -> NoReturn:
    raise ValueError(f"an extension of type {code}")


def _first_problem(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    return f"{path}: {first['msg']}"
