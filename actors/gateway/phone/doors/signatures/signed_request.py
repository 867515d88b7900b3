"""A request of a provider, with what its signature is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class SignedRequest:
    """A webhook, or the handshake of a media socket.

    Attributes:
        method: `GET` of a handshake.
        url: Under which the provider asked for it: the configured public URL with the path and the
            query as they came. Never made of the header `Host`, which anybody may write.
        headers: Names in lower case.
        body: As it came.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """Parameters of the body; none if it is of another form."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != FORM:
            return []
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """Parameters of the address."""
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    @cached_property
    def said(self) -> dict[str, Any]:
        """All that it says by name: of the address, of a form, or of an object in JSON."""
        said: dict[str, Any] = {**dict(self.query), **dict(self.form)}
        if self.body and not self.form:
            try:
                read = json.loads(self.body)
            except (ValueError, RecursionError):
                return said
            if isinstance(read, dict):
                said |= read
        return said
