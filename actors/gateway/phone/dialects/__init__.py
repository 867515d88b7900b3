"""How each provider speaks: one file each, and one line in the table."""

from __future__ import annotations

from collections.abc import Mapping

from actors.gateway.phone.dialect import PhoneDialect
from actors.gateway.phone.dialects.signalwire import SignalwireDialect
from actors.gateway.phone.dialects.twilio import TwilioDialect

_ALL: tuple[type[PhoneDialect], ...] = (
    TwilioDialect,
    SignalwireDialect,
)
DIALECTS: Mapping[str, type[PhoneDialect]] = {dialect.name: dialect for dialect in _ALL}
"""Those that come by WebSocket, by the name in their path."""
