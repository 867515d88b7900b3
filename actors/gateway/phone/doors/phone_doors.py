"""All that decides on calls, put together."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actors.gateway.access.authenticator import Authenticator
from actors.gateway.phone.doors.businesses import Businesses
from actors.gateway.phone.doors.call_backs import CallBacks
from actors.gateway.phone.doors.call_control import ProviderControl
from actors.gateway.phone.doors.call_tokens import CallTokens
from actors.gateway.phone.doors.door import CallDoor
from actors.gateway.phone.doors.expected_calls import ExpectedCalls
from actors.gateway.phone.doors.known_calls import KnownCalls
from actors.gateway.phone.doors.outbound import Outbound
from actors.gateway.phone.doors.provider_client import ProviderClient
from actors.gateway.phone.doors.provider_table import ProviderTable, provider_table
from actors.gateway.phone.doors.webhooks import CallWebhooks, OnCallEnded
from actors.gateway.phone.options import PhoneOptions
from actors.gateway.readiness import Readiness
from pipeline.logs import Logger


@dataclass(frozen=True)
class PhoneDoors:
    """All that decides on calls.

    Attributes:
        door: Who may come in.
        control: What is asked of providers.
        webhooks: What becomes of what providers say.
        outbound: Starts calls.
        call_backs: Calls people back.
    """

    door: CallDoor
    control: ProviderControl
    webhooks: CallWebhooks
    outbound: Outbound
    call_backs: CallBacks


def make_doors(
    options: PhoneOptions,
    authenticator: Authenticator,
    secret: bytes,
    remembered: dict[str, dict[str, Any]],
    waiting: list[dict[str, Any]],
    on_ended: OnCallEnded,
    readiness: Readiness,
    log: Logger,
) -> PhoneDoors:
    """Return it.

    Args:
        options: Of telephones.
        authenticator: Who asks where no provider proves itself.
        secret: With which the gateway signs its tokens.
        remembered: Of tokens by an earlier process; kept up to date.
        waiting: Whom it was to call back; likewise.
        on_ended: Is told provider, call id and reason of each call that is over.
        readiness: Whether calls are taken now, and would be answered.
        log: Of the gateway.

    Raises:
        ConfigError: a variable that an option names is not set, or a key is none.
    """
    providers = provider_table(options.accounts)
    log.info("who may call", **_who_may_call(providers))
    records = KnownCalls(time.monotonic)
    door = CallDoor(
        options.public_url,
        providers,
        Businesses(options.businesses, options.default_business),
        CallTokens(secret, time.time, remembered),
        ExpectedCalls(time.monotonic),
        records,
        authenticator,
        time.time,
        log,
    )
    control = ProviderControl(providers, records, ProviderClient(), door.public, log)
    webhooks = CallWebhooks(door, control, options.refusal, on_ended, readiness.refusal, log)
    outbound = Outbound(door, control, options.outbound)
    call_backs = CallBacks(outbound, waiting, readiness.problem, log)
    control.on_call_back = call_backs.ask
    control.on_let_go = on_ended
    return PhoneDoors(door, control, webhooks, outbound, call_backs)


def _who_may_call(providers: ProviderTable) -> Mapping[str, str]:
    """Return by which option each provider proves its calls, for the log."""
    return {
        name: f"phone.accounts.{name}.{provider.signs}"
        for name, provider in providers.items()
        if provider.signs
    } or {"telephones": "this machine, and holders of a key: no provider is configured"}
