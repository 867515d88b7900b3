"""All that decides on calls, put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
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
from actors.gateway.phone.doors.provider_table import ProviderTable
from actors.gateway.phone.doors.webhooks import CallWebhooks, OnCallEnded
from actors.gateway.phone.options import PhoneOptions
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
    providers: ProviderTable,
    authenticator: Authenticator,
    secret: bytes,
    remembered: dict[str, dict[str, Any]],
    waiting: list[dict[str, Any]],
    on_ended: OnCallEnded,
    why_not: Callable[[], str],
    problem: Callable[[], str],
    log: Logger,
    client: ProviderClient | None = None,
) -> PhoneDoors:
    """Return it.

    Args:
        options: Of telephones.
        providers: All of them, by name.
        authenticator: Who asks where no provider proves itself.
        secret: With which the gateway signs its tokens.
        remembered: Of tokens by an earlier process; kept up to date.
        waiting: Whom it was to call back; likewise.
        on_ended: Is told provider, call id and reason of each call that is over.
        why_not: Returns why nobody new is served just now; empty: they are.
        problem: Returns why nobody would be answered now; empty if they would be.
        log: Of the gateway.
        client: Asks providers by HTTP; None: a new one.
    """
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
    control = ProviderControl(providers, records, client or ProviderClient(), door.public, log)
    webhooks = CallWebhooks(door, control, options.refusal, on_ended, why_not, log)
    outbound = Outbound(door, control, options.outbound)
    call_backs = CallBacks(outbound, waiting, problem, log)
    control.on_call_back = call_backs.ask
    return PhoneDoors(door, control, webhooks, outbound, call_backs)


def who_may_call(providers: ProviderTable) -> Mapping[str, str]:
    """Return by which option each provider proves its calls, for the log."""
    return {
        name: f"phone.accounts.{name}.{provider.signs}"
        for name, provider in providers.items()
        if provider.signs
    } or {"telephones": "this machine, and holders of a key: no provider is configured"}
