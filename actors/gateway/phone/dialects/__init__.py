"""How each provider speaks: one file each, and one line in the table."""

from __future__ import annotations

from collections.abc import Mapping

from actors.gateway.phone.dialect import PhoneDialect
from actors.gateway.phone.dialects.asterisk import AsteriskDialect
from actors.gateway.phone.dialects.exotel import ExotelDialect
from actors.gateway.phone.dialects.freeswitch import AudioForkDialect, AudioStreamDialect
from actors.gateway.phone.dialects.jambonz import JambonzDialect
from actors.gateway.phone.dialects.jambonz_clips import JambonzClipsDialect
from actors.gateway.phone.dialects.plivo import PlivoDialect
from actors.gateway.phone.dialects.signalwire import SignalwireDialect
from actors.gateway.phone.dialects.telnyx import TelnyxDialect
from actors.gateway.phone.dialects.twilio import TwilioDialect
from actors.gateway.phone.dialects.vonage import VonageDialect

_ALL: tuple[type[PhoneDialect], ...] = (
    TwilioDialect,
    SignalwireDialect,
    TelnyxDialect,
    PlivoDialect,
    ExotelDialect,
    VonageDialect,
    JambonzDialect,
    JambonzClipsDialect,
    AudioForkDialect,
    AudioStreamDialect,
    AsteriskDialect,
)
DIALECTS: Mapping[str, type[PhoneDialect]] = {dialect.name: dialect for dialect in _ALL}
"""Those that come by WebSocket, by the name in their path."""
