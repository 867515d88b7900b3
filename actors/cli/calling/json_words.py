"""Reading messages of JSON as strictly as providers do."""

from __future__ import annotations

import base64
import binascii
import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from actors.cli.calling.line_form import LineForm
from actors.cli.calling.orders import Order, PlaySound, WrongMessageError
from actors.cli.calling.provider_words import ProviderWords, Words

HEADERS = {b"RIFF": "WAV", b"ID3": "MP3", b"OggS": "Ogg", b"fLaC": "FLAC", b".snd": "AU"}
"""With which sound files begin, and no sound of a line."""


def read_object(message: Words) -> dict[str, Any]:
    """Return the object of a text message.

    Raises:
        WrongMessageError: it is another kind of message.
    """
    if isinstance(message, bytes):
        raise WrongMessageError(f"a binary message of {len(message)} bytes: messages are JSON text")
    try:
        read = json.loads(message)
    except ValueError as error:
        raise WrongMessageError(f"no JSON ({error}): {message[:80]!r}") from None
    if not isinstance(read, dict):
        raise WrongMessageError(f"no JSON object: {message[:80]!r}")
    return read


def text_at(read: Mapping[str, Any], *path: str) -> str:
    """Return the text at a path of a message.

    Raises:
        WrongMessageError: there is none, or it is empty.
    """
    value: Any = read
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(value, str) or not value:
        raise WrongMessageError(f"{'.'.join(path)} is {value!r}: it is a text that is not empty")
    return value


def require(read: Mapping[str, Any], name: str, wanted: str) -> None:
    """Return if a field has the value it must have.

    Raises:
        WrongMessageError: it has another.
    """
    value = read.get(name)
    if value != wanted:
        raise WrongMessageError(f"{name} is {value!r}: this call's is {wanted!r}")


def sound_at(read: Mapping[str, Any], *path: str) -> bytes:
    """Return the bytes of sound that a message carries in base64.

    Raises:
        WrongMessageError: they are none, or a sound file.
    """
    written = text_at(read, *path)
    try:
        payload = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise WrongMessageError(f"{'.'.join(path)} is no base64: {error}") from None
    require_bare(payload)
    return payload


def require_bare(payload: bytes) -> None:
    """Return if sound is not a file.

    Raises:
        WrongMessageError: it has the header of one.
    """
    for header, kind in HEADERS.items():
        if payload.startswith(header):
            raise WrongMessageError(
                f"the sound begins with the header of a {kind} file, heard as a click: "
                "send the samples alone"
            )


def played(form: LineForm, payload: bytes) -> list[Order]:
    """Return what is played of a payload.

    Raises:
        WrongMessageError: it is empty, or ends within a sample.
    """
    if not payload:
        raise WrongMessageError("a message of sound without sound")
    if len(payload) % form.sample_bytes:
        raise WrongMessageError(f"{len(payload)} bytes end within a sample")
    return [PlaySound(form.decode(payload))]


def written(value: Mapping[str, Any]) -> str:
    """Return a message as text."""
    return json.dumps(value)


def in_base64(payload: bytes) -> str:
    """Return bytes as a message carries them."""
    return base64.b64encode(payload).decode()


class JsonWords(ProviderWords):
    """A provider whose messages are objects of JSON, each with its `event`."""

    def _read(self, message: Words) -> list[Order]:
        read = read_object(message)
        event = read.get("event")
        orders = self._orders(str(event), read)
        if orders is None:
            raise WrongMessageError(f"the event {event!r} means nothing to {self.name}")
        return orders

    @abstractmethod
    def _orders(self, event: str, read: Mapping[str, Any]) -> list[Order] | None:
        """Return what an event orders; None: there is no such event.

        Raises:
            WrongMessageError: it is not as the provider wants it.
        """
