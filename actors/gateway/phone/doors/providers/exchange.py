"""Exchanges of one's own, Asterisk and FreeSWITCH: name and password, or the address they have."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from actors.gateway.errors import CallerError
from actors.gateway.phone.doors.account_options import ExchangeAccount
from actors.gateway.phone.doors.call_notice import (
    CallNotice,
    NoticeKind,
    direction_named,
    texts_of,
)
from actors.gateway.phone.doors.call_program import DialStep, Step, StreamOffer, WebhookAnswer
from actors.gateway.phone.doors.proofs import unsigned, wrong_secret
from actors.gateway.phone.doors.providers.laml import OVER
from actors.gateway.phone.doors.signatures.shared_secret import basic_of, is_basic
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest

NUMBER = re.compile(r"[+0-9A-Za-z*#._-]{1,64}")
"""What goes into a dialplan: anything else could be a part of it."""


class ExchangeProvider:
    """An exchange of one's own.

    Its dialplan may ask for a call's socket as cloud providers do: with the fields `call_id`,
    `caller`, `called`, `direction`; the answer is the address of the socket, as text.

    Args:
        name: In the path.
        account: Its options.
        secret: Returns what the variable of an option holds.
    """

    def __init__(self, name: str, account: ExchangeAccount, secret: Callable[[str], str]) -> None:
        self.name = name
        self.networks = account.networks
        self.asks_next = account.asks_next
        self._account = account
        self._password = secret(account.password)

    @property
    def signs(self) -> str:
        """As of `CallProvider`."""
        return "password" if self._password else ""

    def prove(self, request: SignedRequest, now_s: float) -> str:
        """As of `CallProvider`; a request has nothing that it has only once."""
        del now_s
        if basic_of(request.headers) is None:
            raise unsigned("name and password")
        if not is_basic(request.headers, self._account.user, self._password):
            raise wrong_secret(f"phone.accounts.{self.name}.user and .password")
        return ""

    def notice(self, request: SignedRequest) -> CallNotice:
        """As of `CallProvider`."""
        said = texts_of(request.said)
        status = said.get("status", "")
        return CallNotice(
            NoticeKind.ENDED if status in OVER else NoticeKind.CHANGED,
            said.get("call_id", ""),
            said.get("caller", ""),
            said.get("called", ""),
            direction_named(said.get("direction", "")),
            status,
            said,
        )

    def stream(self, offer: StreamOffer) -> WebhookAnswer:
        """As of `CallProvider`."""
        return WebhookAnswer(offer.url)

    def program(self, steps: Sequence[Step]) -> WebhookAnswer:
        """As of `CallProvider`: the dialplan goes on, with a number if there is one to dial."""
        dial = next((each for each in steps if isinstance(each, DialStep)), None)
        return WebhookAnswer(status=403) if dial is None else WebhookAnswer(dialled(dial.number))


def dialled(number: str) -> str:
    """Return a number as a dialplan can dial it: without spaces.

    Raises:
        CallerError: it is none.
    """
    plain = "".join(number.split())
    if NUMBER.fullmatch(plain) is None:
        raise CallerError(
            f"{number!r} is no number or name of an extension: an exchange dials +, digits, "
            "letters, *, #, dots and dashes; give anything else an extension of its own"
        )
    return plain
