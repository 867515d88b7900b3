"""FreeSWITCH: commands of its console by HTTP, as its module `mod_xml_rpc` takes them.

https://developer.signalwire.com/freeswitch/FreeSWITCH-Explained/Modules/mod_xml_rpc_1048928
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from actors.gateway.errors import CallerError
from actors.gateway.phone.doors.account_options import FreeswitchAccount
from actors.gateway.phone.doors.call_program import DialStep, OutboundCall, RestRequest, Step
from actors.gateway.phone.doors.call_provider import EVERY_ACTION, RestAction
from actors.gateway.phone.doors.providers.exchange import ExchangeProvider, dialled
from actors.gateway.phone.doors.providers.twilio import basic_header

UUID = re.compile(r"[0-9A-Za-z-]{1,64}")
"""Anything else would be a command of its own."""


class FreeswitchProvider(ExchangeProvider):
    """A FreeSWITCH.

    Args:
        name: In the path: which of its modules brings the sound.
        account: Its options.
        secret: Returns what the variable of an option holds.
    """

    actions: ClassVar[frozenset[RestAction]] = EVERY_ACTION

    def __init__(self, name: str, account: FreeswitchAccount, secret: Callable[[str], str]) -> None:
        super().__init__(name, account, secret)
        self.number = account.number
        self._api = account
        self._api_password = secret(account.api_password)

    @property
    def missing(self) -> str:
        """As of `RestProvider`."""
        complete = self._api.api_user and self._api_password and self._api.dial
        return "" if complete else "api_user, api_password and dial"

    def start(self, call: OutboundCall) -> RestRequest:
        """As of `RestProvider`: once it is answered it goes to an extension.

        The command is carried out beside the request, as it lasts for as long as it rings.
        """
        variables = {
            "origination_uuid": call.name,
            "origination_caller_id_number": dialled(call.from_number),
            "originate_timeout": call.rings_s,
            "ignore_early_media": "true",
        }
        told = ",".join(f"{name}={value}" for name, value in variables.items())
        goes_to = f"{self._api.extension} XML {self._api.context}"
        originate = f"originate {{{told}}}{self._line(call.to)} {goes_to}"
        return self._command("bgapi", originate, names=call.name)

    def started(self, answer: Mapping[str, Any]) -> str:
        """As of `RestProvider`: the request names it."""
        del answer
        return ""

    def hang_up(self, call_id: str) -> RestRequest:
        """As of `RestProvider`."""
        return self._command("uuid_kill", _uuid(call_id))

    def redirect(self, call_id: str, steps: Sequence[Step], url: str) -> RestRequest:
        """As of `RestProvider`; it has no voice of its own for a sentence."""
        del url
        dial = next((each for each in steps if isinstance(each, DialStep)), None)
        if dial is None:
            return self.hang_up(call_id)
        does = f"bridge:{self._line(dial.number)}"
        if dial.caller_id:
            does = f"set:effective_caller_id_number={dialled(dial.caller_id)},{does}"
        return self._command("uuid_transfer", f"{_uuid(call_id)} {does} inline")

    def _line(self, number: str) -> str:
        return self._api.dial.replace("{number}", dialled(number))

    def _command(self, command: str, arguments: str, names: str = "") -> RestRequest:
        return RestRequest(
            "GET",
            f"{self._api.api_url.rstrip('/')}/txtapi/{command}?{quote(arguments)}",
            basic_header(self._api.api_user, self._api_password),
            names=names,
            answers_in_text=True,
        )


def _uuid(call_id: str) -> str:
    if UUID.fullmatch(call_id) is None:
        raise CallerError(
            'FreeSWITCH did not say which call this is: put {"uuid": "${uuid}"} into the metadata '
            "of the media socket"
        )
    return call_id
