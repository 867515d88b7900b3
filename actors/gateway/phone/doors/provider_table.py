"""The providers by whom calls may come, with their secrets read from the environment."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping

from actors.gateway.errors import CallerError
from actors.gateway.phone.doors.account_options import AccountsOptions
from actors.gateway.phone.doors.call_provider import CallProvider, RestProvider
from actors.gateway.phone.doors.providers.asterisk import AsteriskProvider
from actors.gateway.phone.doors.providers.exchange import ExchangeProvider
from actors.gateway.phone.doors.providers.exotel import ExotelProvider
from actors.gateway.phone.doors.providers.freeswitch import FreeswitchProvider
from actors.gateway.phone.doors.providers.jambonz import JambonzClipsProvider, JambonzProvider
from actors.gateway.phone.doors.providers.plivo import PlivoProvider
from actors.gateway.phone.doors.providers.signalwire import SignalwireProvider
from actors.gateway.phone.doors.providers.telnyx import TelnyxProvider
from actors.gateway.phone.doors.providers.twilio import TwilioProvider
from actors.gateway.phone.doors.providers.vonage import VonageProvider, application_jwt
from pipeline.errors import ConfigError
from pipeline.logs import add_secret

ProviderTable = Mapping[str, CallProvider]


def provider_table(
    accounts: AccountsOptions, environment: Mapping[str, str] = os.environ
) -> dict[str, CallProvider]:
    """Return all providers by name.

    Raises:
        ConfigError: a variable that an option names is not set, or a key is none.
    """

    def secret(option: str) -> str:
        return secret_of(option, environment)

    try:
        providers: list[CallProvider] = [
            TwilioProvider(accounts.twilio, secret),
            SignalwireProvider(accounts.signalwire, secret),
            TelnyxProvider(accounts.telnyx, secret),
            PlivoProvider(accounts.plivo, secret),
            VonageProvider(accounts.vonage, secret, vonage_bearer),
            JambonzProvider(accounts.jambonz, secret),
            JambonzClipsProvider(accounts.jambonz, secret),
            ExotelProvider(accounts.exotel, secret),
            AsteriskProvider(accounts.asterisk, secret),
            ExchangeProvider("audiosocket", accounts.audiosocket, secret),
            FreeswitchProvider("mod_audio_fork", accounts.mod_audio_fork, secret),
            FreeswitchProvider("mod_audio_stream", accounts.mod_audio_stream, secret),
        ]
    except ValueError as error:
        raise ConfigError(f"phone.accounts: {error}") from None
    return {each.name: each for each in providers}


def secret_of(option: str, environment: Mapping[str, str]) -> str:
    """Return what the variable of an option holds, and never let it be seen in a log.

    Args:
        option: `$NAME`; empty: there is none.
        environment: Where variables are.

    Raises:
        ConfigError: it is not set.
    """
    if not option:
        return ""
    value = environment.get(option[1:], "").strip()
    if not value:
        raise ConfigError(f"phone.accounts: the variable {option[1:]} is not set, or is empty")
    add_secret(value)
    return value


def vonage_bearer(application_id: str, private_key: str) -> str:
    """Return a token of a Vonage application for one request.

    Raises:
        CallerError: the private key is none.
    """
    try:
        return application_jwt(application_id, private_key, int(time.time()), secrets.token_hex(16))
    except (ValueError, TypeError) as error:  # `TypeError`: it has a password.
        raise CallerError(f"phone.accounts.vonage.private_key: {error}") from None


def rest_of(providers: ProviderTable, name: str) -> RestProvider | None:
    """Return a provider that can be asked by HTTP; None if this one cannot."""
    provider = providers.get(name)
    return provider if provider is not None and hasattr(provider, "actions") else None  # type: ignore[return-value]
