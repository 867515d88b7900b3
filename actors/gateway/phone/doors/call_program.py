"""What a provider is told to do with a call, and what it is answered and asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class StreamOffer:
    """The call is ours: the provider is to open a media socket.

    Attributes:
        url: Of the socket, with the one-time token in its path.
        parameters: What its first message is to say again.
        status_url: For what becomes of the call; empty: nobody asks.
    """

    url: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    status_url: str = ""


@dataclass(frozen=True)
class SpokenStep:
    """Say a sentence with the provider's own voice."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class DialStep:
    """Hand the call on, with the number that calls if it has to be one of ours."""

    number: str
    caller_id: str = ""


@dataclass(frozen=True)
class HangUpStep:
    """End it."""


Step = SpokenStep | DialStep | HangUpStep


@dataclass(frozen=True)
class WebhookAnswer:
    """What a webhook is answered."""

    body: str = ""
    content_type: str = "text/plain"
    status: int = 200

    @classmethod
    def of_json(cls, value: Any) -> WebhookAnswer:
        """Return it in JSON."""
        return cls(json.dumps(value), "application/json")


@dataclass(frozen=True)
class RestRequest:
    """A request to a provider.

    Attributes:
        method: Of HTTP.
        url: Whole.
        headers: With the secret: neither logged nor told.
        form: Body as a form.
        json_body: Or in JSON.
        names: The name that a call which it starts has by it; empty: its answer says it.
        answers_in_text: `+OK ...` or `-ERR ...`, with status 200 for both.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = None
    json_body: Any = None
    names: str = ""
    answers_in_text: bool = False


@dataclass(frozen=True)
class OutboundCall:
    """A call to be started.

    Attributes:
        to: Number or address that is called.
        from_number: As which number.
        answer_url: Where the provider asks what is to happen once it is answered.
        status_url: Where it tells what becomes of it.
        machine_url: Where it tells whether a machine answered; empty: it is not asked to find out.
        rings_s: How long it may ring.
        name: That it is given where whoever starts it chooses its name.
    """

    to: str
    from_number: str
    answer_url: str
    status_url: str
    machine_url: str = ""
    rings_s: int = 45
    name: str = ""
