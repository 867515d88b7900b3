"""A call's context, from everybody who said something of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from actors.gateway.phone.context import CallContext, CallDirection
from actors.gateway.phone.dialect import CallStarted
from actors.gateway.phone.doors.businesses import Businesses
from actors.gateway.phone.doors.call_notice import direction_named
from actors.gateway.phone.doors.call_tokens import CallPass
from actors.gateway.phone.doors.expected_calls import ExpectedCall
from actors.gateway.phone.doors.known_calls import KnownCall


def context_of(
    businesses: Businesses,
    given: CallPass | None,
    expected: ExpectedCall | None,
    record: KnownCall | None,
    started: CallStarted,
) -> CallContext:
    """Return how a call is served: what was proven goes before what was announced, and that before
    what the socket says.

    Args:
        businesses: All of them.
        given: By the token of its socket.
        expected: By who announced it.
        record: By who ordered it, or by its webhook.
        started: By its first message.

    Raises:
        AccessDeniedError: it is for no business that is known.
    """
    said: Mapping[str, str] = given.said if given is not None else {}
    announced = expected or ExpectedCall()
    parameters = {**started.parameters, **announced.parameters}
    if record is not None:
        parameters |= record.parameters
    direction = (
        (given.direction if given is not None else None)
        or announced.direction
        or direction_named(parameters.get("direction", "") or started.direction)
    )
    caller = _first(said.get("caller"), announced.caller, started.caller, parameters, "caller")
    called = _first(said.get("called"), announced.called, started.called, parameters, "called")
    named = (
        (given.business if given is not None else "")
        or announced.business
        or ("" if given is not None else parameters.get("business", ""))
    )
    ours = caller if direction is CallDirection.OUTBOUND else called
    context = businesses.context(
        businesses.find(named, ours),
        direction=direction,
        caller=caller,
        called=called,
        parameters=parameters,
    )
    if record is not None and record.manner:
        context = replace(context, **record.manner)
    return context


def _first(
    proven: str | None, announced: str, started: str, parameters: Mapping[str, str], name: str
) -> str:
    return proven or announced or started or parameters.get(name, "")
