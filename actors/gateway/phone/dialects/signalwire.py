"""SignalWire's streams: Twilio's, with linear sound on request, and keys that can be pressed."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from actors.gateway.events import Message
from actors.gateway.phone.dialect import HangUp, LineTraits
from actors.gateway.phone.dialects.twilio import TwilioDialect


class SignalwireDialect(TwilioDialect):
    """A call over a stream that was begun by `<Connect><Stream>`."""

    name: ClassVar[str] = "signalwire"
    traits: ClassVar[LineTraits] = replace(
        TwilioDialect.traits, hang_up=HangUp.CLOSE, keys_out=True
    )

    def press(self, keys: str) -> list[Message]:
        """Press keys, a message each."""
        return [self._message("dtmf", {"digit": key}) for key in keys]
