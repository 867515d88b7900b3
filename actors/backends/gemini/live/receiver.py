"""Reads a Live connection, and passes over what is from the future."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError

from actors.backends.gemini.close_reason import (
    ODD_FRAMES,
    ConnectionOverError,
    close_reason_of,
    http_close_reason,
    network_errors,
)
from actors.backends.gemini.faults import CloseReason, FaultSource
from actors.backends.gemini.live.events import events_of
from actors.backends.gemini.live.last_frame import LastFrame
from actors.backends.gemini.live.sound_message import sound_events
from actors.backends.realtime.events import Event

if TYPE_CHECKING:
    from google.genai import types
    from google.genai.live import AsyncSession


async def receive(
    session: AsyncSession, on_event: Callable[[Event], None], counters: Counter[str]
) -> None:
    """Hand on what the service says, until cancelled.

    Raises:
        ConnectionOverError: the connection ended, or what came is no message.
    """
    last = LastFrame(session._ws)
    # google-genai reads from this attribute; there is no other way to see a frame as it came.
    session._ws = last  # type: ignore[assignment]
    messages = _messages(session)
    try:
        while True:
            try:
                events = sound_events(await last.wait())
                if events is None:
                    message = await anext(messages)
            except StopAsyncIteration:
                # google-genai ends the iteration at each turnComplete.
                messages = _messages(session)
                continue
            except network_errors() as error:
                raise ConnectionOverError(close_reason_of(error)) from error
            except ODD_FRAMES as error:
                if not last.mend():
                    _check(error, last)
                    counters["unknown_frames"] += 1
                messages = _messages(session)
                continue
            if events is None:
                events = events_of(message)
            else:
                last.take()
            for event in events:
                on_event(event)
    finally:
        await messages.aclose()


def _messages(session: AsyncSession) -> AsyncGenerator[types.LiveServerMessage]:
    # It is a generator, which google-genai does not say: one that is left in the middle is closed.
    return cast("AsyncGenerator[types.LiveServerMessage]", session.receive())


def odd(reason: str) -> CloseReason:
    """Return how a connection ended on which came what nobody understands."""
    return CloseReason(FaultSource.LOCAL, None, reason)


def _check(error: Exception, last: LastFrame) -> None:
    """Return if the frame can be passed over: a field from the future."""
    unparsed = last.parsed() if isinstance(error, TypeError) else None
    if unparsed is not None and "error" in unparsed:
        raise ConnectionOverError(
            http_close_reason(None, unparsed, "an error without a message")
        ) from error
    if unparsed is None and not isinstance(error, ValidationError):
        raise ConnectionOverError(odd("a frame is no JSON message")) from error
