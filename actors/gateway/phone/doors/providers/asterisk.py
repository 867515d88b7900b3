"""Asterisk: its REST, ARI, starts calls and ends them; where they go on, its dialplan asks here.

https://docs.asterisk.org/Latest_API/API_Documentation/Asterisk_REST_Interface/Channels_REST_API/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from actors.gateway.errors import CallerError
from actors.gateway.phone.doors.account_options import AsteriskAccount
from actors.gateway.phone.doors.call_program import OutboundCall, RestRequest, Step
from actors.gateway.phone.doors.call_provider import RestAction
from actors.gateway.phone.doors.providers.exchange import ExchangeProvider, dialled
from actors.gateway.phone.doors.providers.twilio import basic_header


class AsteriskProvider(ExchangeProvider):
    """An Asterisk.

    ARI redirects only channels that an application of its own has; that of a call is in the
    dialplan. So a call is handed on by the dialplan, which asks once the media socket is closed.

    Args:
        account: Its options.
        secret: Returns what the variable of an option holds.
    """

    actions: ClassVar[frozenset[RestAction]] = frozenset({RestAction.START, RestAction.HANG_UP})

    def __init__(self, account: AsteriskAccount, secret: Callable[[str], str]) -> None:
        super().__init__("asterisk", account, secret)
        self.number = account.number
        self._ari = account
        self._ari_password = secret(account.ari_password)

    @property
    def missing(self) -> str:
        """As of `RestProvider`."""
        complete = self._ari.ari_user and self._ari_password and self._ari.dial
        return "" if complete else "ari_user, ari_password and dial"

    def start(self, call: OutboundCall) -> RestRequest:
        """As of `RestProvider`: once it is answered its channel goes to an extension."""
        ari = self._ari
        command = {
            "endpoint": ari.dial.replace("{number}", dialled(call.to)),
            "context": ari.context,
            "extension": ari.extension,
            "priority": 1,
            "callerId": dialled(call.from_number),
            "timeout": call.rings_s,
        }
        return self._request("POST", "", command)

    def started(self, answer: Mapping[str, Any]) -> str:
        """As of `RestProvider`."""
        return str(answer.get("id", ""))

    def hang_up(self, call_id: str) -> RestRequest:
        """As of `RestProvider`."""
        return self._request("DELETE", f"/{quote(call_id, safe='')}")

    def redirect(self, call_id: str, steps: Sequence[Step], url: str) -> RestRequest:
        """As of `RestProvider`: it cannot be asked for it."""
        raise CallerError(
            "ARI cannot hand on a call of the dialplan: let the dialplan ask, and set "
            "phone.accounts.asterisk.asks_next"
        )

    def _request(self, method: str, what: str, command: Any = None) -> RestRequest:
        return RestRequest(
            method,
            f"{self._ari.ari_url.rstrip('/')}/channels{what}",
            basic_header(self._ari.ari_user, self._ari_password),
            json_body=command,
        )
